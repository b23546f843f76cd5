// The one place that talks to Endpoint Security: a client that is subscribed to kEsEvents, and its
// block.
//
// Threads: opened, closed and destroyed on one thread, as es_delete_client wants it. The handler is
// called on the client's own serial queue.
#ifndef FRESHET_MAC_ES_CLIENT_H_
#define FRESHET_MAC_ES_CLIENT_H_

#include <EndpointSecurity/EndpointSecurity.h>

#include <memory>

#include "mac/es_answer.h"
#include "mac/es_handler.h"

namespace freshet {

class EsClient {
 public:
  EsClient() = default;
  EsClient(const EsClient&) = delete;
  EsClient& operator=(const EsClient&) = delete;
  ~EsClient() { Close(); }

  // Makes a client whose messages go to `handler`, leaves this process's own events out and
  // subscribes. Messages may come before it returns. REQUIRES: not open.
  EsAnswer Open(const std::shared_ptr<EsHandler>& handler);

  // No message is subscribed to any more; the block, and with it its hold of the handler, is the
  // system's to release. Idempotent.
  void Close();

  bool is_open() const { return client_ != nullptr; }

 private:
  es_client_t* client_ = nullptr;
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_CLIENT_H_
