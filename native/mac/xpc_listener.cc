#include "mac/xpc_listener.h"

#include <dispatch/dispatch.h>
#include <errno.h>
#include <os/log.h>
#include <xpc/xpc.h>

#include <map>
#include <utility>

namespace freshet {
namespace {

// docs/filter-protocol.md: the one member of a message.
constexpr char kMessageKey[] = "m";

}  // namespace

class XpcListener::Service final : public std::enable_shared_from_this<Service> {
 public:
  Service(dispatch_queue_t queue, Handler* handler, const std::string& requirement)
      : queue_(queue), handler_(handler), requirement_(requirement) {}
  ~Service() { dispatch_release(queue_); }

  dispatch_queue_t queue() const { return queue_; }

  void Listen(const std::string& name) {
    const auto self = shared_from_this();
    listener_ = xpc_connection_create_mach_service(name.c_str(), queue_,
                                                   XPC_CONNECTION_MACH_SERVICE_LISTENER);
    xpc_connection_set_event_handler(listener_, ^(xpc_object_t event) {
      if (xpc_get_type(event) == XPC_TYPE_CONNECTION) return self->Accept(event);
      // Any other event of a listener is its end: launchd has no such service for this job.
      if (self->handler_ != nullptr) self->handler_->NoService();
    });
    timer_ = dispatch_source_create(DISPATCH_SOURCE_TYPE_TIMER, 0, 0, queue_);
    dispatch_source_set_timer(timer_, dispatch_time(DISPATCH_TIME_NOW, NSEC_PER_SEC), NSEC_PER_SEC,
                              NSEC_PER_SEC / 10);
    dispatch_source_set_event_handler(timer_, ^{
      if (self->handler_ != nullptr) self->handler_->Tick();
    });
    dispatch_activate(timer_);
    xpc_connection_activate(listener_);
  }

  // The queue, from here on.

  void Cancel(Peer peer) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    xpc_connection_t connection = found->second;
    peers_.erase(found);
    xpc_connection_cancel(connection);
    xpc_release(connection);
  }

  // The blocks of the two hold this object until they are cancelled.
  void End() {
    handler_ = nullptr;
    while (!peers_.empty()) Cancel(peers_.begin()->first);
    dispatch_source_cancel(timer_);
    dispatch_release(timer_);
    xpc_connection_cancel(listener_);
    xpc_release(listener_);
  }

 private:
  void Accept(xpc_object_t event) {
    const auto connection = static_cast<xpc_connection_t>(event);
    // One that is not accepted is only cancelled: XPC disposes of it (xpc/connection.h).
    if (handler_ == nullptr) return xpc_connection_cancel(connection);
    // The filter is root's. XPC judges a peer's code by its first message alone, so that any user's
    // program could take the few places by saying nothing.
    if (xpc_connection_get_euid(connection) != 0) {
      handler_->Stranger(kNobody);
      return xpc_connection_cancel(connection);
    }
    if (xpc_connection_set_peer_code_signing_requirement(connection, requirement_.c_str()) != 0) {
      os_log_fault(OS_LOG_DEFAULT, "macOS refused the network filter's code requirement");
      return xpc_connection_cancel(connection);
    }
    const Peer peer = ++last_peer_;
    if (!handler_->Came(peer)) return xpc_connection_cancel(connection);
    xpc_retain(connection);
    peers_.emplace(peer, connection);
    const auto self = shared_from_this();
    xpc_connection_set_target_queue(connection, queue_);
    xpc_connection_set_event_handler(connection, ^(xpc_object_t said) {
      self->Hear(peer, said);
    });
    xpc_connection_activate(connection);
  }

  void Hear(Peer peer, xpc_object_t event) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    if (xpc_get_type(event) == XPC_TYPE_DICTIONARY) return Take(peer, found->second, event);
    // Every error is a connection's end, also XPC_ERROR_TERMINATION_IMMINENT.
    const bool is_stranger = event == XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT;
    Cancel(peer);
    if (is_stranger)
      handler_->Stranger(peer);
    else
      handler_->Gone(peer);
  }

  void Take(Peer peer, xpc_connection_t connection, xpc_object_t message) {
    size_t size = 0;
    const void* bytes = nullptr;
    // What awaits no answer is no message of the filter's.
    xpc_object_t reply = xpc_dictionary_create_reply(message);
    if (reply != nullptr) bytes = xpc_dictionary_get_data(message, kMessageKey, &size);
    const std::optional<AnswerMessage> answer =
        handler_->Take(peer, {static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : size});
    if (reply == nullptr) return;
    if (answer) {
      xpc_dictionary_set_data(reply, kMessageKey, &*answer, sizeof(*answer));
      xpc_connection_send_message(connection, reply);
    }
    xpc_release(reply);
  }

  const dispatch_queue_t queue_;
  Handler* handler_;  // nullptr once it ended
  const std::string requirement_;
  xpc_connection_t listener_ = nullptr;
  dispatch_source_t timer_ = nullptr;
  std::map<Peer, xpc_connection_t> peers_;  // retained; as many as the handler lets come
  Peer last_peer_ = 0;
};

XpcListener::XpcListener(std::string service, std::string requirement)
    : service_(std::move(service)), requirement_(std::move(requirement)) {}

XpcListener::~XpcListener() { Stop(); }

bool XpcListener::Start(Handler* handler) {
  // None could be told from another's code.
  if (requirement_.empty()) {
    errno = EINVAL;
    return false;
  }
  dispatch_queue_t queue = dispatch_queue_create("org.freshet.flows", DISPATCH_QUEUE_SERIAL);
  if (queue == nullptr) {
    errno = ENOMEM;
    return false;
  }
  running_ = std::make_shared<Service>(queue, handler, requirement_);
  running_->Listen(service_);
  return true;
}

void XpcListener::Post(std::function<void()> task) {
  dispatch_async(running_->queue(), ^{
    task();
  });
}

void XpcListener::Cancel(Peer peer) { running_->Cancel(peer); }

void XpcListener::Stop() {
  if (running_ == nullptr) return;
  // What was posted before may still cancel connections.
  Service* const ending = running_.get();
  dispatch_sync(ending->queue(), ^{
    ending->End();
  });
  running_ = nullptr;
}

}  // namespace freshet
