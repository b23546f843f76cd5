// The Endpoint Security source: what processes run on a Mac, from the kernel, as it happens.
//
// Two threads meet. Endpoint Security calls the client's handler on a queue of its own; there each
// message becomes a record in a ring of the handler's (es_handler.h). The source's own thread makes
// and deletes the client, passes those records on, and writes ticks, marks and the enumeration: it
// alone is the producer of the source's ring. Records are passed on some hundred times a second at
// most, or as soon as the handler's ring is half full.
//
// Order: subscribe, mark(start), the processes alive, mark(enumerated). A pid that an exec or exit
// told of since mark(start) is left out of the enumeration: the message is newer. An exec that is
// under way while the process is enumerated may come twice, first flagged enumerated, then as what
// happened; a fork is told again as what it runs, since its parent may not have been told yet.
//
// Without a client (no Full Disk Access, no entitlement, not root) it says so in mark(start),
// enumerates the processes alive that once, and asks again where asking can help (es_answer.h). It
// looks no more: the list of processes does, several times a second (polling/polling_source.h), and
// two who tell the same would only cost twice. After a loss the processes are enumerated anew, so
// that what was dropped is known again. A client that tells nothing while programs begin is given
// up for a new one (es_silence.h).
//
// Of the mark kinds it emits no `sleep`: that a machine slept is known when it wakes.
#ifndef FRESHET_MAC_ENDPOINT_SECURITY_H_
#define FRESHET_MAC_ENDPOINT_SECURITY_H_

#include <memory>

#include "mac/es_options.h"
#include "mac/es_reader.h"
#include "source.h"
#include "worker_thread.h"

namespace freshet {

class EndpointSecuritySource final : public Source {
 public:
  EndpointSecuritySource(Ring* ring, SourceOptions options, EsOptions es_options);
  ~EndpointSecuritySource() override;

  bool Start() override;
  void RequestEnumerate() override;
  void Stop() override;

 private:
  Ring* const ring_;
  const SourceOptions options_;
  const EsOptions es_options_;
  const std::shared_ptr<Bell> bell_ = std::make_shared<Bell>();
  EsRequests requests_;
  WorkerThread thread_;
};

// The source as it runs (make_endpoint_security.cc). `options.programs` is not used: the kernel's
// code directory hash names a program that is gone.
std::unique_ptr<Source> MakeEndpointSecuritySource(Ring* ring, SourceOptions options);

}  // namespace freshet

#endif  // FRESHET_MAC_ENDPOINT_SECURITY_H_
