// What the filter's provider makes of Apple's numbers, and which rule it asks for.
#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "mac/filter/provider_facts.h"

namespace freshet {
namespace {

void ReadsApplesNumbers() {
  CHECK(DirectionOf(0) == k_direction_unknown && DirectionOf(1) == k_direction_inbound);
  CHECK(DirectionOf(2) == k_direction_outbound && DirectionOf(3) == k_direction_unknown);
  // Asked about both directions: what a peer fetches from a program that listens is sent as well.
  CHECK(kWatchedDirection != kAppleInbound && kWatchedDirection != kAppleOutbound);
  CHECK(EventOf(1) == FlowEvent::kAnnounced && EventOf(3) == FlowEvent::kClosed);
  CHECK(EventOf(4) == FlowEvent::kStatistics);
  for (const long other : {0L, 2L, 5L, -1L}) CHECK(!EventOf(other));
  CHECK(ProtocolOf(6, 1) == 6 && ProtocolOf(17, 2) == 17 && ProtocolOf(255, 3) == 255);
  CHECK(ProtocolOf(0, 1) == 6 && ProtocolOf(0, 2) == 17 && ProtocolOf(0, 3) == 0);
  CHECK(ProtocolOf(256, 1) == 0 && ProtocolOf(-1, 2) == 0);
}

void ReportsAsOftenAsAsked() {
  CHECK(!ReportingFor(Statistics::kOff).reports && ReportingFor(Statistics::kOff).frequency == 0);
  CHECK(ReportingFor(Statistics::kLow).reports && ReportingFor(Statistics::kLow).frequency == 1);
  CHECK(ReportingFor(Statistics::kMedium).frequency == 2);
  CHECK(ReportingFor(Statistics::kHigh).frequency == 3);
  CHECK(!ReportingFor(static_cast<Statistics>(9)).reports);
}

void OpensOnce() {
  for (int round = 0; round < 200; round++) {
    OnceGate gate;
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; thread++)
      threads.emplace_back([&] {
        if (gate.Pass()) passed++;
      });
    for (std::thread& thread : threads) thread.join();
    CHECK(passed == 1);
  }
}

void AppliesOneRuleAtATime() {
  RuleKeeper rules;
  CHECK(!rules.Applied());  // nothing was wanted yet
  CHECK(rules.Want(Statistics::kLow) == FilterRule::kWatch);
  CHECK(!rules.Want(Statistics::kHigh));  // the same rule, and it is being applied
  CHECK(!rules.Want(Statistics::kOff));   // later
  CHECK(rules.Applied() == FilterRule::kAllow);
  CHECK(!rules.Want(Statistics::kMedium));
  CHECK(!rules.Want(Statistics::kOff));  // changed its mind in time
  CHECK(!rules.Applied());
  CHECK(rules.Want(Statistics::kLow) == FilterRule::kWatch);
  rules.Forget();  // the filter stopped in between, and starts again
  CHECK(rules.Want(Statistics::kLow) == FilterRule::kWatch);

  // Whatever is wanted when: never two at once, and in the end the last that was wanted.
  Random random(7);
  for (int round = 0; round < 10'000; round++) {
    RuleKeeper keeper;
    std::optional<FilterRule> applying, in_force, wanted;
    const auto take = [&](std::optional<FilterRule> rule) {
      if (!rule) return;
      CHECK(!applying);
      applying = rule;
    };
    const auto end = [&] {
      in_force = applying;
      applying.reset();
      take(keeper.Applied());
    };
    for (int step = 0; step < 20; step++) {
      if (random.Below(2) == 0) {
        const auto statistics = static_cast<Statistics>(random.Below(4));
        wanted = statistics == Statistics::kOff ? FilterRule::kAllow : FilterRule::kWatch;
        take(keeper.Want(statistics));
      } else if (applying) {
        end();
      }
    }
    while (applying) end();
    CHECK(in_force == wanted);
  }
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsApplesNumbers();
  ReportsAsOftenAsAsked();
  OpensOnce();
  AppliesOneRuleAtATime();
  std::puts("provider: ok");
}
