// The Endpoint Security source over the Mac itself.
#include "mac/endpoint_security.h"

namespace freshet {

std::unique_ptr<Source> MakeEndpointSecuritySource(Ring* ring, SourceOptions options) {
  EsOptions es_options;
  es_options.tell_running = [api = std::shared_ptr<RunningApi>(MakeRunningApi())](
                                const IsTold& is_told, const TellExec& tell,
                                const TellCode& tell_code) {
    return TellRunning(api.get(), is_told, tell, tell_code).error;
  };
  return std::make_unique<EndpointSecuritySource>(ring, std::move(options), std::move(es_options));
}

}  // namespace freshet
