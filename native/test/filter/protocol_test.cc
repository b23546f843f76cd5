// The filter and the daemon over a wire that loses, repeats and changes what it carries: what is
// told adds up to what was reported, and who should not speak is not heard.
#include <memory>
#include <string>

#include "check.h"
#include "mac/peer_requirement.h"
#include "messages.h"
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
  // A host name of the greatest length, and one letter more.
  const auto name_of = [&](u16 letters) {
    name_record name{};
    name.header = {RecordSize<name_record>(letters), name_record::kType, k_source_filter, 0,
                   now_ns};
    name.hostname_bytes = letters;
    Message record(name.header.size);
    std::memcpy(record.data(), &name, sizeof(name));
    return record;
  };
  CHECK(AreFilterRecords(name_of(name_record::k_hostname_max), 1, now_ns));
  CHECK(!AreFilterRecords(name_of(name_record::k_hostname_max + 1), 1, now_ns));
  const u64 named = daemon->intake.counters().records;
  CHECK(StatusOf(daemon, 50, BatchOf(2, 2, 4, records), now_ns) == kOk);
  CHECK(daemon->intake.counters().records == named + 4);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 9, 0, {}), now_ns) == kOk);
  CHECK(daemon->intake.counters().gaps == 6);
  // More records than a batch may have, each of them as it should be.
  Message many = RecordsOf(499, now_ns);
  many.insert(many.end(), records.begin(), records.end());
  CHECK(StatusOf(daemon, 50, BatchOf(2, 10, 1'002, many), now_ns) == kMalformed);
  // Too large, though of the size it says, and no message at all: the connection ends.
  Message large(kFilterMessageBytesMax + 8);
  WriteBatchHead({2, 10, 0, false, false, {}, std::span(large).subspan(sizeof(BatchMessage))},
                 large);
  CHECK(daemon->intake.Came(49, now_ns));
  CHECK(StatusOf(daemon, 49, large, now_ns) == 0xff);
  large.resize(kFilterMessageBytesMax);
  WriteBatchHead({2, 10, 0, false, false, {}, std::span(large).subspan(sizeof(BatchMessage))},
                 large);
  CHECK(daemon->intake.Came(48, now_ns));
  CHECK(StatusOf(daemon, 48, large, now_ns) == static_cast<u8>(FilterStatus::kNoHello));
  CHECK(StatusOf(daemon, 50, Message(kFilterMessageBytesMax + 1), now_ns) == 0xff);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 10, 0, {}), now_ns) == 0xff);
  CHECK(daemon->intake.counters().malformed == 9 && !daemon->intake.connected());
}

// Each is refused, and after the eighth nothing of the peer is heard any more.
void EndsWhoSendsNothingElse() {
  Pair pair;
  Daemon* const daemon = pair.daemon.get();
  CHECK(daemon->intake.Came(50, pair.now_ns) && Greet(daemon, 50, 2, FlowLayout(), pair.now_ns));
  for (u32 count = 1; count < FlowIntake::kMalformedMax; count++)
    CHECK(StatusOf(daemon, 50, BatchOf(2, 1, 1, {}), pair.now_ns) == kMalformed);
  CHECK(daemon->intake.connected() && daemon->intake.counters().flooding_peers == 0);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 1, 1, {}), pair.now_ns) == 0xff);
  CHECK(!daemon->intake.connected() && daemon->intake.counters().flooding_peers == 1);
  CHECK(StatusOf(daemon, 50, BatchOf(2, 1, 0, {}), pair.now_ns) == 0xff);
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
  RefusesWhatIsNoBatch();
  EndsWhoSendsNothingElse();
  EndsFloods();
  WaitsForRoom();
  CanBeSwitchedOff();
  std::puts("protocol: ok");
}
