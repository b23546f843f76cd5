// What our programs in the kernel are put together with: members of the kernel's structures by
// name, and the parts that they share. A program's own instructions are in its own file; what each
// is for says kernel_programs.h.
#ifndef FRESHET_LINUX_PROGRAM_MAKER_H_
#define FRESHET_LINUX_PROGRAM_MAKER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "linux/bpf_program.h"
#include "linux/btf_types.h"
#include "linux/kernel_layout.h"

namespace freshet {

// Descriptors of the maps that programs write to: the caller's, open until they are loaded.
struct KernelMaps {
  int ring;
  u32 ring_bytes;
  int counters;  // KernelCounters, the one element of an array
  int writers;   // Writer by the socket's cookie
  int sums;      // SenderSum by SenderKey
};

struct MadeProgram {
  std::optional<std::vector<bpf_insn>> code;  // nothing when it is malformed
  // STRUCTURE.MEMBER that the kernel's types have not, or not of that size: then `code` is not to
  // be loaded.
  std::string missing;
};

// One for each tracepoint, for the offsets of these types.
MadeProgram MakeCloseProgram(const Btf& btf, const KernelMaps& maps);  // inet_sock_set_state
MadeProgram MakePlainCloseProgram(const Btf& btf,
                                  const KernelMaps& maps);            // the same without MPTCP
MadeProgram MakeSendProgram(const Btf& btf, const KernelMaps& maps);  // sock_send_length
MadeProgram MakeExecProgram(const Btf& btf, const KernelMaps& maps);  // sched_process_exec
// For the walk through tasks: writes a RunningAnswer.
MadeProgram MakeRunningProgram(const Btf& btf, const KernelMaps& maps);

// Each method adds instructions. By agreement r7 is the socket and r9 the event of the ring.
class ProgramMaker {
 public:
  ProgramMaker(const Btf& btf, const KernelMaps& maps) : btf_(btf), maps_(maps) {}

  MadeProgram Made() const { return {code_.Build(), missing_}; }

 protected:
  using If = BpfProgram::If;
  using Label = BpfProgram::Label;
  using enum Reg;

  // Places on the stack.
  static constexpr int kCookieAt = -32;
  static constexpr int kValueAt = -88;  // of a map: Writer, or SenderSum

  // Its offset; 0, and counted as missing, where there is none of that size.
  u32 Member(const char* structure, const char* path, u32 size);
  void LoadMember(Reg to, Reg base, const char* structure, const char* path, u32 size);
  // From a kernel's structure into the event, through r1.
  void Copy(const char* structure, const char* path, Reg base, size_t to, u32 size);

  // Eight bytes of the kernel's memory, from r3 and `offset` on, to where r1 points; r0 is 0 where
  // that went well.
  void ReadMemory(int offset);

  // r8 = the TCP socket of r7; of another kind: out.
  void LoadTcp(Label out);

  // r9 = room for an event in the ring, its head written but for the pid; when there is none that
  // is counted, and out.
  template <typename Event>
  void ReserveEvent(u32 kind, Label out) {
    Reserve(static_cast<int>(sizeof(Event)), kind, out);
  }
  // Hands over the event of r9; wakes the reader once the ring is half full.
  void Submit();

  // Adds to a member of KernelCounters.
  void Count(size_t counter, int by);
  // The Writer at kValueAt, of the socket whose cookie is at kCookieAt.
  void PutWriter(int flags);
  // The end of the program, where `out` is.
  void Leave(Label out);

  const Btf& btf_;
  const KernelMaps& maps_;
  BpfProgram code_;

 private:
  void Reserve(int bytes, u32 kind, Label out);

  std::string missing_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_PROGRAM_MAKER_H_
