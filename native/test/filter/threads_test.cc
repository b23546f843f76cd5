// The hand-over between the provider's threads and the ledger's.
#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "drain.h"

namespace freshet {
namespace {

// Several provider threads and the ledger's, which takes batches meanwhile.
void TakesReportsFromSeveralThreads() {
  constexpr u64 kThreads = 3;
  constexpr u64 kFlows = 300;
  constexpr u64 kRounds = 60;
  std::atomic<u64> pressed{0};
  FlowLedger ledger({.queue_slots = 1'024, .on_pressure = [&] { pressed.fetch_add(1); }});
  std::atomic<u64> dropped{0};
  std::atomic<u64> running{kThreads};
  std::vector<std::thread> threads;
  for (u64 thread = 0; thread < kThreads; thread++)
    threads.emplace_back([&, thread] {
      Reporter report{&ledger};
      for (u64 round = 1; round <= kRounds; round++)
        for (u64 flow = 0; flow < kFlows; flow++) {
          const u64 at_ns = kStartNs + round * kSecond;
          const auto event = round == kRounds ? FlowEvent::kClosed : FlowEvent::kStatistics;
          while (!report(thread * kFlows + flow, event, at_ns, round * 10, round)) {
            dropped.fetch_add(1);
            std::this_thread::yield();
          }
        }
      running.fetch_sub(1);
    });
  Told told;
  while (running.load() > 0) Drain(&ledger, kStartNs + kSecond * kRounds, &told);
  for (std::thread& thread : threads) thread.join();
  Drain(&ledger, kStartNs + kSecond * kRounds, &told);
  CHECK(told.Totals() == Sum(kThreads * kFlows * kRounds * 10, kThreads * kFlows * kRounds));
  CHECK(told.Open() == 0 && told.flows.size() == kThreads * kFlows);
  const FlowLedger::Counters counters = ledger.counters();
  CHECK(counters.queue_full == dropped.load() && pressed.load() > 0);
  CheckSum(ledger, kThreads * kFlows * kRounds + dropped.load());
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TakesReportsFromSeveralThreads();
  std::puts("threads: ok");
}
