// What our programs in the kernel tell through their ring, once parsed (kernel_programs.h).
#ifndef FRESHET_LINUX_KERNEL_EVENT_H_
#define FRESHET_LINUX_KERNEL_EVENT_H_

#include <cstddef>
#include <span>

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
    kWriter,  // another program than before writes to a TCP socket, or to a connection of MPTCP
    kSender,  // a process begins to send by sockets of another kind: `sender`
    kSubflow  // the TCP socket `cookie` begins to carry the connection of MPTCP `skaddr`
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
  // kFinal: a subflow of an MPTCP connection, whose counts are known. kWriter: such a connection.
  bool is_mptcp = false;
  // kFinal: and bytes may have been sent or got that another subflow's count has too. Then
  // bytes_out are what this one surely had.
  bool is_inexact = false;
  SenderKey sender;
};

// Parses one record of the ring; of an exec into `exec`. Total: any bytes give an event.
KernelEvent ParseKernelEvent(std::span<const std::byte> record, KernelExec* exec);

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_EVENT_H_
