// Our own three programs in the kernel (BPF), and what they say. They are put together here at the
// start, for the offsets that this kernel's BTF names; nothing is compiled, and no library or
// download is wanted. Each reads, writes to maps of ours and changes nothing else:
//
//   inet_sock_set_state   the counters of a TCP socket as it closes, before reset and disconnect
//                         zero them, whatever its network namespace
//   sock_send_length      which program writes to a TCP socket, when that changes; and sums of what
//                         is sent by sockets of other kinds
//   sched_process_exec    the file executed and the first arguments (kernel_exec.h)
//
// They are gone with this object. Events are stamped with CLOCK_MONOTONIC, as perf's are.
//
// Threads: one.
#ifndef FRESHET_LINUX_KERNEL_PROGRAMS_H_
#define FRESHET_LINUX_KERNEL_PROGRAMS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "linux/bpf_calls.h"
#include "linux/endpoint.h"
#include "linux/kernel_exec.h"

namespace freshet {

// Whose sends of a kind are summed up: an image of a process, and the kind of its sockets.
struct SenderKey {
  u32 pid = 0;
  u32 exec_id = 0;   // task_struct.self_exec_id: another with each exec
  u64 start_ns = 0;  // of the process
  u16 family = 0;    // AF_
  u16 protocol = 0;  // IPPROTO_; 0 of AF_PACKET
  u32 reserved = 0;
  bool operator==(const SenderKey&) const = default;
};
struct SenderKeyHash {
  size_t operator()(const SenderKey& key) const {
    return (key.start_ns ^ u64{key.pid} << 32 ^ key.exec_id ^ u64{key.family} << 16 ^
            u64{key.protocol} << 48) *
           0x9e3779b97f4a7c15;
  }
};
struct SenderSum {
  u64 bytes = 0;
  u64 sends = 0;
};

struct KernelEvent {
  enum class Kind : u8 {
    kMalformed,
    kExec,    // `exec`
    kFinal,   // a TCP socket came to CLOSE: its final counters
    kWriter,  // another program than before writes to a TCP socket
    kSender   // a process begins to send by sockets of another kind: `sender`
  };
  Kind kind = Kind::kMalformed;
  u64 at_ns = 0;  // CLOCK_MONOTONIC
  // kWriter: who writes. kFinal: who closed it or had hold of it, 0 when nobody did.
  u32 pid = 0;
  u64 skaddr = 0;  // kFinal, kWriter: the kernel's address of the socket
  u64 cookie = 0;  // kFinal, kWriter
  // kWriter: what the socket had been given to send before this program's.
  u64 queued = 0;
  Endpoints ends;     // kFinal
  u64 bytes_out = 0;  // kFinal: sent, retransmissions left out
  u64 bytes_in = 0;   // kFinal: received, the peer's FIN left out
  u8 old_state = 0;   // kFinal
  SenderKey sender;
};

// Parses one record of the ring; of an exec into `exec`. Total: any bytes give an event.
KernelEvent ParseKernelEvent(std::span<const std::byte> record, KernelExec* exec);

class KernelPrograms {
 public:
  // Of events that wait: an exec takes 1 KB, a close 100 bytes. They are read with each exec and
  // each destroy message, and once it is half full.
  static constexpr u32 kRingBytes = 1 << 20;

  // Loads what it may: each program by itself. `btf_path`: the kernel's types. `ring_bytes`: a
  // power of two, at least a page.
  explicit KernelPrograms(const char* btf_path, u32 ring_bytes = kRingBytes);

  bool has_finals() const { return static_cast<bool>(finals_.attached); }
  bool has_senders() const { return static_cast<bool>(senders_.attached); }
  bool has_execs() const { return static_cast<bool>(execs_.attached); }
  // Why what is missing is missing, in one line; empty when nothing is.
  const std::string& why() const { return why_; }

  // Readable once the ring is half full. Else nobody is woken: it is read when another thing wakes.
  int descriptor() const { return ring_.descriptor(); }
  // Hands out each record as it is in the ring, for ParseKernelEvent, in the order of its writing.
  template <typename Handle>
  void Take(Handle handle) {
    ring_.Take(handle);
  }

  // Events that found the ring full, and runs that the kernel left out, since the last call.
  u64 TakeDropped();
  // Sends that found the map of sums full, since the last call.
  SenderSum TakeUnnamed();

  struct Sent {
    SenderKey key;
    SenderSum sum;
  };
  // The sums by sender since each was first told (kSender), in no certain order.
  void ReadSenders(std::vector<Sent>* all) const;
  // Forgets a sum that rises no more.
  void ForgetSender(const SenderKey& key) { DeleteFromBpfMap(sums_.get(), &key); }

 private:
  struct Program {
    Fd loaded;
    Fd attached;
  };
  // What the programs count for us; the one element of an array.
  struct Counters {
    u64 dropped = 0;
    u64 unnamed_bytes = 0;
    u64 unnamed_sends = 0;
  };
  class Maker;

  const u32 ring_bytes_;
  BpfRing ring_;
  Fd counters_;
  Fd writers_;  // who writes to a socket, by its cookie
  Fd sums_;     // SenderSum by SenderKey
  Program finals_, senders_, execs_;
  std::string why_;
  Counters told_;
  u64 missed_told_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_PROGRAMS_H_
