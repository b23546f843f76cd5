#include "mac/endpoint_security.h"

namespace freshet {

EndpointSecuritySource::EndpointSecuritySource(Ring* ring, SourceOptions options,
                                               EsOptions es_options)
    : ring_(ring), options_(std::move(options)), es_options_(std::move(es_options)) {}

EndpointSecuritySource::~EndpointSecuritySource() { Stop(); }

bool EndpointSecuritySource::Start() {
  requests_.stop.store(false);
  requests_.enumerate.store(false);
  return thread_.Start("freshet-es", [this] {
    EsReader reader(ring_, options_, es_options_, bell_, &requests_);
    reader.Run();
  });
}

void EndpointSecuritySource::RequestEnumerate() {
  requests_.enumerate.store(true);
  bell_->Ring();
}

void EndpointSecuritySource::Stop() {
  if (!thread_.running()) return;
  requests_.stop.store(true);
  bell_->Ring();
  thread_.Join();
}

}  // namespace freshet
