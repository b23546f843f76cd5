// The filter and the daemon over a wire that loses, repeats and changes what it carries, and with
// daemons that end: what is told adds up to what was reported.
#include "check.h"
#include "pair.h"

namespace freshet {
namespace {

// Everything at once, then a while without faults: each byte that was reported is told, once, and
// what was dropped is told as a number.
void AddsUpOverABadWire(u64 seed, bool daemons_end) {
  Pair pair({.queue_slots = 256, .seed = seed}, 1 << 20, seed);
  Traffic traffic(seed, {.uuids = 100 + seed * 97 % 900});
  Random random(seed);
  pair.now_ns = traffic.now_ns();
  pair.again = daemons_end;
  for (u64 second = 0; second < 400; second++) {
    pair.wire.faults = {.lost_message = 12, .lost_answer = 6, .twice = 5, .changed = 9, .cut = 15};
    const u64 burst = random.Below(40) == 0 ? 2'000 : random.Below(100);
    for (u64 step = 0; step < burst; step++) traffic.Step(&pair.ledger);
    pair.drains = random.Below(10) != 0;
    pair.now_ns = traffic.now_ns();
    if (daemons_end && random.Below(25) == 0) {
      pair.daemon->Drain(&pair.told, true);
      pair.EndDaemon();
      pair.Pass(random.Below(20));
      pair.StartDaemon();
    }
    pair.Pass(1);
    traffic.Pass(pair.now_ns - traffic.now_ns());
  }
  pair.wire.faults = {};
  pair.drains = true;
  pair.Pass(200);
  const FlowLedger::Counters counters = pair.ledger.counters();
  CHECK(pair.ledger.waiting_flows() == 0);
  CHECK(counters.told == pair.uplink.counters().delivered_reports);
  CHECK(pair.uplink.counters().refused_reports == 0);
  CHECK(counters.reports == counters.told + counters.repeated + counters.queue_full);
  CHECK(counters.queue_full > 0);
  const u64 told_dropped = pair.told.losses[k_loss_filter_queue];
  // A daemon that ends between taking a batch and answering it has told its counts; so does the
  // next.
  CHECK(daemons_end ? told_dropped >= counters.queue_full : told_dropped == counters.queue_full);
  // Dropped reports of open flows are made up for by later ones; of closes and beginnings they are
  // not, so the totals are at most the truth.
  const auto [out, in] = pair.told.Totals();
  CHECK(out <= traffic.total_out && in <= traffic.total_in);
  CHECK(out > traffic.total_out / 2);
}

// The same without a queue that overflows: nothing is missing at all.
void TellsEveryByteOverABadWire(u64 seed, bool daemons_end) {
  Pair pair({.seed = seed}, 1 << 20, seed);
  Traffic traffic(seed, {.uuids = 100 + seed * 97 % 900});
  Random random(seed);
  pair.now_ns = traffic.now_ns();
  pair.again = daemons_end;
  pair.wire.faults = {.lost_message = 12, .lost_answer = 6, .twice = 5, .changed = 9, .cut = 15};
  for (u64 second = 0; second < 400; second++) {
    for (u64 step = 0; step < random.Below(100); step++) CHECK(traffic.Step(&pair.ledger));
    pair.now_ns = traffic.now_ns();
    if (daemons_end && random.Below(25) == 0) {
      pair.daemon->Drain(&pair.told, true);
      pair.EndDaemon();
      pair.Pass(random.Below(20));
      pair.StartDaemon();
    }
    pair.Pass(1);
    traffic.Pass(pair.now_ns - traffic.now_ns());
  }
  pair.wire.faults = {};
  CHECK(traffic.CloseAll(&pair.ledger));
  pair.Pass(200);
  CHECK(pair.told.Totals() == std::pair(traffic.total_out, traffic.total_in));
  CHECK(pair.told.Open() == 0 && pair.uplink.counters().resent > 0);
  CHECK(pair.told.losses[k_loss_ring_full] == 0);
}

// The filter's program ends right after a stop: nothing waits for the next five seconds.
void TellsAtOnceWhatWaitsAtTheStop() {
  for (const bool in_flight : {false, true}) {
    Pair pair({.queue_slots = 8});
    pair.Report(1, FlowEvent::kNewFlow);
    pair.Pass(12);
    if (in_flight) {
      pair.Report(2, FlowEvent::kClosed, 700);
      pair.now_ns += Uplink::kBatchNs;
      pair.uplink.Tick(pair.now_ns);  // sent, and its answer still to come
    }
    pair.Report(1, FlowEvent::kClosed, 5'000);
    for (u64 uuid = 100; uuid < 120; uuid++) pair.Report(uuid, FlowEvent::kNewFlow);
    const u64 dropped = pair.ledger.counters().queue_full;
    CHECK(dropped > 0);
    pair.uplink.Stopped(pair.now_ns);
    pair.wire.Pump(&pair.uplink, pair.now_ns);
    pair.daemon->Drain(&pair.told);
    CHECK(pair.told.Totals().first == (in_flight ? 5'700 : 5'000));
    CHECK(pair.told.losses[k_loss_filter_queue] == dropped);
  }
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TellsAtOnceWhatWaitsAtTheStop();
  for (u64 seed = 1; seed <= Times(2, 6); seed++)
    for (const bool daemons_end : {false, true}) {
      AddsUpOverABadWire(seed, daemons_end);
      TellsEveryByteOverABadWire(seed, daemons_end);
    }
  std::puts("wire: ok");
}
