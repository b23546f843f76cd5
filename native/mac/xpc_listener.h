// Carries the filter's messages to its listener over XPC (docs/filter-protocol.md): the daemon's
// Mach service, which launchd has to have given this job, and the connections that come to it.
//
// Each connection is given the filter's code requirement once, before it is activated: XPC then
// drops what comes from anybody else and ends the connection.
//
// Threads: Start, Post and Stop from the owner's; everything else happens on one serial queue. What
// XPC still says of a connection that is gone, or after Stop, reaches nobody.
#ifndef FRESHET_MAC_XPC_LISTENER_H_
#define FRESHET_MAC_XPC_LISTENER_H_

#include <memory>
#include <string>

#include "mac/flow_listener.h"

namespace freshet {

class XpcListener final : public FlowCarrier {
 public:
  // `requirement`: what a peer's code has to meet (peer_requirement.h). Without one it does not
  // start.
  XpcListener(std::string service, std::string requirement);
  ~XpcListener() override;

  bool Start(Handler* handler) override;
  void Post(std::function<void()> task) override;
  void Cancel(Peer peer) override;
  void Stop() override;

 private:
  // From a Start to its Stop. Blocks of XPC hold it: they may run later.
  class Service;

  const std::string service_;
  const std::string requirement_;
  std::shared_ptr<Service> running_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_XPC_LISTENER_H_
