// Perf ring records as plain values: what the Linux source asks perf_event_open(2) for, and nothing
// else.
#ifndef FRESHET_LINUX_PERF_RECORD_H_
#define FRESHET_LINUX_PERF_RECORD_H_

#include <cstddef>
#include <span>
#include <string_view>

#include "linux/endpoint.h"
#include "linux/tracefs.h"
#include "record.h"

namespace freshet {

// Where the fields of the tracepoints lie on this kernel; an id of 0 is a tracepoint it does not
// have.
struct TraceLayouts {
  struct {
    u16 id = 0;
    u16 filename = 0;  // __data_loc: u16 offset, u16 size
  } exec;
  struct {
    u16 id = 0;
    u16 skaddr = 0, old_state = 0, new_state = 0, local_port = 0, remote_port = 0;
    u16 protocol = 0, protocol_bytes = 0, local = 0, remote = 0;
    u16 bytes = 0;  // that a sample must have
  } state;
  struct {
    u16 id = 0;
    u16 skaddr = 0, cookie = 0;
    u16 bytes = 0;
  } destroy;
};

// Reads what this kernel has of sched:sched_process_exec, sock:inet_sock_set_state and
// tcp:tcp_destroy_sock.
TraceLayouts ReadTraceLayouts(const Tracefs& tracefs);

struct PerfEvent {
  enum class Kind : u8 {
    kOther,         // understood, of no use
    kMalformed,     // not understood
    kImage,         // a thread group begins a new program: PERF_RECORD_COMM of an exec
    kMap,           // an executable mapping: PERF_RECORD_MMAP2
    kFork,          // PERF_RECORD_FORK, threads too
    kExit,          // PERF_RECORD_EXIT, threads too
    kLost,          // PERF_RECORD_LOST
    kExec,          // sched:sched_process_exec
    kSocketState,   // sock:inet_sock_set_state of TCP
    kMptcpState,    // the same of a connection of MPTCP, whose first subflow has its ends
    kDestroySocket  // tcp:tcp_destroy_sock
  };
  Kind kind = Kind::kOther;
  u64 at_ns = 0;  // CLOCK_MONOTONIC
  u32 pid = 0;    // thread group; of kFork and kExit: the child's, the one that ended
  u32 tid = 0;
  u32 parent_pid = 0;     // kFork
  u64 dev = 0, ino = 0;   // kMap
  std::string_view path;  // kMap; kExec: as the caller gave it. Points into the parsed bytes
  u64 lost = 0;           // kLost
  u64 skaddr = 0;         // kSocketState, kDestroySocket: the kernel's address of the socket
  u64 cookie = 0;         // kDestroySocket
  u8 old_state = 0, new_state = 0;  // kSocketState, kMptcpState
  Endpoints ends;                   // kSocketState, kMptcpState
};

// Time of a record of a perf ring that was opened with PERF_SAMPLE_TID | PERF_SAMPLE_TIME
// (| PERF_SAMPLE_RAW) and sample_id_all; 0 when it has none.
u64 PerfRecordTimeNs(std::span<const std::byte> record);

// Parses one record. Total: any bytes give an event, kMalformed when they make no sense.
PerfEvent ParsePerfRecord(std::span<const std::byte> record, const TraceLayouts& layouts);

}  // namespace freshet

#endif  // FRESHET_LINUX_PERF_RECORD_H_
