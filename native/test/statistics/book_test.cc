// The book of flows, rule by rule: when a flow is told, and with which bytes.
#include "dictionary.h"

namespace freshet {
namespace {

using State = StatisticsTcpState;

Dictionary Connected(u16 local_port = 50'000) {
  return Dictionary::Tcp()
      .Pid(100, 7'000)
      .Local("192.0.2.7", local_port)
      .Remote("198.51.100.9", 443)
      .Start(kLooked + kSecond / 2);
}

u32 Kept(const flow_record& record) { return record.flags & ~u32{k_flow_at_most}; }

void TellsFromTheOpeningToTheFinalCounts() {
  Bench bench;
  bench.processes[100] = {7'000, 12};
  bench.Opens(1, Connected());
  CHECK(bench.flows().size() == 1);
  const flow_record opened = bench.last();
  CHECK(opened.state == k_flow_state_opened && Kept(opened) == 0 && opened.bytes_out == 0);
  CHECK(opened.header.at_ns == kLooked + kSecond / 2);
  CHECK(opened.pid == 100 && opened.pidversion == 12 && opened.protocol == 6);
  CHECK(opened.remote_port == 443 && opened.local_port == 50'000);
  CHECK(opened.remote_addr[10] == 0xff && opened.remote_addr[12] == 198);
  CHECK(opened.direction == k_direction_outbound);
  const name_record name = bench.Of(opened).name;
  CHECK(name.local_port == 50'000 && name.local_addr[12] == 192 && name.maker_pid == 0);
  bench.Passes();
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  CHECK(bench.last().state == k_flow_state_report && bench.last().bytes_out == 5'000);
  bench.Passes();
  bench.Answers(1, Dictionary::Counts(5'000, 300));  // nothing new
  CHECK(bench.flows().size() == 2);
  bench.Counts(1, Dictionary::Counts(9'000, 400));
  bench.Removes(1);
  CHECK(bench.last().state == k_flow_state_closed && Kept(bench.last()) == 0);
  CHECK(bench.last().bytes_out == 9'000 && bench.last().bytes_in == 400);
  CHECK(bench.book().rows() == 0);
}

void ClosesInexactlyWithoutFinalCounts() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  bench.Removes(1);
  CHECK(bench.last().state == k_flow_state_closed && Kept(bench.last()) == k_flow_inexact);
  bench.Opens(2, Connected(50'001));
  bench.Removes(2);
  CHECK(bench.last().state == k_flow_state_closed && Kept(bench.last()) == k_flow_inexact);
}

void TellsWhatWasOpenBeforeWithItsHistory() {
  Bench bench;
  const u64 before = kLooked - 100 * kSecond;
  bench.Opens(1, Connected().Start(before));
  CHECK(bench.flows().empty());  // not with zeros: its history would look like a burst
  CHECK(!bench.book().is_complete());
  bench.Answers(1, Dictionary::Counts(7'000'000, 80));
  CHECK(bench.book().is_complete() && bench.flows().size() == 1);
  CHECK(bench.last().state == k_flow_state_opened && Kept(bench.last()) == k_flow_enumerated);
  CHECK(bench.last().bytes_out == 7'000'000 && bench.last().header.at_ns == bench.now_ns);
  // One that was made before and is used only now is new.
  bench.Opens(2, Dictionary::Tcp().Pid(100).Local("", 0).Start(before).Bytes(0, 0));
  bench.Describes(2, Dictionary::Tcp().Local("192.0.2.7", 50'001).Remote("198.51.100.9", 443));
  bench.Answers(2, Dictionary::Counts(600, 0));
  CHECK(Kept(bench.Of(bench.last()).last) == 0 && !bench.Of(bench.last()).found);
  CHECK(bench.Of(bench.last()).at_opening.first == 0 && bench.last().bytes_out == 600);
  // Closed before it was counted: still told, as what it is.
  bench.Opens(3, Connected(50'003).Start(before));
  bench.Removes(3);
  CHECK(bench.last().local_port == 50'003 && bench.last().state == k_flow_state_closed);
  CHECK(bench.Of(bench.last()).found);
}

void KnowsWhatWasOpenWhereNothingSaysWhenItBegan() {
  Bench bench;
  bench.book().Begin(kLooked);
  bench.Opens(1, Connected().Start(0).Bytes(500, 0));
  bench.book().Looked();
  CHECK(bench.Of(bench.last()).found);
  bench.Opens(2, Connected(50'001).Start(0).Bytes(500, 0));
  CHECK(!bench.Of(bench.last()).found);
}

void LeavesListenersOut() {
  Bench bench;
  bench.Opens(1, Dictionary::Tcp()
                     .Pid(100)
                     .Local("", 8080)
                     .State(State::kListen)
                     .Start(kLooked + 5)
                     .Bytes(0, 0));
  bench.Opens(2, Connected(8080));  // somebody connected to it, or it from there
  CHECK(bench.flows().size() == 1 && bench.last().direction == k_direction_unknown);
  bench.Opens(3, Connected(8081));
  CHECK(bench.last().direction == k_direction_outbound);
  bench.Removes(1);
  CHECK(bench.last().local_port == 8081);
  bench.Opens(4, Connected(8080));  // nobody listens any more
  CHECK(bench.last().direction == k_direction_outbound);
  bench.Opens(5, Connected(8082).State(State::kSynReceived));
  CHECK(bench.last().direction == k_direction_inbound);
}

void TellsUdpWithoutAPeerAsOneFlow() {
  Bench bench;
  const Dictionary unconnected =
      Dictionary::Udp().Pid(100).Local("", 5353).Start(kLooked + 9).Bytes(0, 0);
  bench.Opens(1, unconnected);
  CHECK(bench.flows().empty());
  bench.Answers(1, Dictionary::Counts(120, 0));
  CHECK(bench.last().protocol == 17 && bench.last().bytes_out == 120);
  CHECK(bench.last().remote_port == 0 && bench.last().direction == k_direction_unknown);
  CHECK((bench.last().flags & k_flow_at_most) == 0);  // UDP sends nothing again
  for (const u8 byte : bench.last().remote_addr) CHECK(byte == 0);
  // Then it connects: what it sent before was not to this peer.
  bench.Describes(1, Dictionary::Udp().Remote("198.51.100.9", 443));
  CHECK(bench.last().state == k_flow_state_opened && bench.last().epoch == 1);
  CHECK(bench.last().bytes_out == 0 && bench.last().remote_port == 443);
  bench.Answers(1, Dictionary::Counts(1'120, 50));
  CHECK(bench.last().bytes_out == 1'000 && bench.last().bytes_in == 50);
  bench.Counts(1, Dictionary::Counts(1'120, 50));
  // As it closes it has no peer any more; it had one.
  bench.Describes(1, Dictionary::Udp().Remote("", 0));
  bench.Removes(1);
  CHECK(bench.last().remote_port == 443 && bench.last().state == k_flow_state_closed);
  CHECK(Kept(bench.last()) == 0);
  CHECK((bench.told().Totals() == std::pair<u64, u64>(1'120, 50)));
}

void TakesOffWhatWasSentAgain() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(1'000, 0).Again(400));
  CHECK(bench.last().bytes_out == 600 && bench.last().flags == 0);
  bench.Answers(1, Dictionary::Counts(2'000, 0).Again(1'500));  // less than was told: never falls
  CHECK(bench.last().bytes_out == 600);
  bench.Answers(1, Dictionary::Counts(3'000, 1).Again(1'500));
  CHECK(bench.last().bytes_out == 1'500 && bench.last().flags == 0);
  // Without the key it is at most so much.
  bench.Opens(2, Connected(50'001));
  bench.Answers(2, Dictionary::Counts(1'000, 0));
  CHECK(bench.last().bytes_out == 1'000 && bench.last().flags == k_flow_at_most);
  // Comes the key, what was told is not taken back, and is still at most.
  bench.Answers(2, Dictionary::Counts(1'100, 0).Again(500));
  CHECK(bench.Of(bench.last()).last.bytes_out == 1'000);
  bench.Answers(2, Dictionary::Counts(1'200, 7).Again(500));
  CHECK(bench.last().bytes_out == 1'000 && bench.last().flags == k_flow_at_most);
  bench.Answers(2, Dictionary::Counts(2'500, 7).Again(500));
  CHECK(bench.last().bytes_out == 2'000 && bench.last().flags == 0);
}

// 32 bits in kernels up to macOS 15.
void AddsUpACountThatWraps() {
  Bench bench;
  const int64_t wrap = int64_t{1} << 32;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(wrap - 1, 0).Again(wrap - 100));
  bench.Answers(1, Dictionary::Counts(3 * wrap, 0).Again(200));
  CHECK(bench.last().bytes_out == u64{3} * wrap - wrap - 200 && bench.last().flags == 0);
  bench.Answers(1, Dictionary::Counts(3 * wrap, 1).Again(190));  // read earlier, came later
  CHECK(bench.last().bytes_out == u64{3} * wrap - wrap - 200);
  // How often it had wrapped when the flow was found nobody knows.
  bench.Opens(2, Connected(50'001).Start(5));
  bench.Answers(2, Dictionary::Counts(2 * wrap, 0).Again(100));
  CHECK(bench.last().bytes_out == u64{2} * wrap - 100);
  CHECK((bench.last().flags & k_flow_at_most) != 0);
}

void BeginsAnEpochWhenCountersBeginAgain() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  bench.Answers(1, Dictionary::Counts(4'900, 300));  // overtaken
  CHECK(bench.flows().size() == 2);
  bench.Answers(1, Dictionary::Counts(40, 6'000));  // what rose has not begun again
  CHECK(bench.last().epoch == 0 && bench.last().bytes_out == 5'000);
  bench.Answers(1, Dictionary::Counts(40, 20));
  CHECK(bench.last().epoch == 1 && bench.last().bytes_out == 40 && bench.last().bytes_in == 20);
  CHECK((bench.told().Totals() == std::pair<u64, u64>(5'040, 6'020)));
  CHECK(bench.told().Open() == 1);
}

void TakesZerosAfterBytesForNoCount() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  bench.Counts(1, Dictionary::Counts(0, 0));
  CHECK(bench.last().bytes_out == 5'000 && bench.last().epoch == 0);
  bench.Answers(1, Dictionary::Counts(6'000, 300));  // a slip
  CHECK(bench.last().bytes_out == 6'000);
  bench.Counts(1, Dictionary::Counts(0, 0));
  bench.Removes(1);
  CHECK(bench.last().bytes_out == 6'000 && bench.last().state == k_flow_state_closed);
  CHECK(Kept(bench.last()) == (k_flow_inexact | k_flow_counters_lost));
  CHECK(bench.Lost(k_loss_flow_counters) == 1);
}

void CountsWhatIsNoCount() {
  Bench bench;
  bench.Opens(1, Connected());
  for (const int64_t bad : {int64_t{-1}, int64_t{1} << 53}) {
    bench.Answers(1, Dictionary::Counts(bad, 0));
    bench.Answers(1, Dictionary::Counts(0, bad));
    bench.Answers(1, Dictionary::Counts(5, 5).Again(bad));
  }
  CHECK(bench.flows().size() == 1 && bench.Lost(k_loss_malformed) == 6);
  // A socket of which nothing ever said what it is, and that had bytes.
  bench.book().Added(2, bench.now_ns);
  bench.Counts(2, Dictionary::Counts(77, 0));
  bench.Removes(2);
  CHECK(bench.flows().size() == 1 && bench.Lost(k_loss_malformed) == 7);
  bench.book().Added(3, bench.now_ns);
  bench.Removes(3);
  CHECK(bench.Lost(k_loss_malformed) == 7 && bench.book().is_complete() == false);
}

// The text that the framework has for QUIC, or will have, may be another than the one we know.
void TellsWhatAnotherProviderTells() {
  Bench bench;
  Dictionary another = Connected();
  bench.Opens(1, another.Provider(StatisticsProvider::kAnother));
  bench.Opens(2, Dictionary(another).Provider(StatisticsProvider::kUdp));
  bench.Counts(1, Dictionary::Counts(1'000'000, 900));
  CHECK(bench.last().protocol == 17 && bench.last().bytes_out == 1'000'000);
  CHECK((bench.last().flags & k_flow_at_most) != 0);
  // The half of it that UDP counts is the same bytes.
  bench.Answers(2, Dictionary::Counts(1'000'100, 900));
  bench.Removes(2);
  bench.Removes(1);
  CHECK((bench.told().Totals() == std::pair<u64, u64>(1'000'000, 900)));
  bench.Opens(3, Dictionary(another).State(State::kAnother).Start(kLooked + 77));
  bench.Counts(3, Dictionary::Counts(500, 0));
  bench.Removes(3);
  CHECK(bench.last().protocol == 6 && bench.last().bytes_out == 500);
  CHECK(bench.Lost(k_loss_malformed) == 0);
}

// Whom it spoke to could not be read: what it sent is nowhere, and that is said.
void CountsWhatItCannotTell() {
  Bench bench;
  bench.Opens(1, Dictionary::Tcp().Pid(100).Local("192.0.2.7", 50'000).Start(kLooked + 5));
  bench.Counts(1, Dictionary::Counts(9'000, 0));
  bench.Removes(1);
  CHECK(bench.flows().empty() && bench.Lost(k_loss_malformed) == 1);
  bench.Opens(2, Dictionary::Tcp().Pid(100).Local("", 22).State(State::kListen).Bytes(5, 5));
  bench.Removes(2);
  bench.Opens(3, Dictionary::Tcp().Pid(100).Local("", 23).Bytes(0, 0));
  bench.Removes(3);
  CHECK(bench.Lost(k_loss_malformed) == 1);
}

void TellsAllAnew() {
  Bench bench;
  bench.Opens(1, Connected());
  bench.Answers(1, Dictionary::Counts(5'000, 300));
  bench.Opens(2, Dictionary::Tcp().Pid(9).Local("", 8080).State(State::kListen).Bytes(0, 0));
  bench.book().TellAll(bench.now_ns);
  CHECK(bench.flows().size() == 3 && Kept(bench.last()) == k_flow_enumerated);
  CHECK(bench.last().state == k_flow_state_opened && bench.last().bytes_out == 5'000);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TellsFromTheOpeningToTheFinalCounts();
  ClosesInexactlyWithoutFinalCounts();
  TellsWhatWasOpenBeforeWithItsHistory();
  KnowsWhatWasOpenWhereNothingSaysWhenItBegan();
  LeavesListenersOut();
  TellsUdpWithoutAPeerAsOneFlow();
  TakesOffWhatWasSentAgain();
  AddsUpACountThatWraps();
  BeginsAnEpochWhenCountersBeginAgain();
  TakesZerosAfterBytesForNoCount();
  CountsWhatIsNoCount();
  TellsWhatAnotherProviderTells();
  CountsWhatItCannotTell();
  TellsAllAnew();
  std::puts("book: ok");
}
