// What the filter may cost its Mac when things go wrong: no memory beyond what it began with, no
// wait for anybody, and a number for everything that was dropped.
#include <cstdlib>
#include <new>
#include <span>

#include "check.h"
#include "pair.h"

namespace {

bool counts = false;
freshet::u64 allocations = 0;

}  // namespace

void* operator new(size_t bytes) {
  if (counts) allocations++;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace freshet {
namespace {

// Takes whatever it is sent, without memory of its own.
class Taker final : public UplinkTransport {
 public:
  void Connect() override {}
  void Cancel() override { CHECK(false); }
  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    const bool greets = KindOf(parts[0]) == FilterMessage::kHello;
    BatchMessageBefore batch{};
    if (!greets) std::memcpy(&batch, parts[0].data(), sizeof(batch));
    answer = MakeAnswer(greets ? FilterMessage::kWelcome : FilterMessage::kReceipt, kFilterVersion,
                        FilterStatus::kOk, batch.number, Statistics::kLow, batch.number % 7 == 3);
    records += batch.records;
    awaited = true;
  }
  AnswerMessage answer{};
  bool awaited = false;
  u64 records = 0;
};

// From the first report on: reports, batches, enumerations, epochs, evictions.
void AllocatesNothing() {
  FlowLedger ledger({.flows_max = 512, .queue_slots = 256});
  Taker taker;
  Uplink uplink(&ledger, &taker, {.run = 1, .extension_version = "1", .on_statistics = {}});
  Reporter report{&ledger};
  u64 now_ns = kStartNs;
  counts = true;
  for (u64 round = 0; round < 400; round++) {
    now_ns += 20 * kSecond;
    for (u64 flow = 0; flow < 300; flow++) {
      const u64 uuid = flow % 3 == 0 ? flow : round * 1'000 + flow;
      const FlowEvent event = static_cast<FlowEvent>((flow + round) % 4);
      report(uuid, event, now_ns, round % 9 * 100, flow, {"2001:db8::7", "443"}, "host.example");
    }
    uplink.Tick(now_ns);
    while (taker.awaited) {
      taker.awaited = false;
      uplink.Answered(std::as_bytes(std::span(&taker.answer, 1)), now_ns);
    }
  }
  counts = false;
  CHECK(allocations == 0);
  CHECK(taker.records > 50'000 && ledger.counters().evicted_flows > 0);
  CHECK(ledger.counters().queue_full > 0 && ledger.flows() == 512);
}

// The ledger's thread is held up: who pushes is answered at once, and the rest is a number.
void NobodyCollects() {
  u64 pressed = 0;
  FlowLedger ledger({.queue_slots = 1'024, .on_pressure = [&] { pressed++; }});
  Reporter report{&ledger};
  u64 taken = 0;
  for (u64 count = 0; count < 100'000; count++)
    taken += report(count, FlowEvent::kNewFlow, kStartNs) ? 1 : 0;
  CHECK(taken == 1'024 && pressed == 1);
  CHECK(ledger.counters().queue_full == 100'000 - 1'024);
  Told told;
  Drain(&ledger, kStartNs, &told);
  CHECK(told.flows.size() == 1'024);
  CheckSum(ledger, 100'000);
}

// Three days without a daemon, sixty thousand flows: the table holds what it holds, the oldest that
// closed go first, and the daemon is told how many.
void TheDaemonIsAwayForDays() {
  constexpr u32 kRows = 2'000;
  Pair pair({.flows_max = kRows, .queue_slots = 256});
  for (u64 flow = 0; flow < 100; flow++) pair.Report(1'000'000 + flow, FlowEvent::kNewFlow);
  pair.Pass(10);
  CHECK(pair.told.Open() == 100);
  pair.EndDaemon();
  const u64 connects = pair.wire.connects;
  constexpr u64 kMinutes = 3 * 24 * 60;
  for (u64 minute = 0; minute < kMinutes; minute++) {
    for (u64 flow = 0; flow < 14; flow++) {
      pair.Report(minute * 14 + flow, FlowEvent::kNewFlow);
      pair.Report(minute * 14 + flow, FlowEvent::kClosed, 10);
    }
    // Those that were open before go on.
    pair.Report(1'000'000 + minute % 100, FlowEvent::kStatistics, 1 + minute);
    pair.Pass(1);
    pair.now_ns += 59 * kSecond;
    CHECK(pair.ledger.flows() <= kRows);
  }
  CHECK(pair.wire.connects - connects <= kMinutes + 1);
  // The batch that was in flight counts as told; it waits with the uplink.
  const u64 in_flight = pair.ledger.counters().told - 100;
  CHECK(in_flight <= FlowBatch::kRecordsMax);
  pair.StartDaemon();
  pair.again = true;
  pair.Pass(60);
  const FlowLedger::Counters counters = pair.ledger.counters();
  CHECK(pair.ledger.waiting_flows() == 0 && counters.table_full > 2 * (60'000 - kRows));
  CHECK(pair.told.losses[k_loss_table_full] == counters.table_full);
  CheckSum(pair.ledger, 100 + kMinutes * 29);
  // The flows that were open are still told, with all that they have sent meanwhile.
  CHECK(pair.told.Open() == 100 && pair.told.flows.size() == kRows + in_flight / 2);
  u64 open_out = 0;
  for (const auto& [key, flow] : pair.told.flows) open_out += flow.closed ? 0 : flow.last.bytes_out;
  u64 wanted_out = 0;
  for (u64 minute = kMinutes - 100; minute < kMinutes; minute++) wanted_out += 1 + minute;
  CHECK(open_out == wanted_out);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  AllocatesNothing();
  NobodyCollects();
  TheDaemonIsAwayForDays();
  std::puts("bounds: ok");
}
