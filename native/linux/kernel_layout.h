// What our programs in the kernel and the agent both know byte by byte: records of the ring, and
// the values of the maps. Whoever reads the ring parses them with kernel_event.h.
#ifndef FRESHET_LINUX_KERNEL_LAYOUT_H_
#define FRESHET_LINUX_KERNEL_LAYOUT_H_

#include "linux/kernel_event.h"

namespace freshet {

inline constexpr u32 kKindExec = 1, kKindFinal = 2, kKindWriter = 3, kKindSender = 4,
                     kKindSubflow = 5, kKindMptcpWriter = 6;

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
  u64 folder_ino;
  u32 folder_dev;
  u32 uid;  // effective
  char text[KernelExec::kArgvBytesMax];
};
struct FinalEvent {
  EventHead head;
  u64 skaddr, cookie;
  u64 sent, resent, acked, received;
  u64 flags;  // of the socket
  // Of the MPTCP connection that it is a subflow of: each byte once, and those that were sent again
  // beyond what its subflows did each; not 0 once all that a subflow had under way was given to
  // others, which neither count has.
  u64 mptcp_sent, mptcp_resent, mptcp_received, mptcp_recovered;
  u32 data_segs_in;
  u32 send_next, send_unacked;  // sequence numbers: between them is what nobody has acknowledged
  u16 family;
  u16 local_port, remote_port;  // network byte order
  u8 old_state;
  u8 is_mptcp;  // 0 or 1
  u8 reserved[4];
  u8 local[16], remote[16];  // IPv4 in the first four
};
struct WriterEvent {
  EventHead head;
  u64 skaddr, cookie;  // of MPTCP the connection's; kKindSubflow: the connection's, the subflow's
  u64 queued;
};
struct SenderEvent {
  EventHead head;
  SenderKey key;
};
static_assert(sizeof(ExecEvent) % 8 == 0 && sizeof(FinalEvent) % 8 == 0);
static_assert(sizeof(SenderKey) == 24 && sizeof(SenderSum) == 16);

// What the walk to a task writes of it; nothing of a kernel thread.
struct RunningAnswer {
  u32 file_flags;  // f_flags of the file that /proc/PID/exe leads to
  u32 level;       // of the user namespace of whoever opened it: 0 is the first
  u64 handlers;    // not 0: that namespace has a list of its own of what runs which format
};

// Who writes to a socket, by its cookie.
struct Writer {
  u64 who;  // pid, exec_id above it; 0: nobody yet
  u64 start_ns;
  u64 queued;
  u64 changed_ns;
  u64 changes;
};

// What the programs count for us; the one element of an array.
struct KernelCounters {
  u64 dropped = 0;
  u64 unnamed_bytes = 0;
  u64 unnamed_sends = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_LAYOUT_H_
