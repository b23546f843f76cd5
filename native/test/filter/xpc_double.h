// The other end of the double of libxpc: launchd's list of services, and clients.
//
// It fails the test when a connection is misused: activated without a handler, given its code
// requirement too late or twice, released while inactive.
#ifndef FRESHET_TEST_FILTER_XPC_DOUBLE_H_
#define FRESHET_TEST_FILTER_XPC_DOUBLE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct _xpc_connection_s;

namespace freshet::xpc_double {

// What launchd gives listeners from now on; "" gives none.
void Advertise(const std::string& service);
// The requirement that it refuses to parse; "" for none.
void RefuseRequirement(const std::string& requirement);
// Queues, timers, connections and messages that are there now.
int Objects();

// A peer of the service. Its calls wait for their effect.
class Client {
 public:
  // `meets`: the requirement that its code satisfies; `euid`: whose it is.
  Client(const std::string& service, std::string meets, unsigned euid = 0);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Whether anybody listened when it was made.
  bool found() const { return peer_ != nullptr; }
  // The answer's bytes; nothing when the connection ended instead, or had ended. `key` is the
  // dictionary's one member.
  std::optional<std::vector<std::byte>> Send(std::span<const std::byte> bytes,
                                             const char* key = "m");
  // A message that awaits no answer; answers whether the connection goes on after it.
  bool SendOneWay(std::span<const std::byte> bytes);
  // Ends the connection from this side.
  void Close();

 private:
  std::optional<std::vector<std::byte>> Deliver(std::span<const std::byte> bytes, const char* key,
                                                bool awaits);

  _xpc_connection_s* peer_ = nullptr;  // the daemon's object for it
};

}  // namespace freshet::xpc_double

#endif  // FRESHET_TEST_FILTER_XPC_DOUBLE_H_
