// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include "linux/program_maker.h"

namespace freshet {

u32 ProgramMaker::Member(const char* structure, const char* path, u32 size) {
  const auto member = btf_.Find(structure, path);
  if (member && member->size == size) return member->offset;
  missing_ = std::string(structure) + "." + path;
  return 0;
}

void ProgramMaker::LoadMember(Reg to, Reg base, const char* structure, const char* path, u32 size) {
  code_.Load(size, to, base, static_cast<int>(Member(structure, path, size)));
}

void ProgramMaker::Copy(const char* structure, const char* path, Reg base, size_t to, u32 size) {
  LoadMember(r1, base, structure, path, size);
  code_.Store(size, r9, static_cast<int>(to), r1);
}

void ProgramMaker::ReadMemory(int offset) {
  code_.Do(BPF_ADD, r3, offset);
  code_.Move(r2, 8);
  code_.Call(BPF_FUNC_probe_read_kernel);
}

void ProgramMaker::LoadTcp(Label out) {
  code_.Move(r1, r7);
  code_.Call(BPF_FUNC_skc_to_tcp_sock);
  code_.JumpIf(If::kEqual, r0, 0, out);
  code_.Move(r8, r0);
}

void ProgramMaker::Reserve(int bytes, u32 kind, Label out) {
  const Label reserved = code_.NewLabel();
  code_.LoadMap(r1, maps_.ring);
  code_.Move(r2, bytes);
  code_.Move(r3, 0);
  code_.Call(BPF_FUNC_ringbuf_reserve);
  code_.JumpIf(If::kNotEqual, r0, 0, reserved);
  Count(offsetof(KernelCounters, dropped), 1);
  code_.Jump(out);
  code_.Bind(reserved);
  code_.Move(r9, r0);
  code_.StoreValue(4, r9, offsetof(EventHead, kind), static_cast<int>(kind));
  code_.Call(BPF_FUNC_ktime_get_ns);
  code_.Store(8, r9, offsetof(EventHead, at_ns), r0);
}

void ProgramMaker::Submit() {
  const Label quiet = code_.NewLabel();
  code_.LoadMap(r1, maps_.ring);
  code_.Move(r2, BPF_RB_AVAIL_DATA);
  code_.Call(BPF_FUNC_ringbuf_query);
  code_.Move(r2, BPF_RB_NO_WAKEUP);
  code_.JumpIf(If::kBelow, r0, static_cast<int>(maps_.ring_bytes / 2), quiet);
  code_.Move(r2, BPF_RB_FORCE_WAKEUP);
  code_.Bind(quiet);
  code_.Move(r1, r9);
  code_.Call(BPF_FUNC_ringbuf_submit);
}

void ProgramMaker::Count(size_t counter, int by) {
  code_.LoadMapValue(r1, maps_.counters);
  code_.Move(r2, by);
  code_.AddTo(r1, static_cast<int>(counter), r2);
}

void ProgramMaker::Leave(Label out) {
  code_.Bind(out);
  code_.Move(r0, 0);
  code_.Exit();
}

void ProgramMaker::PutWriter(int flags) {
  code_.LoadMap(r1, maps_.writers);
  code_.Move(r2, kFrame);
  code_.Do(BPF_ADD, r2, kCookieAt);
  code_.Move(r3, kFrame);
  code_.Do(BPF_ADD, r3, kValueAt);
  code_.Move(r4, flags);
  code_.Call(BPF_FUNC_map_update_elem);
}

}  // namespace freshet
