// The Linux source's tables together, and what a test tells them.
#ifndef FRESHET_TEST_TABLES_H_
#define FRESHET_TEST_TABLES_H_

#include <unistd.h>

#include "emitted.h"
#include "linux/flow_table.h"
#include "linux/kernel_event.h"

namespace freshet {

inline Endpoints Ends(u16 local_port) {
  const u8 loopback[4] = {127, 0, 0, 1};
  Endpoints ends;
  ends.local = ends.remote = MappedV4(loopback);
  ends.local_port = local_port;
  ends.remote_port = 443;
  return ends;
}

inline DiagSocket Socket(u64 cookie, u16 local_port, u64 bytes_out) {
  DiagSocket socket;
  socket.cookie = cookie;
  socket.ends = Ends(local_port);
  socket.state = kTcpEstablished;
  socket.has_counters = true;
  socket.bytes_out = bytes_out;
  return socket;
}

inline PerfEvent StateOf(u64 skaddr, u16 local_port, u8 from, u8 to) {
  PerfEvent event;
  event.kind = PerfEvent::Kind::kSocketState;
  event.pid = event.tid = static_cast<u32>(getpid());
  event.skaddr = skaddr;
  event.old_state = from;
  event.new_state = to;
  event.ends = Ends(local_port);
  return event;
}

inline KernelEvent FinalOf(u64 skaddr, u64 cookie, u16 local_port, u64 bytes_out) {
  KernelEvent event;
  event.kind = KernelEvent::Kind::kFinal;
  event.skaddr = skaddr;
  event.cookie = cookie;
  event.ends = Ends(local_port);
  event.bytes_out = bytes_out;
  return event;
}

struct Tables {
  explicit Tables(ProcessTable::Options processes = {}, ConnectionTable::Options connections = {},
                  FlowTable::Options flows = {})
      : processes_(told.emitter(), processes),
        connections_(&processes_, told.emitter(), connections),
        flows_(&processes_, &connections_, told.emitter(), flows) {}
  Told told;
  ProcessTable processes_;
  ConnectionTable connections_;
  FlowTable flows_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_TABLES_H_
