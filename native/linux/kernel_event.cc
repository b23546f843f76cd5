#include "linux/kernel_event.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>

#include "linux/kernel_layout.h"

namespace freshet {
namespace {

// The kernel's constants: include/net/sock.h, include/linux/kdev_t.h.
constexpr int kSockDone = 1 << 1;  // SOCK_DONE, which tcp_fin() alone sets
constexpr u32 kMinorBits = 20;

template <typename T>
bool LoadEvent(std::span<const std::byte> record, T* event) {
  if (record.size() < sizeof(*event)) return false;
  std::memcpy(event, record.data(), sizeof(*event));
  return true;
}

Address AddressOf(u16 family, const u8* bytes) {
  if (family == AF_INET) return MappedV4(bytes);
  Address address;
  std::memcpy(address.data(), bytes, address.size());
  return address;
}

// MPTCP sends again, over whichever subflow it likes, what another has not brought through; that
// subflow counts it as new. The connection's own counts tell whether it did. Where one subflow
// alone carried everything, the connection's count is the subflow's. What a subflow that fails has
// under way goes to others, and neither count has that: it is known by this one's end, if nobody
// acknowledged all, and by the connection's recovery at the ends that follow.
void CorrectSubflow(const FinalEvent& final, KernelEvent* event) {
  u64& out = event->bytes_out;
  const u64 all = final.mptcp_sent + final.mptcp_resent;
  const bool is_alone = out == all;
  const bool goes_to_others = final.mptcp_recovered != 0 || out > final.acked;
  const bool out_is_exact =
      !goes_to_others && (final.mptcp_resent == 0 ? out <= final.mptcp_sent : is_alone);
  // Duplicates that come in are not counted by anybody.
  const bool in_is_exact = event->bytes_in == 0 || event->bytes_in == final.mptcp_received;
  event->is_mptcp = true;
  event->is_inexact = !out_is_exact || !in_is_exact;
  out = std::min(final.mptcp_sent, out > final.mptcp_resent ? out - final.mptcp_resent : 0);
  event->bytes_in = std::min(event->bytes_in, final.mptcp_received);
}

// A segment that a full queue of this machine's own refuses (tc-tbf(8), which containers are given
// for a limit) is counted as sent, waits, and is sent without a count of that (tcp_transmit_skb,
// tcp_write_xmit): 3.0 MB over such a line of 20 Mbit/s were counted as 15.6. What was acknowledged
// and what waits for that holds each byte once, and may hold a SYN and a FIN.
u64 SentOnce(const FinalEvent& final) {
  const u64 counted = final.sent >= final.resent ? final.sent - final.resent : 0;
  return std::min(counted, final.acked + (final.send_next - final.send_unacked));
}

bool ParseFinal(std::span<const std::byte> record, KernelEvent* event) {
  FinalEvent final;
  if (!LoadEvent(record, &final) || (final.family != AF_INET && final.family != AF_INET6))
    return false;
  event->kind = KernelEvent::Kind::kFinal;
  event->skaddr = final.skaddr;
  event->cookie = final.cookie;
  event->old_state = final.old_state;
  event->ends = {AddressOf(final.family, final.local), AddressOf(final.family, final.remote),
                 ntohs(final.local_port), ntohs(final.remote_port)};
  // Of MPTCP the connection's own counts say more, and what nobody acknowledged is asked for.
  event->bytes_out =
      final.is_mptcp == 0 ? SentOnce(final) : final.sent - std::min(final.sent, final.resent);
  // A FIN that arrived was counted as a byte (tcp_rcv_nxt_update); a socket that got no segment
  // with data got nothing.
  const u64 fin = (final.flags & kSockDone) != 0 ? 1 : 0;
  event->bytes_in = final.data_segs_in == 0 || final.received < fin ? 0 : final.received - fin;
  if (final.is_mptcp != 0) CorrectSubflow(final, event);
  return true;
}

bool ParseExec(std::span<const std::byte> record, KernelExec* exec) {
  ExecEvent event;
  if (!LoadEvent(record, &event)) return false;
  exec->pid = event.head.pid;
  exec->at_ns = event.head.at_ns;
  const auto device = [](u32 dev) {
    return makedev(dev >> kMinorBits, dev & ((1u << kMinorBits) - 1));
  };
  exec->dev = device(event.dev);
  exec->ino = event.ino;
  exec->folder_dev = device(event.folder_dev);
  exec->folder_ino = event.folder_ino;
  exec->uid = event.uid;
  exec->count = event.count;
  exec->argv_bytes = event.argv_bytes;
  exec->kept_bytes = event.kept_bytes <= sizeof(event.text) ? event.kept_bytes : 0;
  std::memcpy(exec->text.data(), event.text, sizeof(event.text));
  return true;
}

}  // namespace

KernelEvent ParseKernelEvent(std::span<const std::byte> record, KernelExec* exec) {
  KernelEvent event;
  EventHead head;
  if (!LoadEvent(record, &head)) return event;
  event.pid = head.pid;
  event.at_ns = head.at_ns;
  if (head.kind == kKindExec) {
    if (ParseExec(record, exec)) event.kind = KernelEvent::Kind::kExec;
  } else if (head.kind == kKindFinal) {
    ParseFinal(record, &event);
  } else if (head.kind == kKindWriter || head.kind == kKindMptcpWriter ||
             head.kind == kKindSubflow) {
    WriterEvent writer;
    if (!LoadEvent(record, &writer)) return event;
    const bool is_subflow = head.kind == kKindSubflow;
    event.kind = is_subflow ? KernelEvent::Kind::kSubflow : KernelEvent::Kind::kWriter;
    event.is_mptcp = head.kind != kKindWriter;
    event.skaddr = writer.skaddr;
    event.cookie = writer.cookie;
    event.queued = writer.queued;
  } else if (head.kind == kKindSender) {
    SenderEvent sender;
    if (!LoadEvent(record, &sender)) return event;
    event.kind = KernelEvent::Kind::kSender;
    event.sender = sender.key;
  }
  return event;
}

}  // namespace freshet
