// macOS has two sources: Endpoint Security tells of processes, the content filter of flows.
#include "mac/endpoint_security.h"
#include "source.h"

namespace freshet {

std::span<const SourceKind> PlatformSources() {
  static constexpr SourceKind kSources[] = {
      {"endpoint_security", k_source_endpoint_security, MakeEndpointSecuritySource}};
  return kSources;
}

}  // namespace freshet
