// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

#include "linux/endpoint.h"
#include "linux/program_maker.h"

namespace freshet {
namespace {

// Of a socket that several programs write to in turn: the first changes are told each, then one in
// 10 ms at most.
constexpr int kChangesMax = 64;
constexpr int kChangeEveryNs = 10'000'000;

// The kernel's constant: include/linux/sched.h.
constexpr int kKernelThread = 0x00200000;  // PF_KTHREAD

class SendMaker : public ProgramMaker {
 public:
  using ProgramMaker::ProgramMaker;

  // btf_trace_sock_send_length(sk, answer, flags), in the sender's context.
  void Make() {
    const Label out = code_.NewLabel(), inet = code_.NewLabel(), other = code_.NewLabel();
    code_.Load(8, r7, r1, 0);
    code_.Load(8, r6, r1, 8);
    code_.Do(BPF_LSH, r6, 32);  // an int: what was sent, or an error
    code_.Do(BPF_RSH, r6, 32);
    code_.JumpIf32(If::kSignedAtMost, r6, 0, out);
    LoadMember(r1, r7, "sock", "__sk_common.skc_family", 2);
    code_.Store(8, kFrame, kFamilyAt, r1);
    code_.StoreValue(8, kFrame, kProtocolAt, 0);
    code_.JumpIf(If::kEqual, r1, AF_PACKET, other);
    code_.JumpIf(If::kEqual, r1, AF_INET, inet);
    code_.JumpIf(If::kNotEqual, r1, AF_INET6, out);
    code_.Bind(inet);
    LoadMember(r1, r7, "sock", "sk_protocol", 2);
    code_.Store(8, kFrame, kProtocolAt, r1);
    code_.Bind(other);
    code_.Call(BPF_FUNC_get_current_task_btf);
    code_.Move(r8, r0);
    LoadMember(r1, r8, "task_struct", "flags", 4);
    code_.JumpIf(If::kAnySet, r1, kKernelThread, out);
    LoadMember(r1, r8, "task_struct", "tgid", 4);
    code_.Store(4, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, pid)), r1);
    LoadMember(r1, r8, "task_struct", "self_exec_id", 8);
    code_.Store(4, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, exec_id)), r1);
    LoadMember(r1, r8, "task_struct", "group_leader", 8);
    LoadMember(r1, r1, "task_struct", "start_boottime", 8);
    code_.Store(8, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, start_ns)), r1);
    const Label sums = code_.NewLabel(), mptcp = code_.NewLabel();
    code_.Load(8, r1, kFrame, kProtocolAt);
    code_.JumpIf(If::kEqual, r1, kProtocolMptcp, mptcp);
    code_.JumpIf(If::kNotEqual, r1, IPPROTO_TCP, sums);
    LoadTcp(out);
    MakeWriter(kKindWriter, out);
    code_.Bind(mptcp);
    MakeWriter(kKindMptcpWriter, out);
    code_.Bind(sums);
    MakeSum(out);
    Leave(out);
  }

 private:
  // Places on the stack, beside ProgramMaker's.
  static constexpr int kKeyAt = -24;  // SenderKey
  static constexpr int kFamilyAt = -40;
  static constexpr int kProtocolAt = -48;

  // r7 is a socket of TCP, which r8 is as well, or of MPTCP; r6 what was written to it by who
  // stands at kKeyAt.
  void MakeWriter(u32 kind, Label out) {
    const Label is_known = code_.NewLabel(), is_other = code_.NewLabel(), tell = code_.NewLabel();
    constexpr int kWhoAt = kKeyAt + static_cast<int>(offsetof(SenderKey, pid));
    constexpr int kStartAt = kKeyAt + static_cast<int>(offsetof(SenderKey, start_ns));
    const auto at = [](size_t field) { return kValueAt + static_cast<int>(field); };
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_get_socket_cookie);
    code_.Store(8, kFrame, kCookieAt, r0);
    code_.LoadMap(r1, maps_.writers);
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kCookieAt);
    code_.Call(BPF_FUNC_map_lookup_elem);
    code_.JumpIf(If::kNotEqual, r0, 0, is_known);

    if (kind == kKindWriter)
      LoadQueued();
    else
      code_.Move(r1, r6);  // one that was open before is not told apart by its subflows either
    code_.Store(8, kFrame, at(offsetof(Writer, queued)), r1);
    code_.Do(BPF_SUB, r1, r6);
    code_.Move(r6, r1);
    code_.Load(8, r1, kFrame, kWhoAt);
    code_.Store(8, kFrame, at(offsetof(Writer, who)), r1);
    code_.Load(8, r1, kFrame, kStartAt);
    code_.Store(8, kFrame, at(offsetof(Writer, start_ns)), r1);
    code_.StoreValue(8, kFrame, at(offsetof(Writer, changed_ns)), 0);
    code_.StoreValue(8, kFrame, at(offsetof(Writer, changes)), 0);
    PutWriter(BPF_ANY);
    code_.Jump(tell);

    code_.Bind(is_known);
    code_.Move(r8, r0);
    code_.Load(8, r1, kFrame, kWhoAt);
    code_.Load(8, r2, r8, offsetof(Writer, who));
    code_.JumpIf(If::kNotEqual, r1, r2, is_other);
    code_.Load(8, r1, kFrame, kStartAt);
    code_.Load(8, r2, r8, offsetof(Writer, start_ns));
    code_.JumpIf(If::kNotEqual, r1, r2, is_other);
    code_.AddTo(r8, offsetof(Writer, queued), r6);
    code_.Jump(out);

    code_.Bind(is_other);
    const Label is_taken = code_.NewLabel();
    code_.Call(BPF_FUNC_ktime_get_ns);
    code_.Load(8, r1, r8, offsetof(Writer, changes));
    code_.JumpIf(If::kBelow, r1, kChangesMax, is_taken);
    code_.Load(8, r2, r8, offsetof(Writer, changed_ns));
    code_.Do(BPF_ADD, r2, kChangeEveryNs);
    code_.JumpIf(If::kAbove, r0, r2, is_taken);
    code_.AddTo(r8, offsetof(Writer, queued), r6);
    code_.Jump(out);
    code_.Bind(is_taken);
    code_.Store(8, r8, offsetof(Writer, changed_ns), r0);
    code_.Do(BPF_ADD, r1, 1);
    code_.Store(8, r8, offsetof(Writer, changes), r1);
    code_.Load(8, r1, kFrame, kWhoAt);
    code_.Store(8, r8, offsetof(Writer, who), r1);
    code_.Load(8, r1, kFrame, kStartAt);
    code_.Store(8, r8, offsetof(Writer, start_ns), r1);
    code_.Load(8, r1, r8, offsetof(Writer, queued));
    code_.AddTo(r8, offsetof(Writer, queued), r6);
    code_.Move(r6, r1);

    code_.Bind(tell);
    ReserveEvent<WriterEvent>(kind, out);
    code_.Load(4, r1, kFrame, kWhoAt);
    code_.Store(4, r9, offsetof(EventHead, pid), r1);
    code_.Store(8, r9, offsetof(WriterEvent, skaddr), r7);
    code_.Load(8, r1, kFrame, kCookieAt);
    code_.Store(8, r9, offsetof(WriterEvent, cookie), r1);
    code_.Store(8, r9, offsetof(WriterEvent, queued), r6);
    Submit();
    code_.Jump(out);
  }

  // r1 = what r8 was given, of which r6 was the last. Open since before we looked, or forgotten:
  // that is what it sent, once, and what waits. (While another CPU sends for it that may be a
  // segment too many.)
  void LoadQueued() {
    const Label is_once = code_.NewLabel();
    LoadMember(r1, r8, "tcp_sock", "bytes_sent", 8);
    LoadMember(r2, r8, "tcp_sock", "bytes_retrans", 8);
    code_.Do(BPF_SUB, r1, r2);
    LoadMember(r2, r8, "tcp_sock", "write_seq", 4);
    LoadMember(r3, r8, "tcp_sock", "snd_nxt", 4);
    code_.Do32(BPF_SUB, r2, r3);
    code_.Do(BPF_ADD, r1, r2);
    // Sent more than once without a count of it: kernel_event.cc.
    LoadMember(r2, r8, "tcp_sock", "write_seq", 4);
    LoadMember(r3, r8, "tcp_sock", "snd_una", 4);
    code_.Do32(BPF_SUB, r2, r3);
    LoadMember(r3, r8, "tcp_sock", "bytes_acked", 8);
    code_.Do(BPF_ADD, r2, r3);
    code_.JumpIf(If::kAtLeast, r2, r1, is_once);
    code_.Move(r1, r2);
    code_.Bind(is_once);
  }

  // r6 more was sent by who stands at kKeyAt, through a socket of the family and protocol there.
  void MakeSum(Label out) {
    const Label is_known = code_.NewLabel(), is_put = code_.NewLabel();
    code_.Load(8, r1, kFrame, kFamilyAt);
    code_.Store(2, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, family)), r1);
    code_.Load(8, r1, kFrame, kProtocolAt);
    code_.Store(2, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, protocol)), r1);
    code_.StoreValue(4, kFrame, kKeyAt + static_cast<int>(offsetof(SenderKey, reserved)), 0);
    FindSum();
    code_.JumpIf(If::kNotEqual, r0, 0, is_known);
    code_.Store(8, kFrame, kValueAt, r6);
    code_.StoreValue(8, kFrame, kValueAt + 8, 1);
    code_.LoadMap(r1, maps_.sums);
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kKeyAt);
    code_.Move(r3, kFrame);
    code_.Do(BPF_ADD, r3, kValueAt);
    code_.Move(r4, BPF_NOEXIST);
    code_.Call(BPF_FUNC_map_update_elem);
    code_.JumpIf(If::kEqual, r0, 0, is_put);
    FindSum();  // another CPU may have put it
    code_.JumpIf(If::kNotEqual, r0, 0, is_known);
    code_.LoadMapValue(r1, maps_.counters);
    code_.AddTo(r1, offsetof(KernelCounters, unnamed_bytes), r6);
    Count(offsetof(KernelCounters, unnamed_sends), 1);
    code_.Jump(out);
    code_.Bind(is_known);
    code_.AddTo(r0, offsetof(SenderSum, bytes), r6);
    code_.Move(r1, 1);
    code_.AddTo(r0, offsetof(SenderSum, sends), r1);
    code_.Jump(out);
    code_.Bind(is_put);
    ReserveEvent<SenderEvent>(kKindSender, out);
    code_.Load(4, r1, kFrame, kKeyAt);
    code_.Store(4, r9, offsetof(EventHead, pid), r1);
    for (int at = 0; at < static_cast<int>(sizeof(SenderKey)); at += 8) {
      code_.Load(8, r1, kFrame, kKeyAt + at);
      code_.Store(8, r9, static_cast<int>(offsetof(SenderEvent, key)) + at, r1);
    }
    Submit();
  }

  void FindSum() {
    code_.LoadMap(r1, maps_.sums);
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kKeyAt);
    code_.Call(BPF_FUNC_map_lookup_elem);
  }
};

}  // namespace

MadeProgram MakeSendProgram(const Btf& btf, const KernelMaps& maps) {
  SendMaker maker(btf, maps);
  maker.Make();
  return maker.Made();
}

}  // namespace freshet
