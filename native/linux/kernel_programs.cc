// The instructions that this file puts together may be used under MIT or GPL: the kernel gives some
// of what they call to programs of a GPL-compatible licence alone.
#include "linux/kernel_programs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <utility>

#include "linux/bpf_program.h"
#include "linux/btf_types.h"

namespace freshet {
namespace {

using If = BpfProgram::If;
using Label = BpfProgram::Label;
using enum Reg;

// Open sockets whose writer is known, the least recently used forgotten first; preallocated, some
// 110 bytes each.
constexpr u32 kWritersMax = 16384;
constexpr u32 kSumsMax = 4096;
constexpr size_t kBtfBytesMax = 64 << 20;

// Of a socket that several programs write to in turn: the first changes are told each, then one in
// 10 ms at most.
constexpr int kChangesMax = 64;
constexpr int kChangeEveryNs = 10'000'000;

// The kernel's constants: include/linux/sched.h, include/net/sock.h, include/linux/kdev_t.h,
// include/linux/proc_ns.h (an ABI by use: PROC_PID_INIT_INO).
constexpr int kKernelThread = 0x00200000;  // PF_KTHREAD
constexpr int kSockDone = 1 << 1;          // SOCK_DONE, which tcp_fin() alone sets
constexpr int kProtocolMptcp = 262;        // IPPROTO_MPTCP: its subflows are TCP sockets
constexpr u32 kMinorBits = 20;
constexpr ino_t kFirstPidNamespace = 0xeffffffc;

constexpr u32 kKindExec = 1, kKindFinal = 2, kKindWriter = 3, kKindSender = 4;

// Records of the ring, as the programs write them.
struct EventHead {
  u32 kind;
  u32 pid;
  u64 at_ns;
};
struct ExecEvent {
  EventHead head;
  u64 ino;
  u32 dev;  // the kernel's own encoding
  u32 count;
  u32 argv_bytes;
  u32 kept_bytes;
  char text[KernelExec::kArgvBytesMax];
};
struct FinalEvent {
  EventHead head;
  u64 skaddr, cookie;
  u64 sent, resent, received;
  u64 flags;  // of the socket
  u32 data_segs_in;
  u16 family;
  u16 local_port, remote_port;  // network byte order
  u8 old_state;
  u8 reserved[5];
  u8 local[16], remote[16];  // IPv4 in the first four
};
struct WriterEvent {
  EventHead head;
  u64 skaddr, cookie;
  u64 queued;
};
struct SenderEvent {
  EventHead head;
  SenderKey key;
};
static_assert(sizeof(ExecEvent) % 8 == 0 && sizeof(FinalEvent) % 8 == 0);
static_assert(sizeof(SenderKey) == 24 && sizeof(SenderSum) == 16);

// An element of writers_.
struct Writer {
  u64 who;  // pid, exec_id above it; 0: nobody yet
  u64 start_ns;
  u64 queued;
  u64 changed_ns;
  u64 changes;
};

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
  event->bytes_out = final.sent >= final.resent ? final.sent - final.resent : 0;
  // A FIN that arrived was counted as a byte (tcp_rcv_nxt_update); a socket that got no segment
  // with data got nothing.
  const u64 fin = (final.flags & kSockDone) != 0 ? 1 : 0;
  event->bytes_in = final.data_segs_in == 0 || final.received < fin ? 0 : final.received - fin;
  return true;
}

bool ParseExec(std::span<const std::byte> record, KernelExec* exec) {
  ExecEvent event;
  if (!LoadEvent(record, &event)) return false;
  exec->pid = event.head.pid;
  exec->at_ns = event.head.at_ns;
  exec->dev = makedev(event.dev >> kMinorBits, event.dev & ((1u << kMinorBits) - 1));
  exec->ino = event.ino;
  exec->count = event.count;
  exec->argv_bytes = event.argv_bytes;
  exec->kept_bytes = event.kept_bytes <= sizeof(event.text) ? event.kept_bytes : 0;
  std::memcpy(exec->text.data(), event.text, sizeof(event.text));
  return true;
}

// A page at a time, which is what sysfs gives.
bool ReadTypes(const char* path, std::vector<std::byte>* types) {
  const Fd file(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (!file || fstat(file.get(), &status) != 0) return false;
  if (status.st_size < 0 || static_cast<u64>(status.st_size) > kBtfBytesMax) {
    errno = EFBIG;
    return false;
  }
  types->resize(static_cast<size_t>(status.st_size));
  for (size_t at = 0; at < types->size();) {
    const ssize_t got = read(file.get(), types->data() + at, types->size() - at);
    if (got < 0) return false;
    if (got == 0) break;  // shorter than it said: Parse sees to it
    at += static_cast<size_t>(got);
  }
  return true;
}

bool IsFirstPidNamespace() {
  struct stat status;
  return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kFirstPidNamespace;
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
  } else if (head.kind == kKindWriter) {
    WriterEvent writer;
    if (!LoadEvent(record, &writer)) return event;
    event.kind = KernelEvent::Kind::kWriter;
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

// Puts the programs together. What it cannot find in the kernel's types is kept as the reason.
class KernelPrograms::Maker {
 public:
  Maker(KernelPrograms* owner, const Btf& btf) : owner_(owner), btf_(btf) {}

  void Attach(const char* tracepoint, void (Maker::*make)(), Program* program) {
    missing_.clear();
    code_ = BpfProgram();
    const auto type = btf_.Typedef(std::string("btf_trace_") + tracepoint);
    if (!type) return Refuse(std::string("the kernel has no tracepoint ") + tracepoint);
    (this->*make)();
    const auto built = code_.Build();
    if (!missing_.empty())
      return Refuse(std::string(tracepoint) + ": the kernel's types have no " + missing_);
    if (!built) return Refuse(std::string(tracepoint) + ": cannot be put together");
    // At most 15 letters.
    const std::string name = "freshet_" + std::string(tracepoint).substr(0, 7);
    std::string why;
    program->attached = AttachBpfProgram(name.c_str(), *built, *type, &program->loaded, &why);
    if (!program->attached) Refuse(std::string(tracepoint) + ": " + why);
  }

  // btf_trace_inet_sock_set_state(sk, old_state, new_state).
  void MakeFinals() {
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
    Copy("tcp_sock", "bytes_received", r8, offsetof(FinalEvent, received), 8);
    Copy("tcp_sock", "data_segs_in", r8, offsetof(FinalEvent, data_segs_in), 4);
    Copy("sock", "__sk_common.skc_flags", r7, offsetof(FinalEvent, flags), 8);
    code_.Store(8, r9, offsetof(FinalEvent, skaddr), r7);
    code_.Store(1, r9, offsetof(FinalEvent, old_state), r6);
    CopyEnds();
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
    code_.LoadMap(r1, owner_->writers_.get());
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, -8);
    code_.Call(BPF_FUNC_map_delete_elem);
    Leave(out);
  }

  // btf_trace_sock_send_length(sk, answer, flags), in the sender's context.
  void MakeSenders() {
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
    code_.JumpIf(If::kEqual, r1, kProtocolMptcp, out);
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
    const Label sums = code_.NewLabel();
    code_.Load(8, r1, kFrame, kProtocolAt);
    code_.JumpIf(If::kNotEqual, r1, IPPROTO_TCP, sums);
    MakeWriter(out);
    code_.Bind(sums);
    MakeSum(out);
    Leave(out);
  }

  // btf_trace_sched_process_exec(task, old_pid, bprm), in the context of what is executed.
  void MakeExecs() {
    const Label out = code_.NewLabel();
    code_.Load(8, r8, r1, 0);
    code_.Load(8, r7, r1, 16);
    ReserveEvent<ExecEvent>(kKindExec, out);
    code_.Call(BPF_FUNC_get_current_pid_tgid);
    code_.Do(BPF_RSH, r0, 32);
    code_.Store(4, r9, offsetof(EventHead, pid), r0);
    Copy("linux_binprm", "argc", r7, offsetof(ExecEvent, count), 4);
    LoadMember(r1, r7, "linux_binprm", "file", 8);
    LoadMember(r1, r1, "file", "f_inode", 8);
    LoadMember(r2, r1, "inode", "i_ino", 8);
    code_.Store(8, r9, offsetof(ExecEvent, ino), r2);
    LoadMember(r1, r1, "inode", "i_sb", 8);
    LoadMember(r1, r1, "super_block", "s_dev", 4);
    code_.Store(4, r9, offsetof(ExecEvent, dev), r1);
    LoadMember(r1, r8, "task_struct", "mm", 8);
    LoadMember(r3, r1, "mm_struct", "arg_start", 8);
    LoadMember(r6, r1, "mm_struct", "arg_end", 8);
    code_.Do(BPF_SUB, r6, r3);
    code_.Store(4, r9, offsetof(ExecEvent, argv_bytes), r6);
    const Label fits = code_.NewLabel(), is_read = code_.NewLabel();
    code_.JumpIf(If::kBelow, r6, static_cast<int>(KernelExec::kArgvBytesMax), fits);
    code_.Move(r6, static_cast<int>(KernelExec::kArgvBytesMax));
    code_.Bind(fits);
    code_.Move(r1, r9);
    code_.Do(BPF_ADD, r1, static_cast<int>(offsetof(ExecEvent, text)));
    code_.Move(r2, r6);
    code_.Call(BPF_FUNC_probe_read_user);
    code_.JumpIf(If::kEqual, r0, 0, is_read);
    code_.Move(r6, 0);
    code_.Bind(is_read);
    code_.Store(4, r9, offsetof(ExecEvent, kept_bytes), r6);
    Submit();
    Leave(out);
  }

 private:
  // Places on the stack.
  static constexpr int kKeyAt = -24;  // SenderKey
  static constexpr int kCookieAt = -32;
  static constexpr int kFamilyAt = -40;
  static constexpr int kProtocolAt = -48;
  static constexpr int kValueAt = -88;  // Writer, or SenderSum

  void Refuse(const std::string& reason) {
    if (!owner_->why_.empty()) owner_->why_ += "; ";
    owner_->why_ += reason;
  }

  void LoadMember(Reg to, Reg base, const char* structure, const char* path, u32 size) {
    const auto member = btf_.Find(structure, path);
    if (!member || member->size != size) {
      missing_ = std::string(structure) + "." + path;
      return;
    }
    code_.Load(size, to, base, static_cast<int>(member->offset));
  }
  // From a kernel's structure into the event.
  void Copy(const char* structure, const char* path, Reg base, size_t to, u32 size) {
    LoadMember(r1, base, structure, path, size);
    code_.Store(size, r9, static_cast<int>(to), r1);
  }

  // r8 = the TCP socket of r7; of another kind: out.
  void LoadTcp(Label out) {
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_skc_to_tcp_sock);
    code_.JumpIf(If::kEqual, r0, 0, out);
    code_.Move(r8, r0);
  }

  // r9 = room for an event in the ring, its head written but for the pid; when there is none that
  // is counted, and out.
  template <typename Event>
  void ReserveEvent(u32 kind, Label out) {
    const Label reserved = code_.NewLabel();
    code_.LoadMap(r1, owner_->ring_.descriptor());
    code_.Move(r2, static_cast<int>(sizeof(Event)));
    code_.Move(r3, 0);
    code_.Call(BPF_FUNC_ringbuf_reserve);
    code_.JumpIf(If::kNotEqual, r0, 0, reserved);
    Count(offsetof(Counters, dropped), 1);
    code_.Jump(out);
    code_.Bind(reserved);
    code_.Move(r9, r0);
    code_.StoreValue(4, r9, offsetof(EventHead, kind), static_cast<int>(kind));
    code_.Call(BPF_FUNC_ktime_get_ns);
    code_.Store(8, r9, offsetof(EventHead, at_ns), r0);
  }

  // Hands over the event of r9; wakes the reader once the ring is half full.
  void Submit() {
    const Label quiet = code_.NewLabel();
    code_.LoadMap(r1, owner_->ring_.descriptor());
    code_.Move(r2, BPF_RB_AVAIL_DATA);
    code_.Call(BPF_FUNC_ringbuf_query);
    code_.Move(r2, BPF_RB_NO_WAKEUP);
    code_.JumpIf(If::kBelow, r0, static_cast<int>(owner_->ring_bytes_ / 2), quiet);
    code_.Move(r2, BPF_RB_FORCE_WAKEUP);
    code_.Bind(quiet);
    code_.Move(r1, r9);
    code_.Call(BPF_FUNC_ringbuf_submit);
  }

  void Count(size_t counter, int by) {
    code_.LoadMapValue(r1, owner_->counters_.get());
    code_.Move(r2, by);
    code_.AddTo(r1, static_cast<int>(counter), r2);
  }

  void Leave(Label out) {
    code_.Bind(out);
    code_.Move(r0, 0);
    code_.Exit();
  }

  // Of a connection that is established: nothing was written to it yet.
  void MakeOpening(Label out) {
    LoadTcp(out);
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_get_socket_cookie);
    code_.Store(8, kFrame, kCookieAt, r0);
    for (size_t at = 0; at < sizeof(Writer); at += 8)
      code_.StoreValue(8, kFrame, kValueAt + static_cast<int>(at), 0);
    PutWriter(BPF_NOEXIST);  // by Fast Open it may have been written to
    code_.Jump(out);
  }

  void PutWriter(int flags) {
    code_.LoadMap(r1, owner_->writers_.get());
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kCookieAt);
    code_.Move(r3, kFrame);
    code_.Do(BPF_ADD, r3, kValueAt);
    code_.Move(r4, flags);
    code_.Call(BPF_FUNC_map_update_elem);
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

  // 16 bytes; a kernel without IPv6 has no such member, and no such socket.
  void CopyAddress(const char* path, size_t to) {
    const auto member = btf_.Find("sock", path);
    if (!member || member->size != 16) return;
    for (u32 half = 0; half < 16; half += 8) {
      code_.Load(8, r1, r7, static_cast<int>(member->offset + half));
      code_.Store(8, r9, static_cast<int>(to + half), r1);
    }
  }

  // r7 is a TCP socket, r6 what was written to it by who stands at kKeyAt.
  void MakeWriter(Label out) {
    const Label is_known = code_.NewLabel(), is_other = code_.NewLabel(), tell = code_.NewLabel();
    constexpr int kWhoAt = kKeyAt + static_cast<int>(offsetof(SenderKey, pid));
    constexpr int kStartAt = kKeyAt + static_cast<int>(offsetof(SenderKey, start_ns));
    const auto at = [](size_t field) { return kValueAt + static_cast<int>(field); };
    LoadTcp(out);
    code_.Move(r1, r7);
    code_.Call(BPF_FUNC_get_socket_cookie);
    code_.Store(8, kFrame, kCookieAt, r0);
    code_.LoadMap(r1, owner_->writers_.get());
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kCookieAt);
    code_.Call(BPF_FUNC_map_lookup_elem);
    code_.JumpIf(If::kNotEqual, r0, 0, is_known);

    // Open since before we looked, or forgotten: what it was given is what it sent, once, and what
    // waits. (While another CPU sends for it that may be a segment too many.)
    LoadMember(r1, r8, "tcp_sock", "bytes_sent", 8);
    LoadMember(r2, r8, "tcp_sock", "bytes_retrans", 8);
    code_.Do(BPF_SUB, r1, r2);
    LoadMember(r2, r8, "tcp_sock", "write_seq", 4);
    LoadMember(r3, r8, "tcp_sock", "snd_nxt", 4);
    code_.Do32(BPF_SUB, r2, r3);
    code_.Do(BPF_ADD, r1, r2);
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
    ReserveEvent<WriterEvent>(kKindWriter, out);
    code_.Load(4, r1, kFrame, kWhoAt);
    code_.Store(4, r9, offsetof(EventHead, pid), r1);
    code_.Store(8, r9, offsetof(WriterEvent, skaddr), r7);
    code_.Load(8, r1, kFrame, kCookieAt);
    code_.Store(8, r9, offsetof(WriterEvent, cookie), r1);
    code_.Store(8, r9, offsetof(WriterEvent, queued), r6);
    Submit();
    code_.Jump(out);
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
    code_.LoadMap(r1, owner_->sums_.get());
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kKeyAt);
    code_.Move(r3, kFrame);
    code_.Do(BPF_ADD, r3, kValueAt);
    code_.Move(r4, BPF_NOEXIST);
    code_.Call(BPF_FUNC_map_update_elem);
    code_.JumpIf(If::kEqual, r0, 0, is_put);
    FindSum();  // another CPU may have put it
    code_.JumpIf(If::kNotEqual, r0, 0, is_known);
    code_.LoadMapValue(r1, owner_->counters_.get());
    code_.AddTo(r1, offsetof(Counters, unnamed_bytes), r6);
    Count(offsetof(Counters, unnamed_sends), 1);
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
    code_.LoadMap(r1, owner_->sums_.get());
    code_.Move(r2, kFrame);
    code_.Do(BPF_ADD, r2, kKeyAt);
    code_.Call(BPF_FUNC_map_lookup_elem);
  }

  KernelPrograms* const owner_;
  const Btf& btf_;
  BpfProgram code_;
  std::string missing_;
};

KernelPrograms::KernelPrograms(const char* btf_path, u32 ring_bytes)
    : ring_bytes_(ring_bytes),
      ring_(ring_bytes),
      counters_(CreateBpfMap(BPF_MAP_TYPE_ARRAY, 4, sizeof(Counters), 1)),
      writers_(CreateBpfMap(BPF_MAP_TYPE_LRU_HASH, 8, sizeof(Writer), kWritersMax)),
      sums_(CreateBpfMap(BPF_MAP_TYPE_HASH, sizeof(SenderKey), sizeof(SenderSum), kSumsMax)) {
  if (!ring_.ok() || !counters_ || !writers_ || !sums_) {
    why_ = std::string("bpf(2) gives no maps: ") + strerror(errno);
    return;
  }
  // Programs see processes by their first number; perf and /proc by that of our namespace.
  if (!IsFirstPidNamespace()) {
    why_ = "the agent runs in a pid namespace of its own";
    return;
  }
  std::vector<std::byte> types;
  if (!ReadTypes(btf_path, &types)) {
    why_ = std::string(btf_path) + ": " + strerror(errno);
    return;
  }
  const auto btf = Btf::Parse(types);
  if (!btf) {
    why_ = std::string(btf_path) + " is not understood";
    return;
  }
  Maker maker(this, *btf);
  maker.Attach("inet_sock_set_state", &Maker::MakeFinals, &finals_);
  maker.Attach("sock_send_length", &Maker::MakeSenders, &senders_);
  maker.Attach("sched_process_exec", &Maker::MakeExecs, &execs_);
}

u64 KernelPrograms::TakeDropped() {
  const u32 first = 0;
  Counters now;
  if (!counters_ || !LookUpBpfMap(counters_.get(), &first, &now)) return 0;
  u64 missed = 0;
  for (const Program* one : {&finals_, &senders_, &execs_})
    if (one->loaded) missed += MissedRuns(one->loaded.get());
  const u64 dropped = now.dropped - told_.dropped + missed - missed_told_;
  told_.dropped = now.dropped;
  missed_told_ = missed;
  return dropped;
}

SenderSum KernelPrograms::TakeUnnamed() {
  const u32 first = 0;
  Counters now;
  if (!counters_ || !LookUpBpfMap(counters_.get(), &first, &now)) return {};
  const SenderSum since{now.unnamed_bytes - told_.unnamed_bytes,
                        now.unnamed_sends - told_.unnamed_sends};
  told_.unnamed_bytes = now.unnamed_bytes;
  told_.unnamed_sends = now.unnamed_sends;
  return since;
}

void KernelPrograms::ReadSenders(std::vector<Sent>* all) const {
  if (!has_senders()) return;
  SenderKey key;
  Sent one;
  // Deleted ones meanwhile may begin the walk anew: it ends all the same.
  const void* before = nullptr;
  for (u32 steps = 0; steps < kSumsMax && NextBpfKey(sums_.get(), before, &one.key); steps++) {
    if (LookUpBpfMap(sums_.get(), &one.key, &one.sum)) all->push_back(one);
    key = one.key;
    before = &key;
  }
}

}  // namespace freshet
