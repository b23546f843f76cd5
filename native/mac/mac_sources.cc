// macOS has four sources: Endpoint Security tells of processes, the content filter of flows. What
// wants no entitlement and no approval tells the same: NetworkStatistics of flows, and the list of
// processes, which is asked at once for those of new flows (SourceOptions::wanted_pids).
#include "mac/boot_session.h"
#include "mac/endpoint_security.h"
#include "mac/flow_listener.h"
#include "mac/polling/polling_source.h"
#include "mac/statistics/statistics_source.h"
#include "source.h"

namespace freshet {

std::span<const SourceKind> PlatformSources() {
  static constexpr SourceKind kSources[] = {
      {"endpoint_security", k_source_endpoint_security, MakeEndpointSecuritySource},
      {"filter", k_source_filter, MakeFlowListener},
      {"network_statistics", k_source_network_statistics, MakeNetworkStatistics},
      {"polling", k_source_polling, MakePollingSource}};
  return kSources;
}

void PlatformBootId(u8* out) { ReadBootId(out); }

}  // namespace freshet
