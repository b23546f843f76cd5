// The ledger: what it makes of reports, that no byte is lost or told twice, and its bounds.
#include <vector>

#include "check.h"
#include "drain.h"
#include "mac/filter/flow_ledger.h"
#include "plain_ledger.h"
#include "told.h"
#include "traffic.h"

namespace freshet {
namespace {

using Key = std::pair<u64, u32>;

void TellsAFlowFromItsBeginningToItsClose() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  CHECK(report(1, FlowEvent::kNewFlow, kStartNs, 0, 0, {"192.0.2.9", "443"}, "host.example"));
  Drain(&ledger, kStartNs + kSecond, &told);
  CHECK(told.flows.size() == 1 && told.flow_records == 1);
  const auto key = told.flows.begin()->first;
  CHECK(told.flows[key].hostname == "host.example");
  CHECK(told.flows[key].last.header.at_ns == kStartNs && told.flows[key].last.pid == 77);
  CHECK(told.flows[key].last.remote_port == 443 && told.flows[key].last.pidversion == 3);
  CHECK(report(1, FlowEvent::kStatistics, kStartNs + 6 * kSecond, 10, 20));
  CHECK(report(1, FlowEvent::kStatistics, kStartNs + 11 * kSecond, 30, 20));
  Drain(&ledger, kStartNs + 12 * kSecond, &told);
  CHECK(told.flow_records == 2);  // the counters are cumulative: two reports fold into one record
  CHECK(told.Totals() == Sum(30, 20));
  CHECK(report(1, FlowEvent::kClosed, kStartNs + 20 * kSecond, 31, 20));
  Drain(&ledger, kStartNs + 21 * kSecond, &told);
  CHECK(told.flows[key].closed && !told.flows[key].inexact && told.Totals().first == 31);
  CHECK(ledger.counters().told == 4 && ledger.counters().reports == 4);
}

// A short flow within one batch: its bytes stand at its close, not at its opening.
void TellsAShortFlowInOrder() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(1, FlowEvent::kAnnounced, kStartNs + 1);
  report(1, FlowEvent::kClosed, kStartNs + kSecond, 500, 0);
  ledger.Collect(kStartNs + 2 * kSecond);
  FlowBatch batch;
  ledger.TakeBatch(kStartNs + 2 * kSecond, &batch);
  CHECK(batch.records() == 3 && batch.reports == 2 && ledger.counters().repeated == 1);
  flow_record opened, closed;
  std::memcpy(&opened, &batch.bytes()[sizeof(name_record)], sizeof(opened));
  std::memcpy(&closed, &batch.bytes()[sizeof(name_record) + sizeof(opened)], sizeof(closed));
  CHECK(opened.state == k_flow_state_opened && opened.bytes_out == 0);
  CHECK(opened.header.at_ns == kStartNs && closed.header.at_ns == kStartNs + kSecond);
  CHECK(closed.state == k_flow_state_closed && closed.bytes_out == 500);
}

void WaitsForTheDestination() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs, 0, 0, {});
  Drain(&ledger, kStartNs + kSecond, &told);
  CHECK(told.records == 0 && ledger.waiting_flows() == 1);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 7, 0, {"2001:db8::1", "443"});
  Drain(&ledger, kStartNs + 6 * kSecond, &told);
  CHECK(told.flows.size() == 1 && told.flows.begin()->second.last.remote_addr[0] == 0x20);
  // Without one it is told when it has waited long enough, under the name the filter gave.
  report(2, FlowEvent::kNewFlow, kStartNs, 0, 0, {"name.example", "443"});
  Drain(&ledger, kStartNs + kSecond, &told);
  CHECK(told.flows.size() == 1);
  Drain(&ledger, kStartNs + FlowLedger::kHoldNs, &told);
  CHECK(told.flows.size() == 2);
  for (const auto& [key, flow] : told.flows)
    CHECK(flow.last.remote_addr[0] == 0x20 ||
          (flow.hostname == "name.example" && flow.last.remote_port == 443));
}

void CountersThatFallBeginAnEpoch() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 100, 50);
  report(1, FlowEvent::kStatistics, kStartNs + 10 * kSecond, 30, 60);
  Drain(&ledger, kStartNs + 11 * kSecond, &told);
  CHECK(told.flows.size() == 2);
  const auto [flow_id, epoch] = told.flows.begin()->first;
  CHECK(epoch == 0 && told.flows.contains(Key(flow_id, 1)));
  const ToldFlow& first = told.flows[Key(flow_id, 0)];
  CHECK(first.closed && first.inexact && !told.flows[Key(flow_id, 1)].closed);
  CHECK(told.Totals() == Sum(130, 110));
  // A smaller count that was overtaken by a larger one is none.
  report(1, FlowEvent::kStatistics, kStartNs + 15 * kSecond, 90, 90);
  report(1, FlowEvent::kStatistics, kStartNs + 15 * kSecond + 1, 60, 60);
  Drain(&ledger, kStartNs + 16 * kSecond, &told);
  CHECK(told.flows.size() == 2 && told.Totals() == Sum(190, 140));
  CHECK(ledger.counters().repeated == 1);
}

void AnIdentifierGivenAgainIsAnotherFlow() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  for (u64 round = 0; round < 3; round++) {
    const u64 at_ns = kStartNs + round * 60 * kSecond;
    report(1, FlowEvent::kNewFlow, at_ns);
    report(1, FlowEvent::kStatistics, at_ns + 5 * kSecond, 10, 1);
    if (round != 1) report(1, FlowEvent::kClosed, at_ns + 9 * kSecond, 10, 1);
  }
  Drain(&ledger, kStartNs + 200 * kSecond, &told);
  CHECK(told.flows.size() == 3 && told.Totals() == Sum(30, 3));
  CHECK(told.Open() == 0);
  // What comes after the close says nothing new, and opens nothing.
  report(1, FlowEvent::kStatistics, kStartNs + 130 * kSecond, 10, 1);
  report(1, FlowEvent::kAnnounced, kStartNs + 130 * kSecond);
  Drain(&ledger, kStartNs + 201 * kSecond, &told);
  CHECK(told.flows.size() == 3 && ledger.counters().repeated == 2);
}

void ASilentFlowIsClosedAndMayGoOn() {
  FlowLedger ledger({.tcp_silent_ns = 100 * kSecond});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 10, 1);
  Drain(&ledger, kStartNs + 104 * kSecond, &told);
  CHECK(told.Open() == 1);
  Drain(&ledger, kStartNs + 106 * kSecond, &told);
  CHECK(told.Open() == 0 && told.flows.begin()->second.inexact);
  // Its counters go on; what the first epoch told is left out of the second.
  report(1, FlowEvent::kClosed, kStartNs + 200 * kSecond, 15, 1);
  Drain(&ledger, kStartNs + 201 * kSecond, &told);
  CHECK(told.flows.size() == 2 && told.Totals() == Sum(15, 1));
}

void EnumeratesWhatIsOpen() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told before;
  for (u64 number = 0; number < 1'500; number++) {
    report(number, FlowEvent::kNewFlow, kStartNs, 0, 0, {"192.0.2.9", "443"}, "h.example");
    report(number, FlowEvent::kStatistics, kStartNs + kSecond, 9, 9);
    if (number % 3 == 0) report(number, FlowEvent::kClosed, kStartNs + 2 * kSecond, 9, 9);
    if (number % 500 == 0) Drain(&ledger, kStartNs + 3 * kSecond, &before);
  }
  Drain(&ledger, kStartNs + 3 * kSecond, &before);
  CHECK(before.Open() == 1'000);
  ledger.BeginEnumeration();
  Told after;
  FlowBatch batch;
  u64 begins = 0;
  u64 ends = 0;
  while (ends == 0) {
    ledger.TakeBatch(kStartNs + 4 * kSecond, &batch);
    CHECK(batch.begins == (begins == 0));
    begins += batch.begins ? 1 : 0;
    ends += batch.ends ? 1 : 0;
    after.Read(batch.bytes());
  }
  CHECK(begins == 1 && after.flows.size() == 1'000 && after.records == 2'000);
  for (const auto& [key, flow] : after.flows)
    CHECK(flow.hostname == "h.example" && flow.last.flags == k_flow_enumerated &&
          flow.last.bytes_out == 9);
  ledger.TakeBatch(kStartNs + 4 * kSecond, &batch);
  CHECK(batch.empty());
}

void TakesOddTokensAndRefusesOddReports() {
  FlowLedger ledger({});
  const auto token = Token(77, 3);
  FlowReport report;
  report.remote = {"192.0.2.9", "443"};
  report.at_ns = kStartNs;
  const auto nobody = Token(0, 3);
  u64 number = 0;
  for (const std::span<const std::byte> one :
       {std::span<const std::byte>(token), std::span<const std::byte>(token).first(31),
        std::span<const std::byte>(), std::span<const std::byte>(nobody)}) {
    report.uuid = Uuid(number++);
    report.app_token = one;
    report.process_token = token;
    CHECK(ledger.Push(report));
  }
  report.direction = 3;
  CHECK(!ledger.Push(report));
  report.direction = k_direction_inbound;
  report.bytes_in = u64{1} << 53;
  CHECK(!ledger.Push(report));
  CHECK(ledger.counters().malformed == 2 && ledger.counters().without_process == 3);
  Told told;
  Drain(&ledger, kStartNs + kSecond, &told);
  u64 attributed = 0;
  for (const auto& [key, flow] : told.flows) attributed += flow.last.pid == 77 ? 1 : 0;
  CHECK(told.flows.size() == 4 && attributed == 1);
  ledger.Switch(false);
  report.bytes_in = 0;
  CHECK(!ledger.Push(report) && ledger.counters().reports == 6);
}

void NoByteIsLostOrToldTwice(u64 seed) {
  constexpr u64 kTcpSilentNs = 60 * kSecond;
  constexpr u64 kOtherSilentNs = 15 * kSecond;
  Traffic traffic(seed, {.uuids = 50 + seed * 37 % 2'000});
  FlowLedger ledger(
      {.tcp_silent_ns = kTcpSilentNs, .other_silent_ns = kOtherSilentNs, .seed = seed});
  PlainLedger plain(kTcpSilentNs, kOtherSilentNs);
  traffic.also = [&](const FlowReport& report) { plain.Take(report); };
  Random random(seed);
  Told told;
  for (u64 step = 0; step < 20'000; step++) {
    CHECK(traffic.Step(&ledger));
    const u64 chance = random.Below(200);
    if (chance >= 5) continue;
    plain.Collect(traffic.now_ns());
    if (chance > 0)
      ledger.Collect(traffic.now_ns());
    else
      Drain(&ledger, traffic.now_ns(), &told);
  }
  plain.Collect(traffic.now_ns() + FlowLedger::kHoldNs);
  Drain(&ledger, traffic.now_ns() + FlowLedger::kHoldNs, &told);
  CHECK(told.Totals() == std::pair(traffic.total_out, traffic.total_in));
  CHECK(traffic.CloseAll(&ledger));
  traffic.Pass(kSecond);
  plain.Collect(traffic.now_ns());
  Drain(&ledger, traffic.now_ns(), &told);
  CHECK(told.Totals() == std::pair(traffic.total_out, traffic.total_in));
  CHECK(told.Open() == 0 && told.flows.size() >= traffic.begun / 2);
  CheckSum(ledger, traffic.pushed);
  plain.CheckAgainst(told);
  CHECK(plain.repeated() == ledger.counters().repeated);
}

// With room for a few flows bytes are lost, and counted; none is told twice.
void AFullTableDropsAndCounts(u64 seed) {
  Traffic traffic(seed, {.uuids = 400});
  FlowLedger ledger({.flows_max = 64, .queue_slots = 64, .seed = seed});
  Random random(seed);
  Told told;
  for (u64 step = 0; step < 20'000; step++) {
    traffic.Step(&ledger);
    if (random.Below(20) == 0) ledger.Collect(traffic.now_ns());
    if (random.Below(300) == 0) Drain(&ledger, traffic.now_ns(), &told, true);
    if (random.Below(2'000) == 0) ledger.BeginEnumeration();
    CHECK(ledger.flows() <= 64);
  }
  Drain(&ledger, traffic.now_ns() + FlowLedger::kHoldNs, &told, true);
  const auto [out, in] = told.Totals();
  CHECK(out <= traffic.total_out && in <= traffic.total_in && out > 0);
  CHECK(ledger.counters().table_full > 0 && ledger.counters().evicted_flows > 0);
  CheckSum(ledger, traffic.pushed);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TellsAFlowFromItsBeginningToItsClose();
  TellsAShortFlowInOrder();
  WaitsForTheDestination();
  CountersThatFallBeginAnEpoch();
  AnIdentifierGivenAgainIsAnotherFlow();
  ASilentFlowIsClosedAndMayGoOn();
  EnumeratesWhatIsOpen();
  TakesOddTokensAndRefusesOddReports();
  for (u64 seed = 1; seed <= Times(4, 12); seed++) NoByteIsLostOrToldTwice(seed);
  for (u64 seed = 1; seed <= Times(2, 6); seed++) AFullTableDropsAndCounts(seed);
  std::puts("ledger: ok");
}
