#include "xpc_double.h"

#include <Block.h>
#include <xpc/xpc.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "check.h"
#include "dispatch_double.h"

using freshet::xpc_double::Answer;
using freshet::xpc_double::Bytes;
using freshet::xpc_double::Counted;
using freshet::xpc_double::RunOn;

struct _xpc_connection_s final : Counted {
  ~_xpc_connection_s() override {
    CHECK(is_active || is_cancelled);  // undefined by xpc/connection.h
    if (handler != nullptr) Block_release(handler);
    if (queue != nullptr) queue->Release();
  }
  // On its queue, unless it has ended.
  void Say(xpc_object_t event, bool is_end);

  std::string service;
  bool is_listener = false;
  std::string meets;  // of a peer: the requirement that its code satisfies
  uid_t euid = 0;     // of a peer
  std::string requirement;
  dispatch_queue_t queue = nullptr;
  xpc_handler_t handler = nullptr;
  std::atomic<bool> is_active{false};
  std::atomic<bool> is_cancelled{false};
  std::atomic<bool> has_ended{false};  // it was told so, or is about to be
};

namespace {

struct Dictionary final : Counted {
  // XPC tells who waits that nobody will answer any more.
  ~Dictionary() override {
    if (awaited != nullptr) awaited->Give(std::nullopt);
  }
  bool is_dictionary() const override { return true; }

  std::map<std::string, Bytes> members;
  std::shared_ptr<Answer> awaited;  // of a message that awaits one, until it has a reply
  std::shared_ptr<Answer> answers;  // of a reply
};

struct Error final {
} invalid, stranger;

std::mutex mutex;
std::string advertised;               // guarded by mutex
std::string refused_requirement;      // guarded by mutex
xpc_connection_t listener = nullptr;  // guarded by mutex; active
}  // namespace

const _xpc_type_s _xpc_type_connection, _xpc_type_dictionary, _xpc_type_error;
const xpc_object_t double_error_connection_invalid = &invalid;
const xpc_object_t double_error_peer_code_signing_requirement = &stranger;

// The end is told once, and nothing after it; then XPC lets go of a peer's connection, and of what
// the handler holds.
void _xpc_connection_s::Say(xpc_object_t event, bool is_end) {
  if (is_end && has_ended.exchange(true)) return;
  Retain();
  queue->Push([this, event, is_end] {
    if (is_end || !has_ended.load()) handler(event);
    if (is_end) {
      Block_release(handler);
      handler = nullptr;
      if (!is_listener) Release();
    }
    Release();
  });
}

xpc_type_t xpc_get_type(xpc_object_t object) {
  if (object == &invalid || object == &stranger) return XPC_TYPE_ERROR;
  return static_cast<Counted*>(object)->is_dictionary() ? XPC_TYPE_DICTIONARY : XPC_TYPE_CONNECTION;
}

xpc_object_t xpc_retain(xpc_object_t object) {
  static_cast<Counted*>(object)->Retain();
  return object;
}

void xpc_release(xpc_object_t object) { static_cast<Counted*>(object)->Release(); }

xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t queue,
                                                    uint64_t flags) {
  CHECK(flags == XPC_CONNECTION_MACH_SERVICE_LISTENER);
  auto* const made = new _xpc_connection_s;
  made->service = name;
  made->is_listener = true;
  queue->Retain();
  made->queue = queue;
  return made;
}

void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler) {
  CHECK(!connection->is_active.load() && connection->handler == nullptr);
  connection->handler = Block_copy(handler);
}

void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t queue) {
  CHECK(!connection->is_active.load() && connection->queue == nullptr);
  queue->Retain();
  connection->queue = queue;
}

int xpc_connection_set_peer_code_signing_requirement(xpc_connection_t connection,
                                                     const char* requirement) {
  CHECK(!connection->is_active.load() && connection->requirement.empty());
  const std::lock_guard lock(mutex);
  if (requirement == refused_requirement) return -1;
  connection->requirement = requirement;
  return 0;
}

uid_t xpc_connection_get_euid(xpc_connection_t connection) {
  CHECK(!connection->is_listener);  // it has no peer
  return connection->euid;
}

void xpc_connection_activate(xpc_connection_t connection) {
  CHECK(connection->handler != nullptr && connection->queue != nullptr);
  CHECK(!connection->is_active.exchange(true));
  if (!connection->is_listener) {
    CHECK(!connection->requirement.empty());
    return;
  }
  {
    const std::lock_guard lock(mutex);
    if (connection->service == advertised && listener == nullptr) {
      listener = connection;
      return;
    }
  }
  connection->Say(&invalid, true);
}

void xpc_connection_cancel(xpc_connection_t connection) {
  {
    const std::lock_guard lock(mutex);
    if (listener == connection) listener = nullptr;
  }
  if (connection->is_cancelled.exchange(true)) return;
  if (connection->is_active.load()) return connection->Say(&invalid, true);
  connection->has_ended.store(true);
  connection->Release();
}

void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message) {
  auto* const reply = static_cast<Dictionary*>(message);
  CHECK(reply->answers != nullptr);
  CHECK(reply->members.size() == 1);
  if (connection->is_cancelled || connection->has_ended) return reply->answers->Give(std::nullopt);
  reply->answers->Give(reply->members.begin()->second);
}

xpc_object_t xpc_dictionary_create_reply(xpc_object_t original) {
  auto* const message = static_cast<Dictionary*>(original);
  if (message->awaited == nullptr) return nullptr;
  auto* const reply = new Dictionary;
  reply->answers = message->awaited;
  return reply;
}

const void* xpc_dictionary_get_data(xpc_object_t dictionary, const char* key, size_t* length) {
  const auto& members = static_cast<Dictionary*>(dictionary)->members;
  if (!members.contains(key)) return nullptr;
  *length = members.at(key).size();
  return members.at(key).data();
}

void xpc_dictionary_set_data(xpc_object_t dictionary, const char* key, const void* bytes,
                             size_t length) {
  const auto* const first = static_cast<const std::byte*>(bytes);
  static_cast<Dictionary*>(dictionary)->members[key] = {first, first + length};
}

namespace freshet::xpc_double {

void Advertise(const std::string& service) {
  const std::lock_guard lock(mutex);
  advertised = service;
}

void RefuseRequirement(const std::string& requirement) {
  const std::lock_guard lock(mutex);
  refused_requirement = requirement;
}

int Objects() { return objects.load(); }

Client::Client(const std::string& service, std::string meets, unsigned euid) {
  xpc_connection_t found;
  {
    const std::lock_guard lock(mutex);
    if (listener == nullptr || listener->service != service) return;
    found = listener;
    found->Retain();
  }
  peer_ = new _xpc_connection_s;
  peer_->Retain();  // one is XPC's, one is this client's
  peer_->meets = std::move(meets);
  peer_->euid = euid;
  const dispatch_queue_t queue = found->queue;
  found->Say(peer_, false);
  RunOn(queue, [] {});
  // A listener that ended meanwhile was never told of it.
  if (!peer_->is_active.load()) xpc_connection_cancel(peer_);
  found->Release();
}

Client::~Client() {
  Close();
  if (peer_ != nullptr) peer_->Release();
}

std::optional<Bytes> Client::Send(std::span<const std::byte> bytes, const char* key) {
  return Deliver(bytes, key, true);
}

bool Client::SendOneWay(std::span<const std::byte> bytes) {
  Deliver(bytes, "m", false);
  return peer_ != nullptr && !peer_->has_ended.load();
}

void Client::Close() {
  if (peer_ == nullptr || !peer_->is_active.load()) return;
  peer_->Say(&invalid, true);
  RunOn(peer_->queue, [] {});
}

std::optional<Bytes> Client::Deliver(std::span<const std::byte> bytes, const char* key,
                                     bool awaits) {
  if (peer_ == nullptr || !peer_->is_active.load() || peer_->has_ended.load()) return std::nullopt;
  if (peer_->meets != peer_->requirement) {
    peer_->Say(&stranger, true);
    RunOn(peer_->queue, [] {});
    return std::nullopt;
  }
  auto* const message = new Dictionary;
  message->members[key] = {bytes.begin(), bytes.end()};
  const auto answer = awaits ? std::make_shared<Answer>() : nullptr;
  message->awaited = answer;
  peer_->Say(message, false);
  RunOn(peer_->queue, [message] { message->Release(); });
  return awaits ? answer->Wait() : std::nullopt;
}

}  // namespace freshet::xpc_double
