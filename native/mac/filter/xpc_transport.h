// Carries the uplink's messages to the daemon over XPC (docs/filter-protocol.md): one connection to
// its privileged Mach service, of which nobody but our daemon can be the other end.
//
// Threads: the queue it is given, which is serial; the uplink is called back on it. Lives as long
// as the program.
#ifndef FRESHET_MAC_FILTER_XPC_TRANSPORT_H_
#define FRESHET_MAC_FILTER_XPC_TRANSPORT_H_

#include <dispatch/dispatch.h>
#include <xpc/xpc.h>

#include <vector>

#include "mac/filter/uplink.h"

namespace freshet {

class XpcTransport final : public UplinkTransport {
 public:
  explicit XpcTransport(dispatch_queue_t queue) : queue_(queue) {}

  // Whom to call back; before the first Connect.
  void Attach(Uplink* uplink) { uplink_ = uplink; }

  void Connect() override;
  void Send(std::array<std::span<const std::byte>, 2> parts) override;
  void Cancel() override;

 private:
  // Tells the uplink that connection `number` ended, unless that is known already.
  void Lose(u64 number);
  void Take(xpc_object_t reply, u64 number);

  const dispatch_queue_t queue_;
  Uplink* uplink_ = nullptr;
  xpc_connection_t connection_ = nullptr;
  // Of the connection: what is still said of an earlier one is passed over.
  u64 number_ = 0;
  std::vector<std::byte> message_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_XPC_TRANSPORT_H_
