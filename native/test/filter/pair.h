// A filter and a daemon, with a wire between them.
#ifndef FRESHET_TEST_FILTER_PAIR_H_
#define FRESHET_TEST_FILTER_PAIR_H_

#include <memory>
#include <utility>

#include "check.h"
#include "drain.h"
#include "told.h"
#include "traffic.h"
#include "wire.h"

namespace freshet {

struct Pair {
  explicit Pair(LedgerOptions ledger_options = {}, size_t ring_bytes = 1 << 20, u64 seed = 1)
      : ledger(std::move(ledger_options)),
        wire(seed),
        uplink(&ledger, &wire,
               {.run = 42, .extension_version = "1.2.3", .on_statistics = [this](Statistics now) {
                  statistics = now;
                  changes++;
                }}) {
    StartDaemon(ring_bytes);
  }

  void StartDaemon(size_t ring_bytes = 1 << 20) {
    daemon = std::make_unique<Daemon>(ring_bytes, [this](u64 peer) { wire.OnCancel(peer); });
    daemon->intake.Start(now_ns);
    wire.daemon = daemon.get();
  }

  void EndDaemon() {
    wire.EndDaemon();
    daemon.reset();
  }

  // A second at a time, as both sides' timers have it.
  void Pass(u64 seconds) {
    for (u64 second = 0; second < seconds; second++) {
      now_ns += kSecond;
      wire.now_ns = now_ns;
      uplink.Tick(now_ns);
      wire.Pump(&uplink, now_ns);
      if (daemon != nullptr) {
        daemon->intake.Tick(now_ns);
        wire.Pump(&uplink, now_ns);
        if (drains) daemon->Drain(&told, again);
      }
    }
  }

  void Report(u64 uuid, FlowEvent event, u64 out = 0) {
    const auto token = Token(77, 3);
    FlowReport report;
    report.uuid = Uuid(uuid);
    report.event = event;
    report.direction = k_direction_outbound;
    report.protocol = 6;
    report.bytes_out = out;
    report.app_token = token;
    report.remote = {"192.0.2.9", "443"};
    report.at_ns = now_ns;
    ledger.Push(report);
  }

  u64 now_ns = kStartNs;
  Statistics statistics = Statistics::kLow;
  u64 changes = 0;
  FlowLedger ledger;
  Wire wire;
  Uplink uplink;
  std::unique_ptr<Daemon> daemon;
  Told told;
  bool drains = true;
  bool again = false;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_PAIR_H_
