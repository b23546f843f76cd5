// A report as it waits between the provider's threads and the ledger's: all of it is read, nothing
// is borrowed, and its size is fixed.
#ifndef FRESHET_MAC_FILTER_QUEUED_REPORT_H_
#define FRESHET_MAC_FILTER_QUEUED_REPORT_H_

#include <array>

#include "mac/filter/endpoint_text.h"
#include "mac/filter/flow_report.h"
#include "record.h"

namespace freshet {

// A process image within a boot; pid 0 means "not known".
struct ProcessId {
  u32 pid;
  u32 version;
  bool operator==(const ProcessId&) const = default;
};

// Trivial, so that a queue of them touches no memory before it is used.
struct QueuedReport {
  std::array<u8, 16> uuid;
  u64 at_ns;
  u64 bytes_out;
  u64 bytes_in;
  AddressBytes remote;
  AddressBytes local;
  ProcessId app;    // pid 0 when the token was absent, of a wrong length or of nobody
  ProcessId maker;  // likewise
  u16 remote_port;
  u16 local_port;
  FlowEvent event;
  u8 direction;
  u8 protocol;
  bool has_remote;
  bool has_local;
  u8 hostname_bytes;
  char hostname[255];

  // Whether the counters mean something.
  bool counts() const { return event == FlowEvent::kStatistics || event == FlowEvent::kClosed; }

  // Becomes `report`; a bounded amount of work. False when the text of an endpoint could not be
  // read: the rest is kept all the same.
  bool Keep(const FlowReport& report);
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_QUEUED_REPORT_H_
