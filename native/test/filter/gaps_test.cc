// What the listener says is missing, and that it takes it back.
#include "check.h"
#include "pair.h"

namespace freshet {
namespace {

using Peer = FlowIntake::Peer;

u32 GapsNow(Pair* pair) {
  pair->daemon->Drain(&pair->told);
  return pair->told.last_mark.gaps;
}

// A filter that starts late, and goes.
void SaysThatNoFilterIsConnected() {
  Pair pair;
  pair.wire.daemon = nullptr;  // nobody reaches it
  FlowIntake& intake = pair.daemon->intake;
  const u64 began_ns = pair.now_ns;
  intake.Tick(began_ns + 14 * kSecond);
  CHECK(GapsNow(&pair) == 0);  // it may be on its way
  intake.Tick(began_ns + 15 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter && pair.told.last_mark.capabilities == 0);
  CHECK(pair.told.last_note.find("not connected") != std::string::npos);
  const u64 marks = pair.told.marks[k_mark_start];
  intake.Tick(began_ns + 60 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter && pair.told.marks[k_mark_start] == marks);  // once

  const HelloBytes hello = WriteHello(7, FlowLayout(), "1");
  CHECK(intake.Came(5, pair.now_ns));
  CHECK(intake.Take(5, std::span(hello.bytes).first(hello.size), began_ns + 61 * kSecond));
  intake.Tick(began_ns + 62 * kSecond);
  CHECK(GapsNow(&pair) == 0 && pair.told.last_note.empty());
  CHECK((pair.told.last_mark.capabilities & k_capability_connect_events) != 0);
  intake.Gone(5, began_ns + 63 * kSecond);
  intake.Tick(began_ns + 77 * kSecond);
  CHECK(GapsNow(&pair) == 0);
  intake.Tick(began_ns + 78 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter);
  // Every mark has it, also one without a sentence.
  intake.Stop(began_ns + 79 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter && pair.told.last_mark.kind == k_mark_stop);
}

void SaysThatTheFilterIsOfAnotherVersion() {
  Pair pair;
  pair.wire.daemon = nullptr;
  FlowIntake& intake = pair.daemon->intake;
  CHECK(intake.Came(5, pair.now_ns));
  const HelloBytes hello = WriteHello(7, FlowLayout() + 1, "0.9");
  CHECK(intake.Take(5, std::span(hello.bytes).first(hello.size), pair.now_ns));
  intake.Tick(pair.now_ns + 15 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter_version);
  CHECK(pair.told.last_note.find("version 0.9") != std::string::npos);
}

void SaysThatThereIsNoService() {
  Pair pair;
  pair.wire.daemon = nullptr;
  pair.daemon->intake.NoService(pair.now_ns);
  CHECK(GapsNow(&pair) == k_gap_filter_service);  // at once: waiting does not help
  pair.daemon->intake.Tick(pair.now_ns + 60 * kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter_service);
  CHECK(pair.told.marks[k_mark_start] == 2);
}

void SaysThatItIsSwitchedOff() {
  Pair pair;
  pair.Pass(2);
  CHECK(GapsNow(&pair) == 0);
  pair.daemon->statistics = Statistics::kOff;
  pair.Pass(10);
  CHECK(GapsNow(&pair) == k_gap_filter_off && pair.statistics == Statistics::kOff);
  CHECK(pair.told.last_mark.capabilities == 0);  // flows are to come from another source
  CHECK(!pair.ledger.is_on());
  pair.daemon->statistics = Statistics::kLow;
  pair.Pass(10);
  CHECK(GapsNow(&pair) == 0 && pair.statistics == Statistics::kLow && pair.ledger.is_on());
}

// It hangs, and goes on: a connection says no more than that the process is there.
void SaysThatTheFilterHangs() {
  Pair pair;
  pair.Report(1, FlowEvent::kNewFlow);
  pair.Pass(10);
  CHECK(GapsNow(&pair) == 0 && pair.told.last_mark.capabilities != 0);
  FlowIntake& intake = pair.daemon->intake;
  const auto hangs = [&](u64 seconds) {
    for (u64 second = 0; second < seconds; second++) intake.Tick(pair.now_ns += kSecond);
  };
  // Its last batch may be five seconds old.
  hangs(24);
  CHECK(GapsNow(&pair) == 0);
  const u64 marks = pair.told.marks[k_mark_start];
  hangs(6);
  CHECK(GapsNow(&pair) == k_gap_filter_silent && pair.told.last_mark.capabilities == 0);
  CHECK(pair.told.last_note.find("has sent nothing for half a minute") != std::string::npos);
  hangs(60);
  CHECK(GapsNow(&pair) == k_gap_filter_silent);
  CHECK(pair.told.marks[k_mark_start] == marks + 1);  // once
  const u64 enumerated = pair.told.marks[k_mark_enumerated];
  pair.Pass(10);
  CHECK(GapsNow(&pair) == 0 && pair.told.last_mark.capabilities != 0);
  CHECK(pair.told.marks[k_mark_enumerated] == enumerated + 1);
}

void SaysThatTheFilterHangsWhileItEnumerates() {
  Pair pair;
  pair.wire.daemon = nullptr;
  FlowIntake& intake = pair.daemon->intake;
  for (int second = 0; second < 40; second++) intake.Tick(pair.now_ns += kSecond);
  const HelloBytes hello = WriteHello(7, FlowLayout(), "1");
  CHECK(intake.Came(5, pair.now_ns));
  CHECK(intake.Take(5, std::span(hello.bytes).first(hello.size), pair.now_ns));
  intake.Tick(pair.now_ns += kSecond);
  CHECK(GapsNow(&pair) == 0);
  std::array<std::byte, sizeof(BatchMessage)> head;
  const size_t size = WriteBatchHead({kFilterVersion, 1, 0, true, false, {}, {}}, head);
  CHECK(intake.Take(5, std::span(head).first(size), pair.now_ns));
  for (int second = 0; second < 30; second++) intake.Tick(pair.now_ns += kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter_silent && pair.told.marks[k_mark_enumerated] == 0);
}

// The Mac sleeps, or this process is stopped: nobody could be heard.
void TakesItsOwnSleepForNoSilence() {
  Pair pair;
  pair.Pass(10);
  FlowIntake& intake = pair.daemon->intake;
  intake.Tick(pair.now_ns += 3600 * kSecond);
  CHECK(GapsNow(&pair) == 0);
  for (int second = 0; second < 29; second++) intake.Tick(pair.now_ns += kSecond);
  CHECK(GapsNow(&pair) == 0);
  intake.Tick(pair.now_ns += kSecond);
  CHECK(GapsNow(&pair) == k_gap_filter_silent);
}

void CountsStrangers() {
  Pair pair;
  FlowIntake& intake = pair.daemon->intake;
  for (Peer peer = 50; peer < 60; peer++) {
    CHECK(intake.Came(peer, pair.now_ns));
    intake.Stranger(peer, pair.now_ns);
    intake.Stranger(peer, pair.now_ns);  // known already
  }
  CHECK(intake.counters().stranger_peers == 10 && intake.counters().refused_peers == 0);
  intake.Stranger(0, pair.now_ns);  // one that was not let in
  CHECK(intake.counters().stranger_peers == 11);
  intake.Tick(pair.now_ns + kSecond);
  pair.daemon->Drain(&pair.told);
  CHECK(pair.told.losses[k_loss_filter_refused] == 11);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  SaysThatNoFilterIsConnected();
  SaysThatTheFilterIsOfAnotherVersion();
  SaysThatThereIsNoService();
  SaysThatItIsSwitchedOff();
  SaysThatTheFilterHangs();
  SaysThatTheFilterHangsWhileItEnumerates();
  TakesItsOwnSleepForNoSilence();
  CountsStrangers();
  std::puts("gaps: ok");
}
