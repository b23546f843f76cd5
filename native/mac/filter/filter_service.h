// The extension's one service for as long as its program runs: the ledger that provider threads
// push into, and the uplink that brings it to the daemon. Providers come and go; this stays.
//
// Threads: Get, ledger()->Push and statistics() from any, also from within handleNewFlow: they do
// not wait. Everything else happens on queue(), which is serial.
#ifndef FRESHET_MAC_FILTER_FILTER_SERVICE_H_
#define FRESHET_MAC_FILTER_FILTER_SERVICE_H_

#include <dispatch/dispatch.h>

#include <atomic>
#include <functional>

#include "mac/filter/flow_ledger.h"
#include "mac/filter/uplink.h"
#include "mac/filter/xpc_transport.h"

namespace freshet {

class FilterService {
 public:
  // Made, and set going, by the first call: main's, before there is a provider.
  static FilterService& Get();

  dispatch_queue_t queue() const { return queue_; }
  FlowLedger* ledger() { return &ledger_; }
  // As the daemon said last; kLow until it said anything.
  Statistics statistics() const { return statistics_.load(std::memory_order_relaxed); }

  // The provider stops. On queue().
  void Stopped();

  // Whom to tell when that changes, in place of who was told before. On queue(), as are the calls.
  void OnStatistics(std::function<void(Statistics)> changed) { changed_ = std::move(changed); }

 private:
  FilterService();

  const dispatch_queue_t queue_;
  FlowLedger ledger_;
  std::atomic<Statistics> statistics_{Statistics::kLow};
  std::function<void(Statistics)> changed_;
  XpcTransport transport_;
  Uplink uplink_;
  dispatch_source_t timer_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_FILTER_SERVICE_H_
