// The filter and the daemon over a wire that loses, repeats and changes what it carries: what is
// told adds up to what was reported, and who should not speak is not heard.
#include <memory>
#include <string>

#include "check.h"
#include "mac/peer_requirement.h"
#include "pair.h"

namespace freshet {
namespace {

void GreetsAndTells() {
  Pair pair;
  pair.Report(1, FlowEvent::kNewFlow);
  pair.Pass(2);
  CHECK(pair.uplink.connected() && pair.daemon->intake.connected());
  CHECK(pair.told.flows.size() == 1 && pair.told.Open() == 1);
  CHECK(pair.told.marks[k_mark_start] == 2 && pair.told.marks[k_mark_enumerated] == 1);
  CHECK(pair.told.last_mark.capabilities != 0 && pair.told.last_note.empty());
  CHECK(pair.told.last_mark.boot_id[2] == 3 && pair.told.last_mark.layout == kRecordLayout);
  // A batch each five seconds, also when there is nothing to tell.
  const u64 sent = pair.wire.sent;
  pair.Pass(50);
  CHECK(pair.wire.sent == sent + 10);
  pair.Report(1, FlowEvent::kClosed, 9);
  pair.Pass(5);
  CHECK(pair.told.Open() == 0 && pair.told.Totals().first == 9);
  CHECK(pair.uplink.counters().delivered_reports == pair.ledger.counters().told);
}

// A thousand flows wait for no timer, and several batches follow each other.
void SendsManyAtOnce() {
  Pair pair;
  pair.Pass(2);
  for (u64 flow = 0; flow < 2'500; flow++) pair.Report(flow, FlowEvent::kNewFlow);
  pair.Pass(1);
  CHECK(pair.told.flows.size() == 2'500);
  CHECK(pair.daemon->intake.counters().batches >= 6);
}

void EnumeratesForEachDaemonAndOnRequest() {
  Pair pair;
  for (u64 flow = 0; flow < 10; flow++) pair.Report(flow, FlowEvent::kNewFlow);
  pair.Pass(6);
  pair.EndDaemon();
  pair.Report(3, FlowEvent::kClosed, 70);
  pair.Pass(30);
  CHECK(!pair.uplink.connected());
  pair.StartDaemon();
  pair.told = {};
  pair.again = true;
  pair.Pass(6);
  CHECK(pair.told.flows.size() == 10 && pair.told.Open() == 9);
  CHECK(pair.told.marks[k_mark_start] == 2 && pair.told.marks[k_mark_enumerated] == 1);
  pair.told = {};
  pair.daemon->intake.Enumerate(pair.now_ns);
  pair.Pass(7);
  CHECK(pair.told.flows.size() == 9 && pair.told.marks[k_mark_enumerated] == 1);
}

void SaysThatTheFilterIsAway() {
  Pair pair;
  pair.wire.wrong_peer = true;
  pair.Pass(14);
  CHECK(pair.told.last_note.empty());
  pair.Pass(2);
  CHECK(pair.told.last_note.find("not connected") != std::string::npos);
  CHECK(pair.told.last_mark.capabilities == 0 && pair.told.marks[k_mark_enumerated] == 0);
  const u64 marks = pair.told.marks[k_mark_start];
  pair.Pass(60);
  CHECK(pair.told.marks[k_mark_start] == marks);  // said once
  pair.daemon->intake.Enumerate(pair.now_ns);     // and to each engine anew
  pair.Pass(1);
  CHECK(pair.told.marks[k_mark_start] == marks + 1 && !pair.told.last_note.empty());
  // It went on trying, a few times a minute.
  CHECK(pair.wire.connects > 10 && pair.wire.connects < 40);
  pair.wire.wrong_peer = false;
  pair.Pass(10);
  CHECK(pair.told.last_note.empty() && pair.told.last_mark.capabilities != 0);
}

// Who says nothing, and who is one too many.
void ClosesOnStrangers() {
  Pair pair;
  FlowIntake& intake = pair.daemon->intake;
  for (u64 peer = 100; peer < 104; peer++) CHECK(intake.Came(peer, pair.now_ns));
  CHECK(!intake.Came(104, pair.now_ns) && intake.counters().refused_peers == 1);
  intake.Tick(pair.now_ns + 9 * kSecond);
  CHECK(intake.counters().silent_peers == 0);
  intake.Tick(pair.now_ns + 10 * kSecond);
  CHECK(intake.counters().silent_peers == 4);
  CHECK(intake.Came(105, pair.now_ns));
  pair.daemon->Drain(&pair.told);
  CHECK(pair.told.losses[k_loss_filter_refused] == 5);
  // One that was cancelled is not heard any more; a batch before the hello says nothing.
  const HelloBytes hello = WriteHello(7, FlowLayout(), "1");
  CHECK(!intake.Take(100, std::span(hello.bytes).first(hello.size), pair.now_ns));
  BatchMessage batch{};
  WriteBatchHead({2, 1, 0, false, false, {}, {}}, std::as_writable_bytes(std::span(&batch, 1)));
  const auto answer = intake.Take(105, std::as_bytes(std::span(&batch, 1)), pair.now_ns);
  CHECK(answer && answer->status == static_cast<u8>(FilterStatus::kNoHello));
}

std::optional<AnswerMessage> Greet(Daemon* daemon, u64 peer, u16 version, u32 layout, u64 now_ns) {
  HelloBytes hello = WriteHello(peer, layout, "9.9");
  std::memcpy(&hello.bytes[offsetof(MessagePrefix, version)], &version, sizeof(version));
  return daemon->intake.Take(peer, std::span(hello.bytes).first(hello.size), now_ns);
}

Message RecordsOf(u64 flows, u64 now_ns) {
  FlowLedger ledger({});
  const auto token = Token(77, 3);
  for (u64 flow = 0; flow < flows; flow++) {
    FlowReport report;
    report.uuid = Uuid(flow);
    report.event = FlowEvent::kNewFlow;
    report.app_token = token;
    report.remote = {"192.0.2.9", "443"};
    report.at_ns = now_ns;
    ledger.Push(report);
  }
  ledger.Collect(now_ns);
  FlowBatch batch;
  ledger.TakeBatch(now_ns, &batch);
  return {batch.bytes().begin(), batch.bytes().end()};
}

Message BatchOf(u16 version, u64 number, u32 records, const Message& bytes,
                DropCounts dropped = {}) {
  Message message(sizeof(BatchMessage));
  message.resize(WriteBatchHead({version, number, records, false, false, dropped, bytes}, message));
  message.insert(message.end(), bytes.begin(), bytes.end());
  return message;
}

u8 StatusOf(Daemon* daemon, u64 peer, const Message& message, u64 now_ns) {
  const auto answer = daemon->intake.Take(peer, message, now_ns);
  return answer ? answer->status : 0xff;
}

constexpr u8 kOk = static_cast<u8>(FilterStatus::kOk);
constexpr u8 kMalformed = static_cast<u8>(FilterStatus::kMalformed);

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

// The filter's half: an older daemon is spoken to in its version, one that refuses is asked again
// after a minute.
void MeetsAnOlderDaemon() {
  Pair pair;
  pair.EndDaemon();
  pair.Report(1, FlowEvent::kNewFlow);
  // By hand: answers of our own.
  struct Mute final : UplinkTransport {
    void Connect() override { connects++; }
    void Send(std::array<std::span<const std::byte>, 2> parts) override {
      last.assign(parts[0].begin(), parts[0].end());
      last.insert(last.end(), parts[1].begin(), parts[1].end());
    }
    void Cancel() override { cancels++; }
    u64 connects = 0;
    u64 cancels = 0;
    Message last;
  } mute;
  Uplink uplink(&pair.ledger, &mute, {.run = 1, .extension_version = "1", .on_statistics = {}});
  uplink.Tick(pair.now_ns);
  CHECK(KindOf(mute.last) == FilterMessage::kHello);
  const auto reply = [&](FilterMessage kind, u16 version, FilterStatus status, u64 number) {
    const AnswerMessage message =
        MakeAnswer(kind, version, status, number, Statistics::kLow, false);
    uplink.Answered(std::as_bytes(std::span(&message, 1)), pair.now_ns);
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

void RefusesWhatIsNoBatch() {
  Pair pair;
  Daemon* const daemon = pair.daemon.get();
  const u64 now_ns = pair.now_ns;
  const Message records = RecordsOf(2, now_ns);
  CHECK(daemon->intake.Came(50, now_ns) && Greet(daemon, 50, 2, FlowLayout(), now_ns));
  CHECK(StatusOf(daemon, 50, BatchOf(2, 1, 4, records), now_ns) == kOk);
  // Taken before: said so, and told once.
  CHECK(StatusOf(daemon, 50, BatchOf(2, 1, 4, records), now_ns) ==
        static_cast<u8>(FilterStatus::kDuplicate));
  const auto changed = [&](size_t at, u8 value) {
    Message copy = records;
    copy[at] = std::byte{value};
    return BatchOf(2, 2, 4, copy);
  };
  CHECK(StatusOf(daemon, 50, BatchOf(2, 2, 5, records), now_ns) == kMalformed);
  CHECK(StatusOf(daemon, 50, changed(4, exec_record::kType), now_ns) == kMalformed);
  CHECK(StatusOf(daemon, 50, changed(6, k_source_endpoint_security), now_ns) == kMalformed);
  CHECK(StatusOf(daemon, 50, changed(15, 0xff), now_ns) == kMalformed);  // far in the future
  CHECK(StatusOf(daemon, 50, changed(0, 0), now_ns) == kMalformed);
  CHECK(StatusOf(daemon, 50, changed(0, 0x88), now_ns) == kMalformed);
  const u64 named = daemon->intake.counters().records;
  CHECK(StatusOf(daemon, 50, BatchOf(2, 2, 4, records), now_ns) == kOk);
  CHECK(daemon->intake.counters().records == named + 4);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 9, 0, {}), now_ns) == kOk);
  CHECK(daemon->intake.counters().gaps == 6);
  // Too large, and no message at all: the connection ends.
  CHECK(StatusOf(daemon, 50, Message(kFilterMessageBytesMax + 1), now_ns) == 0xff);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 10, 0, {}), now_ns) == 0xff);
  CHECK(daemon->intake.counters().malformed == 7 && !daemon->intake.connected());
}

void EndsFloods() {
  Pair pair;
  Daemon* const daemon = pair.daemon.get();
  CHECK(daemon->intake.Came(50, pair.now_ns) && Greet(daemon, 50, 2, FlowLayout(), pair.now_ns));
  u64 taken = 0;
  for (u64 number = 1; number <= 1'000; number++)
    taken += StatusOf(daemon, 50, BatchOf(2, number, 0, {}), pair.now_ns) == kOk ? 1 : 0;
  CHECK(taken == FlowIntake::kBatchesAtOnce && daemon->intake.counters().flooding_peers == 1);
  // The same number over time is no flood.
  CHECK(daemon->intake.Came(51, pair.now_ns) && Greet(daemon, 51, 2, FlowLayout(), pair.now_ns));
  for (u64 number = 1; number <= 2'000; number++) {
    if (number % FlowIntake::kBatchesPerSecond == 0) pair.now_ns += kSecond;
    CHECK(StatusOf(daemon, 51, BatchOf(2, number, 0, {}), pair.now_ns) == kOk);
  }
}

// A ring that nobody drains: the filter keeps what the daemon has no room for, and nothing is lost.
void WaitsForRoom() {
  Pair pair({}, 256 << 10);
  pair.Pass(1);
  pair.drains = false;
  for (u64 flow = 0; flow < 5'000; flow++) pair.Report(flow, FlowEvent::kClosed, 10);
  pair.Pass(30);
  CHECK(pair.uplink.counters().busy > 10 && pair.daemon->intake.counters().busy > 10);
  pair.drains = true;
  pair.Pass(60);
  CHECK(pair.told.Totals().first == 50'000 && pair.told.losses.empty());
}

void CanBeSwitchedOff() {
  Pair pair;
  pair.Report(1, FlowEvent::kNewFlow);
  pair.Pass(6);
  CHECK(pair.changes == 0 && pair.ledger.is_on());
  pair.daemon->statistics = Statistics::kOff;
  pair.Pass(6);
  CHECK(pair.changes == 1 && pair.statistics == Statistics::kOff && !pair.ledger.is_on());
  CHECK(pair.told.last_note.find("switched off") != std::string::npos);
  pair.Report(2, FlowEvent::kNewFlow);
  pair.Pass(6);
  CHECK(pair.told.flows.size() == 1);
  pair.daemon->statistics = Statistics::kMedium;
  pair.Pass(6);
  CHECK(pair.changes == 2 && pair.statistics == Statistics::kMedium && pair.ledger.is_on());
  CHECK(pair.told.last_note.empty());
}

void RequirementsNameTheProgramAndTheTeam() {
  const std::string shipped = PeerRequirement("org.x.filter", "TEAMID0000", Signing::kDeveloperId);
  CHECK(shipped ==
        "identifier \"org.x.filter\" and anchor apple generic and "
        "certificate 1[field.1.2.840.113635.100.6.2.6] exists and "
        "certificate leaf[field.1.2.840.113635.100.6.1.13] exists and "
        "certificate leaf[subject.OU] = \"TEAMID0000\"");
  const std::string own = PeerRequirement("org.x.filter", "TEAMID0000", Signing::kDevelopment);
  CHECK(own != shipped && own.find("100.6.2.1]") != std::string::npos);
  CHECK(PeerRequirement("a\" or anchor apple or identifier \"b", "T", Signing::kDeveloperId) == "");
  CHECK(PeerRequirement("org.x", "", Signing::kDeveloperId) == "");
}

// The bytes that docs/filter-protocol.md shows.
void HasTheBytesThatAreDocumented() {
  const HelloBytes hello = WriteHello(0x1122334455667788, 0xaabbccdd, "1.0");
  const u8 expected[] = {'F',  'R',  'S',  'T',  1,    0,    2,    0,    35,   0,    0,    0,
                         0,    0,    0,    0,    0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11,
                         0xdd, 0xcc, 0xbb, 0xaa, 3,    0,    0,    0,    '1',  '.',  '0'};
  CHECK(hello.size == sizeof(expected));
  CHECK(std::memcmp(hello.bytes.data(), expected, sizeof(expected)) == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  HasTheBytesThatAreDocumented();
  RequirementsNameTheProgramAndTheTeam();
  GreetsAndTells();
  SendsManyAtOnce();
  EnumeratesForEachDaemonAndOnRequest();
  SaysThatTheFilterIsAway();
  ClosesOnStrangers();
  MeetsOtherVersions();
  MeetsAnOlderDaemon();
  RefusesWhatIsNoBatch();
  EndsFloods();
  WaitsForRoom();
  CanBeSwitchedOff();
  std::puts("protocol: ok");
}
