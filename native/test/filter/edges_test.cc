// Edges of the ledger and the uplink that no traffic meets often: what a later epoch keeps, which
// flow makes room, answers that come when none is awaited.
#include <vector>

#include "check.h"
#include "drain.h"
#include "mac/filter/uplink.h"
#include "messages.h"
#include "pair.h"
#include "wire.h"

namespace freshet {
namespace {

using Key = std::pair<u64, u32>;

void ALaterEpochKeepsNameAndProcess() {
  FlowLedger ledger({});
  Told told;
  FlowReport made;
  const auto app = Token(77, 3), maker = Token(99, 1);
  made.uuid = Uuid(1);
  made.event = FlowEvent::kNewFlow;
  made.app_token = app;
  made.process_token = maker;
  made.hostname = "host.example";
  made.remote = {"192.0.2.9", "443"};
  made.at_ns = kStartNs;
  CHECK(ledger.Push(made));
  made.event = FlowEvent::kStatistics;
  made.bytes_out = 100;
  made.at_ns = kStartNs + 5 * kSecond;
  CHECK(ledger.Push(made));
  // No token and no name any more, as once the socket has gone.
  FlowReport bare;
  bare.uuid = Uuid(1);
  bare.event = FlowEvent::kStatistics;
  bare.bytes_out = 30;
  bare.at_ns = kStartNs + 10 * kSecond;
  CHECK(ledger.Push(bare));
  Drain(&ledger, kStartNs + 11 * kSecond, &told);
  CHECK(told.flows.size() == 2);
  const u64 flow_id = told.flows.begin()->first.first;
  const ToldFlow& next = told.flows[Key(flow_id, 1)];
  CHECK(next.hostname == "host.example" && next.last.pid == 77 && next.last.remote_port == 443);
  CHECK(next.last.bytes_out == 30 && next.maker_pid == 99);
}

void ACloseThatWasOvertakenCloses() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 100, 0);
  report(1, FlowEvent::kClosed, kStartNs + 5 * kSecond + 1, 60, 0);
  Drain(&ledger, kStartNs + 6 * kSecond, &told);
  CHECK(told.flows.size() == 1 && told.Open() == 0 && told.Totals() == Sum(100, 0));
}

// Open before the filter began: told with what it was found with, and from there.
void AFlowOpenBeforeIsToldAsFound() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kStatistics, kStartNs, 60'000, 9);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 60'100, 9);
  report(2, FlowEvent::kClosed, kStartNs, 70'000, 0);
  report(3, FlowEvent::kNewFlow, kStartNs);
  report(3, FlowEvent::kStatistics, kStartNs + kSecond, 80'000, 0);
  Drain(&ledger, kStartNs + 6 * kSecond, &told);
  CHECK(told.flows.size() == 3);
  for (const auto& [key, flow] : told.flows) {
    const u64 out = flow.last.bytes_out;
    CHECK(flow.found == (out != 80'000));
    CHECK(flow.at_opening == (out == 60'100   ? Sum(60'000, 9)
                              : out == 70'000 ? Sum(70'000, 0)
                                              : Sum(0, 0)));
    CHECK(flow.closed == (out == 70'000) && !flow.inexact);
  }
}

// A flood that drops beginnings makes no upload an old connection.
void WhereBeginningsWereDroppedAllCounts() {
  FlowLedger ledger({.queue_slots = 4});
  Reporter report{&ledger};
  Told told;
  for (u64 uuid = 10; uuid < 14; uuid++) CHECK(report(uuid, FlowEvent::kNewFlow, kStartNs));
  CHECK(!report(1, FlowEvent::kNewFlow, kStartNs));
  Drain(&ledger, kStartNs + kSecond, &told);
  CHECK(report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 60'000, 9));
  Drain(&ledger, kStartNs + 6 * kSecond, &told);
  CHECK(told.flows.size() == 5 && told.Totals() == Sum(60'000, 9));
  for (const auto& [key, flow] : told.flows) CHECK(!flow.found && flow.at_opening == Sum(0, 0));
}

// What passed before stays with the former, and what passed as it changed hands; a report
// without news changes nothing.
void AnotherProcessBeginsAnEpoch() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Reporter next{&ledger, Token(77, 4)};  // the same pid, another image
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(1, FlowEvent::kStatistics, kStartNs + 5 * kSecond, 100, 0);
  next(1, FlowEvent::kStatistics, kStartNs + 6 * kSecond, 100, 0);
  Drain(&ledger, kStartNs + 7 * kSecond, &told);
  CHECK(told.flows.size() == 1);
  next(1, FlowEvent::kStatistics, kStartNs + 10 * kSecond, 250, 0);
  next(1, FlowEvent::kClosed, kStartNs + 15 * kSecond, 260, 0);
  Drain(&ledger, kStartNs + 16 * kSecond, &told);
  CHECK(told.flows.size() == 2 && told.Totals() == Sum(260, 0) && told.Open() == 0);
  const u64 flow_id = told.flows.begin()->first.first;
  const ToldFlow& former = told.flows[Key(flow_id, 0)];
  const ToldFlow& latter = told.flows[Key(flow_id, 1)];
  CHECK(former.last.pidversion == 3 && former.last.bytes_out == 250 && former.inexact);
  CHECK(latter.last.pidversion == 4 && latter.last.bytes_out == 10 && !latter.inexact);
}

// Never a zero that counts as true, nor one that makes bytes count twice.
void ZerosAfterBytesAreNoCount() {
  Pair pair;
  pair.Pass(1);
  pair.Report(1, FlowEvent::kNewFlow);
  pair.Report(2, FlowEvent::kNewFlow);
  for (u64 uuid = 1; uuid <= 2; uuid++) pair.Report(uuid, FlowEvent::kStatistics, 5'000);
  pair.Pass(10);
  pair.Report(1, FlowEvent::kStatistics);
  pair.Pass(10);
  pair.Report(1, FlowEvent::kStatistics, 6'000);
  pair.Pass(10);
  pair.Report(1, FlowEvent::kClosed);
  pair.Report(2, FlowEvent::kClosed, 5'000);
  pair.Report(3, FlowEvent::kNewFlow);
  pair.Report(3, FlowEvent::kClosed);  // nothing ever passed: a true zero
  pair.Pass(10);
  CHECK(pair.told.flows.size() == 3 && pair.told.Open() == 0);
  CHECK(pair.told.Totals() == Sum(11'000, 0));
  for (const auto& [key, flow] : pair.told.flows)
    CHECK(flow.lost == (flow.last.bytes_out == 6'000) && flow.inexact == flow.lost);
  CHECK(pair.told.losses[k_loss_flow_counters] == 1);
}

// A filter that stops tells at once how far each flow was; one that goes on after all goes on.
void AStoppedFilterClosesWhatIsOpen() {
  Pair pair;
  pair.Pass(1);
  for (u64 uuid = 1; uuid <= 3; uuid++) {
    pair.Report(uuid, FlowEvent::kNewFlow);
    pair.Report(uuid, FlowEvent::kStatistics, uuid * 100);
  }
  pair.Pass(10);
  pair.Report(3, FlowEvent::kStatistics, 350);
  pair.uplink.Stopped(pair.now_ns);
  pair.wire.Pump(&pair.uplink, pair.now_ns);
  pair.daemon->Drain(&pair.told);
  CHECK(pair.told.flows.size() == 3 && pair.told.Open() == 0);
  CHECK(pair.told.Totals() == Sum(650, 0));
  for (const auto& [key, flow] : pair.told.flows) CHECK(flow.inexact && !flow.lost);
  pair.Pass(1);
  pair.Report(2, FlowEvent::kClosed, 220);
  pair.Pass(10);
  CHECK(pair.told.flows.size() == 4 && pair.told.Totals() == Sum(670, 0));
  CHECK(pair.told.Open() == 0);
}

// Accepted flows and UDP are told as what they are.
void TellsAcceptedFlowsAndDatagrams() {
  FlowLedger ledger({});
  Told told;
  FlowReport report;
  report.uuid = Uuid(1);
  report.direction = k_direction_inbound;
  report.protocol = 17;
  report.remote = {"192.0.2.9", "5353"};
  report.at_ns = kStartNs;
  report.event = FlowEvent::kNewFlow;
  CHECK(ledger.Push(report));
  report.event = FlowEvent::kClosed;
  report.bytes_out = 30'000'000;
  CHECK(ledger.Push(report));
  Drain(&ledger, kStartNs + kSecond, &told);
  const flow_record& last = told.flows.begin()->second.last;
  CHECK(last.direction == k_direction_inbound && last.protocol == 17);
  CHECK(told.Totals() == Sum(30'000'000, 0));
}

void TheLongestSilentMakesRoom() {
  for (const u8 first : {u8{6}, u8{17}}) {
    FlowLedger ledger({.flows_max = 2});
    Told told;
    for (u64 uuid = 1; uuid <= 3; uuid++) {
      FlowReport report;
      report.uuid = Uuid(uuid);
      report.event = FlowEvent::kNewFlow;
      report.protocol = uuid == 1 ? first : static_cast<u8>(23 - first);
      report.remote = {"192.0.2.9", uuid == 1 ? "1001" : uuid == 2 ? "1002" : "1003"};
      report.at_ns = kStartNs + uuid * kSecond;
      CHECK(ledger.Push(report));
      Drain(&ledger, report.at_ns, &told);
    }
    Told live;
    ledger.BeginEnumeration();
    Drain(&ledger, kStartNs + 5 * kSecond, &live);
    CHECK(live.flows.size() == 2);
    for (const auto& [key, flow] : live.flows) CHECK(flow.last.remote_port != 1001);
  }
}

// A flow that leaves the table while it waits to be enumerated is not waited for.
void AnEnumerationEndsWithoutThoseEvicted() {
  FlowLedger ledger({.flows_max = 2});
  Reporter report{&ledger};
  Told told;
  report(1, FlowEvent::kNewFlow, kStartNs);
  report(2, FlowEvent::kNewFlow, kStartNs + 1);
  Drain(&ledger, kStartNs + kSecond, &told);
  ledger.BeginEnumeration();
  report(3, FlowEvent::kNewFlow, kStartNs + 2 * kSecond);
  ledger.Collect(kStartNs + 2 * kSecond);
  FlowBatch batch;
  ledger.TakeBatch(kStartNs + 2 * kSecond, &batch);
  CHECK(batch.begins && batch.ends);
}

void PressureIsToldOnceUntilTheQueueIsRead() {
  int pressed = 0;
  FlowLedger ledger({.queue_slots = 16, .on_pressure = [&] { pressed++; }});
  Reporter report{&ledger};
  for (int round = 1; round <= 3; round++) {
    for (u64 uuid = 1; uuid <= 10; uuid++) report(uuid, FlowEvent::kNewFlow, kStartNs);
    CHECK(pressed == round);
    ledger.Collect(kStartNs + kSecond);
  }
}

// The test is the daemon.
struct Script final : UplinkTransport {
  void Connect() override { connects++; }
  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    sent.assign(parts[0].begin(), parts[0].end());
    sent.insert(sent.end(), parts[1].begin(), parts[1].end());
  }
  void Cancel() override { cancels++; }
  u64 connects = 0, cancels = 0;
  std::vector<std::byte> sent;
};

struct Talk {
  void Say(FilterMessage kind, FilterStatus status, u64 number, u64 now_ns, u8 statistics = 1) {
    AnswerMessage answer =
        MakeAnswer(kind, kFilterVersion, status, number, Statistics::kLow, false);
    answer.statistics = statistics;
    uplink.Answered(std::as_bytes(std::span(&answer, 1)), now_ns);
  }
  void Welcome(u64 now_ns) { Say(FilterMessage::kWelcome, FilterStatus::kOk, 0, now_ns); }

  FlowLedger ledger{LedgerOptions{}};
  Script script;
  Uplink uplink{&ledger, &script, {.run = 9, .extension_version = "1", .on_statistics = {}}};
};

void AnswersThatNobodyAwaitsSayNothing() {
  Talk talk;
  talk.Welcome(kStartNs);  // before any hello
  CHECK(!talk.uplink.connected());
  talk.uplink.Tick(kStartNs);
  talk.uplink.Lost(kStartNs);
  talk.uplink.Lost(kStartNs);  // an end is one, however often it is told
  CHECK(talk.uplink.counters().lost == 1);
  talk.Welcome(kStartNs);
  talk.Say(FilterMessage::kReceipt, FilterStatus::kOk, 0, kStartNs);
  CHECK(!talk.uplink.connected() && talk.script.connects == 1);
}

void TriesAgainSoonAfterItWasWelcome() {
  Talk talk;
  u64 now_ns = kStartNs;
  for (int round = 0; round < 8; round++, now_ns += Uplink::kRetryLastNs) {
    talk.uplink.Tick(now_ns);
    talk.uplink.Lost(now_ns);
  }
  CHECK(talk.script.connects == 8);
  talk.uplink.Tick(now_ns);
  talk.Welcome(now_ns);
  CHECK(talk.uplink.connected());
  talk.uplink.Lost(now_ns);
  talk.uplink.Tick(now_ns + Uplink::kRetryFirstNs - 1);
  CHECK(talk.script.connects == 9);
  talk.uplink.Tick(now_ns + Uplink::kRetryFirstNs);
  CHECK(talk.script.connects == 10);
}

void ReportsOfARefusedBatchAreToldAsDropped() {
  Talk talk;
  Reporter report{&talk.ledger};
  talk.uplink.Tick(kStartNs);
  for (u64 uuid = 1; uuid <= 3; uuid++) report(uuid, FlowEvent::kNewFlow, kStartNs);
  talk.ledger.Collect(kStartNs);
  talk.Welcome(kStartNs);
  const auto first = ReadBatch(talk.script.sent);
  CHECK(first && first->records == 6 && first->dropped.malformed == 0);  // each with its name
  talk.Say(FilterMessage::kReceipt, FilterStatus::kMalformed, first->number, kStartNs);
  CHECK(talk.uplink.counters().refused_reports == 3);
  const auto second = ReadBatch(talk.script.sent);
  CHECK(second && second->number == first->number + 1 && second->dropped.malformed == 3);
  CHECK(second->begins);  // the daemon is told of every flow anew
}

// A setting that a later daemon may have is none of this one's.
void AnUnknownSettingChangesNothing() {
  Talk talk;
  talk.uplink.Tick(kStartNs);
  talk.Say(FilterMessage::kWelcome, FilterStatus::kOk, 0, kStartNs, 200);
  CHECK(talk.uplink.connected() && talk.uplink.statistics() == Statistics::kLow);
  CHECK(talk.ledger.is_on());
}

// Records belong between mark(start) and mark(stop).
void NobodyComesBeforeTheStartOrAfterTheStop() {
  Daemon daemon(1 << 20, [](u64) {});
  CHECK(!daemon.intake.Came(1, kStartNs));
  daemon.intake.Start(kStartNs);
  CHECK(daemon.intake.Came(1, kStartNs));
  daemon.intake.Stop(kStartNs + kSecond);
  CHECK(!daemon.intake.Came(2, kStartNs + kSecond));
}

// What no disk, memory or network reaches, and the daemon would refuse with its whole batch.
void NoCounterIsBeyondWhatTheDaemonTakes() {
  FlowLedger ledger({});
  Reporter report{&ledger};
  Told told;
  constexpr u64 kEnd = u64{1} << 53;
  CHECK(report(1, FlowEvent::kStatistics, kStartNs, kEnd - 1, 0));
  CHECK(!report(2, FlowEvent::kStatistics, kStartNs, kEnd, 0));
  CHECK(!report(3, FlowEvent::kStatistics, kStartNs, 0, kEnd));
  Drain(&ledger, kStartNs + kSecond, &told);
  CHECK(told.Totals() == Sum(kEnd - 1, 0) && ledger.counters().malformed == 2);
}

// Of the runs whose numbers it remembers the oldest is forgotten, and its batches are new again; of
// a run that it has not met it cannot say which batches never came.
void TheOldestRunIsForgotten() {
  Daemon daemon(1 << 20, [](u64) {});
  daemon.intake.Start(kStartNs);
  const auto say = [&](u64 run) {
    CHECK(daemon.intake.Came(run, kStartNs));
    const HelloBytes hello = WriteHello(run, FlowLayout(), "1");
    CHECK(daemon.intake.Take(run, std::span(hello.bytes).first(hello.size), kStartNs));
    const u8 status = StatusOf(&daemon, run, BatchOf(kFilterVersion, 7, 0, {}), kStartNs);
    daemon.intake.Gone(run, kStartNs);
    return static_cast<FilterStatus>(status);
  };
  for (u64 run = 1; run <= FlowIntake::kPeersMax + 1; run++) CHECK(say(run) == FilterStatus::kOk);
  CHECK(say(FlowIntake::kPeersMax + 1) == FilterStatus::kDuplicate);
  CHECK(say(2) == FilterStatus::kDuplicate);
  CHECK(say(1) == FilterStatus::kOk);
  CHECK(say(3) == FilterStatus::kDuplicate);
  CHECK(daemon.intake.counters().gaps == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ALaterEpochKeepsNameAndProcess();
  ACloseThatWasOvertakenCloses();
  AFlowOpenBeforeIsToldAsFound();
  WhereBeginningsWereDroppedAllCounts();
  AnotherProcessBeginsAnEpoch();
  ZerosAfterBytesAreNoCount();
  AStoppedFilterClosesWhatIsOpen();
  TellsAcceptedFlowsAndDatagrams();
  TheLongestSilentMakesRoom();
  AnEnumerationEndsWithoutThoseEvicted();
  PressureIsToldOnceUntilTheQueueIsRead();
  AnswersThatNobodyAwaitsSayNothing();
  TriesAgainSoonAfterItWasWelcome();
  ReportsOfARefusedBatchAreToldAsDropped();
  AnUnknownSettingChangesNothing();
  NobodyComesBeforeTheStartOrAfterTheStop();
  NoCounterIsBeyondWhatTheDaemonTakes();
  TheOldestRunIsForgotten();
  std::puts("edges: ok");
}
