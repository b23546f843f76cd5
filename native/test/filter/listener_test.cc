// The listener as a source: it starts, stops, starts again and enumerates, with its messages on one
// thread, its consumer on another and its owner on a third.
#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "boot_clock.h"
#include "carrier.h"
#include "check.h"
#include "mac/flow_listener.h"
#include "told.h"
#include "traffic.h"
#include "wire.h"

namespace freshet {
namespace {

// A source with its consumer, which drains when it is woken.
struct Sense {
  explicit Sense(bool starts = true, size_t ring_bytes = 1 << 20) : ring(ring_bytes) {
    auto made = std::make_unique<CarrierDouble>(starts);
    carrier = made.get();
    SourceOptions options;
    options.on_readable = [this] {
      wakes.fetch_add(1);
      wakes.notify_one();
    };
    IntakeOptions intake;
    intake.unix_ns = [] { return u64{1}; };
    intake.statistics = [] { return Statistics::kLow; };
    intake.on_new_pid = [this](u32 pid) { new_pids.push_back(pid); };
    source = std::make_unique<FlowListener>(&ring, std::move(options), std::move(intake),
                                            std::move(made));
  }

  void Drain() {
    std::vector<std::byte> into(kRecordBytesMax);
    for (size_t size = ring.Drain(into); size > 0; size = ring.Drain(into))
      told.Read(std::span(into).first(size));
  }

  // A missed wake-up hangs here, and the test's time limit tells.
  void DrainUntil(const std::function<bool()>& done) {
    for (u32 woken = wakes.load();; woken = wakes.load()) {
      Drain();
      if (done()) return;
      wakes.wait(woken);
    }
  }

  Ring ring;
  std::atomic<u32> wakes{0};
  CarrierDouble* carrier;
  std::unique_ptr<FlowListener> source;
  Told told;
  std::vector<u32> new_pids;  // the carrier's thread's, until its answer
};

std::vector<std::byte> Hello(u64 run) {
  const HelloBytes hello = WriteHello(run, FlowLayout(), "1");
  return BytesOf(hello.bytes.data(), hello.size);
}

std::vector<std::byte> BatchMade(FlowLedger* ledger, u64 number) {
  FlowBatch batch;
  ledger->Collect(SinceBootNs());
  ledger->TakeBatch(SinceBootNs(), &batch);
  std::vector<std::byte> message(sizeof(BatchMessage));
  WriteBatchHead(
      {kFilterVersion, number, batch.records(), batch.begins, batch.ends, {}, batch.bytes()},
      message);
  message.insert(message.end(), batch.bytes().begin(), batch.bytes().end());
  return message;
}

void Report(FlowLedger* ledger, u64 uuid, FlowEvent event, u64 out, u32 pid = 77) {
  const auto token = Token(pid, 3);
  FlowReport report;
  report.uuid = Uuid(uuid);
  report.event = event;
  report.bytes_out = out;
  if (pid != 0) report.app_token = token;
  report.remote = {"192.0.2.9", "443"};
  report.at_ns = SinceBootNs();
  CHECK(ledger->Push(report));
}

void StartsTellsAndStops() {
  Sense sense;
  FlowLedger ledger({});
  for (u64 round = 1; round <= 3; round++) {
    sense.told = {};
    CHECK(sense.source->Start());
    sense.DrainUntil([&] { return sense.told.marks[k_mark_start] == 1; });
    const auto welcome = sense.carrier->Send(round, Hello(9));
    CHECK(welcome && (welcome->flags & AnswerMessage::kEnumerate) != 0);
    Report(&ledger, round, FlowEvent::kNewFlow, 0);
    ledger.BeginEnumeration();
    const auto receipt = sense.carrier->Send(round, BatchMade(&ledger, round));
    CHECK(receipt && receipt->status == static_cast<u8>(FilterStatus::kOk));
    CHECK((receipt->flags & AnswerMessage::kEnumerate) == 0);
    sense.DrainUntil([&] { return sense.told.marks[k_mark_enumerated] == 1; });
    CHECK(sense.told.flows.size() == round && sense.told.marks[k_mark_start] == 2);
    sense.source->RequestEnumerate();
    const auto asked = sense.carrier->Send(round, Hello(9));
    CHECK(asked && (asked->flags & AnswerMessage::kEnumerate) != 0);
    sense.source->Stop();
    sense.source->Stop();
    sense.Drain();
    CHECK(sense.told.last_mark.kind == k_mark_stop && sense.told.marks[k_mark_stop] == 1);
    CHECK(sense.told.last_mark.header.source == k_source_filter);
    sense.source->RequestEnumerate();  // stopped: nothing comes of it
  }
}

// Who sends is looked at while it sends: once a flow, and of none whose process nobody knows.
void NamesTheProcessOfEachNewFlow() {
  Sense sense;
  FlowLedger ledger({});
  CHECK(sense.source->Start());
  CHECK(sense.carrier->Send(1, Hello(9)));
  u64 number = 0;
  const auto tell = [&] {
    const auto receipt = sense.carrier->Send(1, BatchMade(&ledger, ++number));
    CHECK(receipt && receipt->status == static_cast<u8>(FilterStatus::kOk));
  };
  Report(&ledger, 1, FlowEvent::kNewFlow, 0);
  Report(&ledger, 2, FlowEvent::kNewFlow, 0, 0);
  Report(&ledger, 3, FlowEvent::kNewFlow, 0, 88);
  ledger.BeginEnumeration();
  tell();
  std::sort(sense.new_pids.begin(), sense.new_pids.end());
  CHECK((sense.new_pids == std::vector<u32>{77, 88}));
  Report(&ledger, 1, FlowEvent::kStatistics, 900);
  Report(&ledger, 3, FlowEvent::kClosed, 5, 88);
  tell();
  CHECK(sense.new_pids.size() == 2);
  sense.source->Stop();
}

void SaysWhyItDoesNotStart() {
  Sense sense(false);
  CHECK(!sense.source->Start() && errno == EPERM);
  sense.source->Stop();
  CHECK(sense.ring.counters().records == 0);
}

// Batches from a filter while the owner asks for enumerations and other peers come and go.
void StandsManyThreads() {
  constexpr u64 kBatches = 300;
  Sense sense;
  CHECK(sense.source->Start());
  std::thread filter([&] {
    FlowLedger ledger({});
    CHECK(sense.carrier->Send(1, Hello(9)));
    ledger.BeginEnumeration();
    for (u64 number = 1; number <= kBatches; number++) {
      Report(&ledger, number, FlowEvent::kClosed, 10);
      const auto answer = sense.carrier->Send(1, BatchMade(&ledger, number));
      CHECK(answer && answer->status == static_cast<u8>(FilterStatus::kOk));
    }
  });
  std::thread strangers([&] {
    for (u64 peer = 100; peer < 200; peer++) {
      CHECK(!sense.carrier->Send(peer, BytesOf("rubbish", 7)));
      sense.carrier->Leave(peer);
    }
  });
  for (u64 count = 0; count < 20; count++) sense.source->RequestEnumerate();
  sense.DrainUntil([&] { return sense.told.flows.size() == kBatches && sense.told.Open() == 0; });
  filter.join();
  strangers.join();
  sense.source->Stop();
  sense.Drain();
  CHECK(sense.told.Totals().first == kBatches * 10);
  CHECK(sense.told.losses[k_loss_filter_refused] == 100);
  CHECK(sense.source->counters().batches == kBatches);
}

// A ring too small for a batch even when it is empty: what finds no room is counted.
void CountsWhatFindsNoRoom() {
  Sense sense(true, 16 << 10);
  CHECK(sense.source->Start());
  FlowLedger ledger({});
  for (u64 flow = 0; flow < 300; flow++) Report(&ledger, flow, FlowEvent::kClosed, 10);
  sense.DrainUntil([&] { return sense.told.marks[k_mark_start] == 1; });
  CHECK(sense.carrier->Send(1, Hello(9)));
  const auto answer = sense.carrier->Send(1, BatchMade(&ledger, 1));
  CHECK(answer && answer->status == static_cast<u8>(FilterStatus::kOk));
  sense.Drain();
  sense.DrainUntil([&] { return sense.told.losses[k_loss_ring_full] > 0; });
  CHECK(sense.told.losses[k_loss_ring_full] + sense.told.records >= 900);
  sense.source->Stop();
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  StartsTellsAndStops();
  NamesTheProcessOfEachNewFlow();
  SaysWhyItDoesNotStart();
  StandsManyThreads();
  CountsWhatFindsNoRoom();
  std::puts("listener: ok");
}
