#include "mac/endpoint_security.h"

#include <pthread.h>
#include <signal.h>

namespace freshet {
namespace {

void NameThread() {
#ifdef __APPLE__
  pthread_setname_np("freshet-es");
#else
  pthread_setname_np(pthread_self(), "freshet-es");
#endif
}

}  // namespace

EndpointSecuritySource::EndpointSecuritySource(Ring* ring, SourceOptions options,
                                               EsOptions es_options)
    : ring_(ring), options_(std::move(options)), es_options_(std::move(es_options)) {}

EndpointSecuritySource::~EndpointSecuritySource() { Stop(); }

bool EndpointSecuritySource::Start() {
  requests_.stop.store(false);
  requests_.enumerate.store(false);
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    NameThread();
    EsReader reader(ring_, options_, es_options_, bell_, &requests_);
    reader.Run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void EndpointSecuritySource::RequestEnumerate() {
  requests_.enumerate.store(true);
  bell_->Ring();
}

void EndpointSecuritySource::Stop() {
  if (!thread_.joinable()) return;
  requests_.stop.store(true);
  bell_->Ring();
  thread_.join();
}

}  // namespace freshet
