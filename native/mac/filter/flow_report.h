// What the content filter tells of a flow, as plain values: all that crosses from Objective-C++
// into the ledger. Facts of NetworkExtension are from NEFilterFlow.h, NEFilterReport.h and XNU's
// bsd/net/content_filter.c.
#ifndef FRESHET_MAC_FILTER_FLOW_REPORT_H_
#define FRESHET_MAC_FILTER_FLOW_REPORT_H_

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "record.h"

namespace freshet {

enum class FlowEvent : u8 {
  kNewFlow,     // handleNewFlow: the one call that begins a flow
  kAnnounced,   // NEFilterReportEventNewFlow: the same flow once more; fills in what was missing
  kStatistics,  // NEFilterReportEventStatistics: counters, cumulative over the flow
  kClosed,      // NEFilterReportEventFlowClosed: final counters
};

// An NWHostEndpoint: its hostname (an address, or a name) and port. Both empty when the flow has
// none yet, which is ordinary in handleNewFlow.
struct EndpointText {
  std::string_view host;
  std::string_view port;
};

// Everything is borrowed for the call that is given it.
struct FlowReport {
  std::array<u8, 16> uuid{};  // NEFilterFlow.identifier
  FlowEvent event = FlowEvent::kStatistics;
  u8 direction = k_direction_unknown;  // CODE direction (numbered otherwise than Apple's)
  u8 protocol = 0;                     // IANA: NEFilterSocketFlow.socketProtocol
  u64 bytes_out = 0;                   // bytesOutboundCount; 0 with kNewFlow and kAnnounced
  u64 bytes_in = 0;                    // bytesInboundCount
  // The bytes of sourceAppAuditToken and sourceProcessAuditToken; empty when nil.
  std::span<const std::byte> app_token;
  std::span<const std::byte> process_token;
  std::string_view hostname;  // URL.host, else remoteHostname; empty when neither is there
  EndpointText remote;
  EndpointText local;
  u64 at_ns = 0;  // SinceBootNs() as the call began
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_FLOW_REPORT_H_
