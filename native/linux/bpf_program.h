// Instructions of BPF, put together by hand: the few that our programs want, and labels to jump to.
// What is wrong is refused by Build, or by the kernel's verifier. The instruction set:
// Documentation/bpf/standardization/instruction-set.rst of the kernel.
#ifndef FRESHET_LINUX_BPF_PROGRAM_H_
#define FRESHET_LINUX_BPF_PROGRAM_H_

#include <linux/bpf.h>

#include <optional>
#include <vector>

#include "record.h"

namespace freshet {

// r0 is a call's answer and the program's, r1 to r5 are a call's arguments and lost with it, r6 to
// r9 are kept, kFrame points behind the 512 bytes of stack.
enum class Reg : u8 { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, kFrame };

class BpfProgram {
 public:
  enum class Label : u32 {};
  // Comparisons, unsigned, of 64 bits or, with 32 in their name, of the lower half.
  enum class If : u8 {
    kEqual = BPF_JEQ,
    kNotEqual = BPF_JNE,
    kAbove = BPF_JGT,
    kAtLeast = BPF_JGE,
    kBelow = BPF_JLT,
    kAnySet = BPF_JSET,
    kSignedAtMost = BPF_JSLE
  };

  void Move(Reg to, Reg from) { Add(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0); }
  void Move(Reg to, int value) { Add(BPF_ALU64 | BPF_MOV | BPF_K, to, Reg::r0, 0, value); }
  // The lower half, the upper one cleared.
  void Move32(Reg to, Reg from) { Add(BPF_ALU | BPF_MOV | BPF_X, to, from, 0, 0); }
  // `operation`: BPF_ADD, BPF_SUB, BPF_AND, BPF_OR, BPF_LSH, BPF_RSH.
  void Do(u8 operation, Reg to, Reg from) { Add(BPF_ALU64 | operation | BPF_X, to, from, 0, 0); }
  void Do(u8 operation, Reg to, int value) {
    Add(BPF_ALU64 | operation | BPF_K, to, Reg::r0, 0, value);
  }
  void Do32(u8 operation, Reg to, Reg from) { Add(BPF_ALU | operation | BPF_X, to, from, 0, 0); }

  // Of 1, 2, 4 or 8 bytes.
  void Load(u32 size, Reg to, Reg base, int offset) {
    Add(BPF_LDX | BPF_MEM | Width(size), to, base, Offset(offset), 0);
  }
  void Store(u32 size, Reg base, int offset, Reg from) {
    Add(BPF_STX | BPF_MEM | Width(size), base, from, Offset(offset), 0);
  }
  void StoreValue(u32 size, Reg base, int offset, int value) {
    Add(BPF_ST | BPF_MEM | Width(size), base, Reg::r0, Offset(offset), value);
  }
  // 8 bytes in memory += from, at once.
  void AddTo(Reg base, int offset, Reg from) {
    Add(BPF_STX | BPF_ATOMIC | BPF_DW, base, from, Offset(offset), BPF_ADD);
  }

  void LoadMap(Reg to, int map) { AddWide(to, BPF_PSEUDO_MAP_FD, static_cast<u32>(map), 0); }
  // The address of the first element of an array map.
  void LoadMapValue(Reg to, int map) {
    AddWide(to, BPF_PSEUDO_MAP_VALUE, static_cast<u32>(map), 0);
  }
  void LoadWide(Reg to, u64 value) {
    AddWide(to, 0, static_cast<u32>(value), static_cast<u32>(value >> 32));
  }

  void Call(bpf_func_id helper) { Add(BPF_JMP | BPF_CALL, Reg::r0, Reg::r0, 0, helper); }
  void Exit() { Add(BPF_JMP | BPF_EXIT, Reg::r0, Reg::r0, 0, 0); }

  Label NewLabel() {
    labels_.push_back(kNowhere);
    return static_cast<Label>(labels_.size() - 1);
  }
  void Bind(Label label) { labels_[static_cast<u32>(label)] = code_.size(); }
  void Jump(Label to) { AddJump(BPF_JMP | BPF_JA, Reg::r0, Reg::r0, 0, to); }
  void JumpIf(If is, Reg left, int right, Label to) {
    AddJump(BPF_JMP | static_cast<u8>(is) | BPF_K, left, Reg::r0, right, to);
  }
  void JumpIf(If is, Reg left, Reg right, Label to) {
    AddJump(BPF_JMP | static_cast<u8>(is) | BPF_X, left, right, 0, to);
  }
  void JumpIf32(If is, Reg left, int right, Label to) {
    AddJump(BPF_JMP32 | static_cast<u8>(is) | BPF_K, left, Reg::r0, right, to);
  }

  // Nothing when a width or an offset is none, or a label is nowhere or too far.
  std::optional<std::vector<bpf_insn>> Build() const {
    std::vector<bpf_insn> built = code_;
    for (const auto& [at, label] : jumps_) {
      const size_t to = labels_[static_cast<u32>(label)];
      const int64_t distance = static_cast<int64_t>(to) - static_cast<int64_t>(at) - 1;
      if (to == kNowhere || distance > 0x7fff || distance < -0x8000) return std::nullopt;
      built[at].off = static_cast<int16_t>(distance);
    }
    if (is_wrong_) return std::nullopt;
    return built;
  }

 private:
  static constexpr size_t kNowhere = ~size_t{0};

  void Add(int code, Reg to, Reg from, int16_t offset, int value) {
    bpf_insn one{};
    one.code = static_cast<u8>(code);
    one.dst_reg = static_cast<u8>(to) & 0xf;
    one.src_reg = static_cast<u8>(from) & 0xf;
    one.off = offset;
    one.imm = value;
    code_.push_back(one);
  }
  void AddWide(Reg to, u8 what, u32 low, u32 high) {
    Add(BPF_LD | BPF_IMM | BPF_DW, to, static_cast<Reg>(what), 0, static_cast<int>(low));
    Add(0, Reg::r0, Reg::r0, 0, static_cast<int>(high));
  }
  void AddJump(int code, Reg left, Reg right, int value, Label to) {
    jumps_.emplace_back(code_.size(), to);
    Add(code, left, right, 0, value);
  }
  u8 Width(u32 size) {
    switch (size) {
      case 1:
        return BPF_B;
      case 2:
        return BPF_H;
      case 4:
        return BPF_W;
      case 8:
        return BPF_DW;
      default:
        is_wrong_ = true;
        return 0;
    }
  }
  int16_t Offset(int offset) {
    if (offset > 0x7fff || offset < -0x8000) is_wrong_ = true;
    return static_cast<int16_t>(offset);
  }

  std::vector<bpf_insn> code_;
  std::vector<size_t> labels_;
  std::vector<std::pair<size_t, Label>> jumps_;
  bool is_wrong_ = false;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_BPF_PROGRAM_H_
