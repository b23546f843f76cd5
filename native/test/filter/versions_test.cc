// Filters and daemons of different versions, which meet until the next boot or wake: either is
// understood or refused with a reason, and what was dropped is told to whoever reads it.
#include <array>
#include <string>

#include "check.h"
#include "messages.h"
#include "pair.h"

namespace freshet {
namespace {

// An older filter, a newer one, and those that are too old or of another layout.
void MeetsOtherVersions() {
  Pair pair;
  Daemon* const daemon = pair.daemon.get();
  const u64 now_ns = pair.now_ns;
  const Message records = RecordsOf(2, now_ns);
  CHECK(daemon->intake.Came(50, now_ns));
  auto welcome = Greet(daemon, 50, kFilterVersionBefore, FlowLayout(), now_ns);
  CHECK(welcome && welcome->status == kOk && welcome->prefix.version == kFilterVersionBefore);
  CHECK(StatusOf(daemon, 50, BatchOf(1, 1, 4, records), now_ns) == kOk);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 2, 4, records), now_ns) == kMalformed);
  daemon->Drain(&pair.told);
  CHECK(pair.told.flows.size() == 2);

  CHECK(daemon->intake.Came(51, now_ns));
  welcome = Greet(daemon, 51, kFilterVersion + 5, FlowLayout(), now_ns);
  CHECK(welcome && welcome->status == kOk && welcome->prefix.version == kFilterVersion);
  CHECK(daemon->intake.counters().replaced_peers == 1);  // one filter at a time
  CHECK(StatusOf(daemon, 51, BatchOf(2, 1, 0, {}, {3, 2, 1}), now_ns) == kOk);
  CHECK((daemon->intake.counters().dropped == DropCounts{3, 2, 1}));

  CHECK(daemon->intake.Came(52, now_ns));
  welcome = Greet(daemon, 52, 0, FlowLayout(), now_ns);
  CHECK(welcome && welcome->status == static_cast<u8>(FilterStatus::kVersion));
  welcome = Greet(daemon, 52, kFilterVersion, FlowLayout() + 1, now_ns);
  CHECK(welcome && welcome->status == static_cast<u8>(FilterStatus::kLayout));
  daemon->intake.Gone(51, now_ns);
  daemon->intake.Tick(now_ns + 16 * kSecond);
  pair.told.losses.clear();
  daemon->Drain(&pair.told, true);
  CHECK(pair.told.last_note.find("version 9.9, protocol 2") != std::string::npos);
  CHECK(pair.told.losses[k_loss_filter_queue] == 3 && pair.told.losses[k_loss_table_full] == 2);
  CHECK(pair.told.losses[k_loss_malformed] == 1);
}

// A daemon whose answers the test makes up.
struct ByHand final : UplinkTransport {
  void Connect() override { connects++; }
  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    last.assign(parts[0].begin(), parts[0].end());
    last.insert(last.end(), parts[1].begin(), parts[1].end());
  }
  void Cancel() override { cancels++; }
  void Reply(Uplink* uplink, FilterMessage kind, u16 version, FilterStatus status, u64 number,
             u64 now_ns) {
    const AnswerMessage message =
        MakeAnswer(kind, version, status, number, Statistics::kLow, false);
    uplink->Answered(std::as_bytes(std::span(&message, 1)), now_ns);
  }
  u64 connects = 0;
  u64 cancels = 0;
  Message last;
};

// The filter's half: an older daemon is spoken to in its version, one that refuses is asked again
// after a minute.
void MeetsAnOlderDaemon() {
  Pair pair;
  pair.EndDaemon();
  pair.Report(1, FlowEvent::kNewFlow);
  ByHand mute;
  Uplink uplink(&pair.ledger, &mute, {.run = 1, .extension_version = "1", .on_statistics = {}});
  uplink.Tick(pair.now_ns);
  CHECK(KindOf(mute.last) == FilterMessage::kHello);
  const auto reply = [&](FilterMessage kind, u16 version, FilterStatus status, u64 number) {
    mute.Reply(&uplink, kind, version, status, number, pair.now_ns);
  };
  reply(FilterMessage::kWelcome, kFilterVersionBefore, FilterStatus::kOk, 0);
  const auto batch = ReadBatch(mute.last);
  CHECK(KindOf(mute.last) == FilterMessage::kBatch && batch && batch->version == 1);
  CHECK(batch->records == 2 && AreFilterRecords(batch->bytes, 2, pair.now_ns));
  reply(FilterMessage::kReceipt, 1, FilterStatus::kOk, batch->number);
  CHECK(uplink.counters().batches == 1);
  // An answer that is none ends the connection.
  pair.now_ns += 5 * kSecond;
  uplink.Tick(pair.now_ns);
  uplink.Answered(std::as_bytes(std::span("no answer")), pair.now_ns);
  CHECK(mute.cancels == 1 && uplink.counters().lost == 1);
  // So does none.
  pair.now_ns += kSecond;
  uplink.Tick(pair.now_ns);
  pair.now_ns += 10 * kSecond;
  uplink.Tick(pair.now_ns);
  CHECK(mute.cancels == 2 && uplink.counters().lost == 2);
  // A refusal is not asked about again for a minute.
  pair.now_ns += 6 * kSecond;
  uplink.Tick(pair.now_ns);
  const u64 connects = mute.connects;
  reply(FilterMessage::kWelcome, kFilterVersion + 1, FilterStatus::kOk, 0);
  CHECK(uplink.counters().refused_hellos == 1 && mute.cancels == 3);
  pair.now_ns += 59 * kSecond;
  uplink.Tick(pair.now_ns);
  CHECK(mute.connects == connects);
  pair.now_ns += kSecond;
  uplink.Tick(pair.now_ns);
  CHECK(mute.connects == connects + 1);
}

// A daemon whose records are of another layout, and one that answers another batch than was sent.
void TakesNoAnswerThatDoesNotFit() {
  FlowLedger ledger({});
  ByHand daemon;
  Uplink uplink(&ledger, &daemon, {.run = 1, .extension_version = "1", .on_statistics = {}});
  u64 now_ns = kStartNs;
  uplink.Tick(now_ns);
  AnswerMessage welcome = MakeAnswer(FilterMessage::kWelcome, kFilterVersion, FilterStatus::kOk, 0,
                                     Statistics::kLow, false);
  welcome.layout++;
  uplink.Answered(std::as_bytes(std::span(&welcome, 1)), now_ns);
  CHECK(uplink.counters().refused_hellos == 1 && daemon.cancels == 1 && !uplink.connected());
  now_ns += 60 * kSecond;
  uplink.Tick(now_ns);
  daemon.Reply(&uplink, FilterMessage::kWelcome, kFilterVersion, FilterStatus::kOk, 0, now_ns);
  const auto batch = ReadBatch(daemon.last);
  CHECK(batch && batch->number == 1);
  daemon.Reply(&uplink, FilterMessage::kReceipt, kFilterVersion, FilterStatus::kOk, 2, now_ns);
  CHECK(uplink.counters().batches == 0 && daemon.cancels == 2 && uplink.counters().lost == 1);
  // It was not taken, and comes again.
  now_ns += 5 * kSecond;
  uplink.Tick(now_ns);
  daemon.Reply(&uplink, FilterMessage::kWelcome, kFilterVersion, FilterStatus::kOk, 0, now_ns);
  CHECK(ReadBatch(daemon.last)->number == 1);
  daemon.Reply(&uplink, FilterMessage::kReceipt, kFilterVersion, FilterStatus::kOk, 1, now_ns);
  CHECK(uplink.counters().batches == 1);
}

// A daemon of the version before reads no counts of drops: they stay to be told, also by a batch
// that is sent once more to a daemon of another version than it was made for.
void TellsDropsToWhoReadsThem() {
  FlowLedger ledger({.queue_slots = 2});
  Reporter report{&ledger};
  ByHand daemon;
  Uplink uplink(&ledger, &daemon, {.run = 1, .extension_version = "1", .on_statistics = {}});
  u64 now_ns = kStartNs;
  const auto drop_two = [&] {
    for (u64 flow = 0; flow < 4; flow++) report(flow, FlowEvent::kNewFlow, now_ns);
  };
  const auto meet = [&](u16 version) {
    if (daemon.connects > 0) uplink.Lost(now_ns);
    now_ns += 6 * kSecond;
    uplink.Tick(now_ns);
    daemon.Reply(&uplink, FilterMessage::kWelcome, version, FilterStatus::kOk, 0, now_ns);
    return ReadBatch(daemon.last);
  };
  const auto take = [&](u16 version, u64 number) {
    daemon.Reply(&uplink, FilterMessage::kReceipt, version, FilterStatus::kOk, number, now_ns);
  };
  drop_two();
  auto batch = meet(kFilterVersionBefore);
  CHECK(batch && batch->version == kFilterVersionBefore && batch->dropped == DropCounts{});
  take(kFilterVersionBefore, 1);
  drop_two();
  batch = meet(kFilterVersion);
  CHECK(batch && batch->number == 2 && batch->dropped.queue_full == 4);
  // Not answered, and then a daemon that was set back: the batch goes again without its counts.
  drop_two();
  batch = meet(kFilterVersionBefore);
  CHECK(batch && batch->number == 2 && batch->version == kFilterVersionBefore);
  take(kFilterVersionBefore, 2);
  // Made for the version before and taken by the present one: the next one tells.
  now_ns += 5 * kSecond;
  uplink.Tick(now_ns);
  batch = meet(kFilterVersion);
  CHECK(batch && batch->number == 3 && batch->dropped == DropCounts{});
  take(kFilterVersion, 3);
  now_ns += 5 * kSecond;
  uplink.Tick(now_ns);
  batch = ReadBatch(daemon.last);
  CHECK(batch && batch->number == 4 && batch->dropped.queue_full == 6);
  take(kFilterVersion, 4);
  now_ns += 5 * kSecond;
  uplink.Tick(now_ns);
  batch = ReadBatch(daemon.last);
  CHECK(batch && batch->number == 5 && batch->dropped == DropCounts{});
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  MeetsOtherVersions();
  MeetsAnOlderDaemon();
  TakesNoAnswerThatDoesNotFit();
  TellsDropsToWhoReadsThem();
  std::puts("versions: ok");
}
