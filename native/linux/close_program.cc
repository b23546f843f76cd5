// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include <sys/socket.h>

#include <cstddef>

#include "linux/endpoint.h"
#include "linux/program_maker.h"

namespace freshet {
namespace {

class CloseMaker : public ProgramMaker {
 public:
  CloseMaker(const Btf& btf, const KernelMaps& maps, bool counts_mptcp)
      : ProgramMaker(btf, maps), counts_mptcp_(counts_mptcp) {}

  // btf_trace_inet_sock_set_state(sk, old_state, new_state).
  void Make() {
    const Label out = code_.NewLabel(), closes = code_.NewLabel();
    code_.Load(8, r7, r1, 0);
    code_.Load(8, r6, r1, 8);
    code_.Load(8, r8, r1, 16);
    code_.JumpIf32(If::kEqual, r8, kTcpClose, closes);
    code_.JumpIf32(If::kNotEqual, r8, kTcpEstablished, out);
    MakeOpening(out);
    code_.Bind(closes);
    code_.JumpIf32(If::kEqual, r6, kTcpClose, out);
    code_.JumpIf32(If::kEqual, r6, kTcpListen, out);
    LoadTcp(out);
    ReserveEvent<FinalEvent>(kKindFinal, out);
    Copy("tcp_sock", "bytes_sent", r8, offsetof(FinalEvent, sent), 8);
    Copy("tcp_sock", "bytes_retrans", r8, offsetof(FinalEvent, resent), 8);
    Copy("tcp_sock", "bytes_acked", r8, offsetof(FinalEvent, acked), 8);
    Copy("tcp_sock", "bytes_received", r8, offsetof(FinalEvent, received), 8);
    Copy("tcp_sock", "data_segs_in", r8, offsetof(FinalEvent, data_segs_in), 4);
    Copy("tcp_sock", "snd_nxt", r8, offsetof(FinalEvent, send_next), 4);
    Copy("tcp_sock", "snd_una", r8, offsetof(FinalEvent, send_unacked), 4);
    Copy("sock", "__sk_common.skc_flags", r7, offsetof(FinalEvent, flags), 8);
    code_.Store(8, r9, offsetof(FinalEvent, skaddr), r7);
    code_.Store(1, r9, offsetof(FinalEvent, old_state), r6);
    CopyEnds();
    CopyConnection();
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_get_socket_cookie);
    code_.Store(8, r9, offsetof(FinalEvent, cookie), r0);
    code_.Store(8, kFrame, -8, r0);
    // Whoever has hold of the socket now is who closes it; without one the network does.
    const Label unheld = code_.NewLabel();
    code_.Move(r6, 0);
    LoadMember(r1, r7, "sock", "sk_lock.owned", 4);
    code_.JumpIf32(If::kEqual, r1, 0, unheld);
    code_.Call(BPF_FUNC_get_current_pid_tgid);
    code_.Do(BPF_RSH, r0, 32);
    code_.Move(r6, r0);
    code_.Bind(unheld);
    code_.Store(4, r9, offsetof(EventHead, pid), r6);
    Submit();
    code_.LoadMap(r1, maps_.writers);
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, -8);
    code_.Call(BPF_FUNC_map_delete_elem);
    Leave(out);
  }

 private:
  // On the stack, beside ProgramMaker's.
  static constexpr int kConnectionAt = -16;

  // Of a connection that is established: nothing was written to it yet.
  void MakeOpening(Label out) {
    LoadTcp(out);
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_get_socket_cookie);
    code_.Store(8, kFrame, kCookieAt, r0);
    for (size_t at = 0; at < sizeof(Writer); at += 8)
      code_.StoreValue(8, kFrame, kValueAt + static_cast<int>(at), 0);
    PutWriter(BPF_NOEXIST);  // by Fast Open it may have been written to
    MakeJoining(out);
    code_.Jump(out);
  }

  // r8 may be a subflow, whose cookie is at kCookieAt: of which connection it is.
  void MakeJoining(Label out) {
    const auto conn = btf_.Find("mptcp_subflow_context", "conn");
    if (!counts_mptcp_ || !conn) return;
    LoadMember(r1, r8, "tcp_sock", "is_mptcp", 1);
    code_.JumpIf(If::kEqual, r1, 0, out);
    LoadMember(r3, r8, "tcp_sock", "inet_conn.icsk_ulp_data", 8);
    code_.Move(r1, kFrame);
    code_.Do(BPF_ADD, r1, kConnectionAt);
    ReadMemory(static_cast<int>(conn->offset));
    code_.JumpIf(If::kNotEqual, r0, 0, out);
    ReserveEvent<WriterEvent>(kKindSubflow, out);
    code_.StoreValue(4, r9, offsetof(EventHead, pid), 0);
    code_.Load(8, r1, kFrame, kConnectionAt);
    code_.Store(8, r9, offsetof(WriterEvent, skaddr), r1);
    code_.Load(8, r1, kFrame, kCookieAt);
    code_.Store(8, r9, offsetof(WriterEvent, cookie), r1);
    code_.StoreValue(8, r9, offsetof(WriterEvent, queued), 0);
    Submit();
  }

  // Both ends of r7 (sock) and r8 (tcp_sock). The port of a socket that is closing is in
  // inet_sport alone: inet_put_port() has cleared the other.
  void CopyEnds() {
    const Label v6 = code_.NewLabel(), done = code_.NewLabel();
    Copy("sock", "__sk_common.skc_family", r7, offsetof(FinalEvent, family), 2);
    Copy("sock", "__sk_common.skc_dport", r7, offsetof(FinalEvent, remote_port), 2);
    Copy("tcp_sock", "inet_conn.icsk_inet.inet_sport", r8, offsetof(FinalEvent, local_port), 2);
    LoadMember(r1, r7, "sock", "__sk_common.skc_family", 2);
    code_.JumpIf(If::kEqual, r1, AF_INET6, v6);
    Copy("sock", "__sk_common.skc_daddr", r7, offsetof(FinalEvent, remote), 4);
    Copy("tcp_sock", "inet_conn.icsk_inet.inet_saddr", r8, offsetof(FinalEvent, local), 4);
    code_.Jump(done);
    code_.Bind(v6);
    CopyAddress("__sk_common.skc_v6_daddr", offsetof(FinalEvent, remote));
    CopyAddress("__sk_common.skc_v6_rcv_saddr", offsetof(FinalEvent, local));
    code_.Bind(done);
  }

  // Of the MPTCP connection that r8 is a subflow of, if it is one: by the kernel's memory, since
  // what leads there has no type. Kernels before 6.5 do not count so.
  void CopyConnection() {
    code_.StoreValue(1, r9, offsetof(FinalEvent, is_mptcp), 0);
    const auto conn = btf_.Find("mptcp_subflow_context", "conn");
    if (!counts_mptcp_ || !conn || !btf_.Find("mptcp_sock", "bytes_sent")) return;
    const Label is_none = code_.NewLabel();
    LoadMember(r1, r8, "tcp_sock", "is_mptcp", 1);
    code_.JumpIf(If::kEqual, r1, 0, is_none);
    LoadMember(r3, r8, "tcp_sock", "inet_conn.icsk_ulp_data", 8);
    code_.Move(r1, kFrame);
    code_.Do(BPF_ADD, r1, kConnectionAt);
    ReadMemory(static_cast<int>(conn->offset));
    code_.JumpIf(If::kNotEqual, r0, 0, is_none);
    CopyCount("bytes_sent", offsetof(FinalEvent, mptcp_sent));
    CopyCount("bytes_retrans", offsetof(FinalEvent, mptcp_resent));
    CopyCount("bytes_received", offsetof(FinalEvent, mptcp_received));
    CopyCount("recovery_snd_nxt", offsetof(FinalEvent, mptcp_recovered));
    code_.StoreValue(1, r9, offsetof(FinalEvent, is_mptcp), 1);
    code_.Bind(is_none);
  }

  void CopyCount(const char* name, size_t to) {
    const auto count = Member("mptcp_sock", name, 8);
    code_.Load(8, r3, kFrame, kConnectionAt);
    code_.Move(r1, r9);
    code_.Do(BPF_ADD, r1, static_cast<int>(to));
    ReadMemory(static_cast<int>(count));
  }

  // 16 bytes; a kernel without IPv6 has no such member, and no such socket.
  void CopyAddress(const char* path, size_t to) {
    const auto member = btf_.Find("sock", path);
    if (!member || member->size != 16) return;
    for (u32 half = 0; half < 16; half += 8) {
      code_.Load(8, r1, r7, static_cast<int>(member->offset + half));
      code_.Store(8, r9, static_cast<int>(to + half), r1);
    }
  }

  const bool counts_mptcp_;
};

}  // namespace

MadeProgram MakeCloseProgram(const Btf& btf, const KernelMaps& maps) {
  CloseMaker maker(btf, maps, true);
  maker.Make();
  return maker.Made();
}

MadeProgram MakePlainCloseProgram(const Btf& btf, const KernelMaps& maps) {
  CloseMaker maker(btf, maps, false);
  maker.Make();
  return maker.Made();
}

}  // namespace freshet
