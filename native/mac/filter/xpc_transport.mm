#include "mac/filter/xpc_transport.h"

#include <os/log.h>

#include <string>

#include "boot_clock.h"
#include "mac/identity.gen.h"
#include "mac/peer_requirement.h"

namespace freshet {
namespace {

// docs/filter-protocol.md: the one member of a message.
constexpr char kMessageKey[] = "m";

}  // namespace

void XpcTransport::Connect() {
  const u64 number = ++number_;
  const std::string requirement = PeerRequirement(kDaemonId, kTeamId, kSigning);
  connection_ = xpc_connection_create_mach_service(kDaemonService, queue_,
                                                   XPC_CONNECTION_MACH_SERVICE_PRIVILEGED);
  // Every event of a client's connection is its end: the daemon sends nothing by itself.
  xpc_connection_set_event_handler(connection_, ^(xpc_object_t) {
    Lose(number);
  });
  // Without it anybody who got hold of the name could listen in, so nothing is sent then.
  const bool is_guarded = !requirement.empty() && xpc_connection_set_peer_code_signing_requirement(
                                                      connection_, requirement.c_str()) == 0;
  xpc_connection_activate(connection_);
  if (is_guarded) return;
  os_log_fault(OS_LOG_DEFAULT, "macOS refused the daemon's code requirement");
  xpc_connection_cancel(connection_);
}

void XpcTransport::Send(std::array<std::span<const std::byte>, 2> parts) {
  message_.clear();
  for (const std::span<const std::byte> part : parts)
    message_.insert(message_.end(), part.begin(), part.end());
  xpc_object_t message = xpc_dictionary_create(nullptr, nullptr, 0);
  xpc_dictionary_set_data(message, kMessageKey, message_.data(), message_.size());
  const u64 number = number_;
  xpc_connection_send_message_with_reply(connection_, message, queue_, ^(xpc_object_t reply) {
    Take(reply, number);
  });
}

void XpcTransport::Cancel() {
  number_++;
  if (connection_ != nullptr) xpc_connection_cancel(connection_);
  connection_ = nullptr;
}

void XpcTransport::Lose(u64 number) {
  if (number != number_) return;
  Cancel();
  uplink_->Lost(SinceBootNs());
}

void XpcTransport::Take(xpc_object_t reply, u64 number) {
  if (number != number_) return;
  if (xpc_get_type(reply) != XPC_TYPE_DICTIONARY) return Lose(number);
  size_t size = 0;
  const void* bytes = xpc_dictionary_get_data(reply, kMessageKey, &size);
  // What is no message the uplink takes for the end of the connection.
  uplink_->Answered({static_cast<const std::byte*>(bytes), bytes == nullptr ? 0 : size},
                    SinceBootNs());
}

}  // namespace freshet
