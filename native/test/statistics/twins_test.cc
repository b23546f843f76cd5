// Flows that look like the two halves of one, UDP and the QUIC in it, and are not.
#include "dictionary.h"

namespace freshet {
namespace {

constexpr int64_t kMany = 100'000'000;

Dictionary Ends(Dictionary dictionary, const char* host = "2001:db8::1", int64_t pid = 100) {
  return dictionary.Pid(pid, pid + 7'000)
      .Local(host, 60'000)
      .Remote("2001:db8:9::9", 443)
      .Start(kLooked + kSecond / 2);
}

u64 OutOf(Bench& bench, u32 pid) {
  u64 out = 0;
  for (const auto& [key, flow] : bench.told().flows)
    if (flow.last.pid == pid) out += flow.last.bytes_out;
  return out;
}

// Another address of the Mac, or another process: with the very ends of a flow that moves little.
void TellsTheFlowOfAnother() {
  const struct {
    const char* host;
    int64_t pid;
  } others[] = {{"2001:db8::2", 100}, {"2001:db8::1", 200}, {"", 200}};
  for (const auto& [host, pid] : others) {
    Bench bench;
    bench.Opens(1, Ends(Dictionary::Quic()));
    bench.Answers(1, Dictionary::Counts(1'000, 10).Again(0));
    bench.Opens(2, Ends(Dictionary::Udp(), host, pid));
    bench.Answers(2, Dictionary::Counts(kMany, 0));
    CHECK((bench.told().Totals() == std::pair<u64, u64>(kMany + 1'000, 10)));
    bench.Counts(2, Dictionary::Counts(2 * kMany, 0));
    bench.Removes(2);
    CHECK(pid == 100 || OutOf(bench, 200) == u64{2} * kMany);
  }
  // Whom one acts for may have the other: a browser's network process.
  Bench bench;
  bench.Opens(1, Ends(Dictionary::Quic()).For(300, 8'000));
  bench.Answers(1, Dictionary::Counts(kMany, 0).Again(0));
  bench.Opens(2, Ends(Dictionary::Udp()));
  bench.Answers(2, Dictionary::Counts(kMany, 0));
  CHECK(bench.told().Totals().first == kMany);
}

// The same process, the same ends, whichever of them it lets idle.
void TellsWhatMovesFarMoreThanItsTwin() {
  for (const bool quic_first : {true, false}) {
    Bench bench;
    bench.Opens(1, Ends(quic_first ? Dictionary::Quic() : Dictionary::Udp()));
    bench.Answers(1, Dictionary::Counts(1'000, 10).Again(0));
    bench.Opens(2, Ends(quic_first ? Dictionary::Udp() : Dictionary::Quic()));
    for (int64_t look = 1; look <= FlowBook::kApartTicks; look++) {
      CHECK(bench.told().Totals().first == 1'000);
      bench.Answers(2, Dictionary::Counts(look * kMany, 0).Again(0));
      bench.Passes();
    }
    // All of it.
    const u64 all = FlowBook::kApartTicks * u64{kMany};
    CHECK(bench.told().Totals().first == 1'000 + all);
    bench.Counts(2, Dictionary::Counts(kMany * 20, 0).Again(0));
    bench.Removes(2);
    CHECK(bench.told().Totals().first == 1'000 + u64{20} * kMany && bench.told().Open() == 1);
  }
}

// Two halves that are counted at different times are two halves all the same.
void WaitsForATwinThatIsCountedLate() {
  Bench bench;
  bench.Opens(1, Ends(Dictionary::Quic()));
  bench.Answers(1, Dictionary::Counts(0, 0).Again(0));
  bench.Opens(2, Ends(Dictionary::Udp()));
  for (int64_t second = 1; second <= 20; second++) {
    bench.Answers(2, Dictionary::Counts(second * kMany, 0));
    bench.Passes();
    bench.Passes();
    bench.Answers(1, Dictionary::Counts(second * kMany, 0).Again(0));
  }
  CHECK(bench.told().Totals().first == u64{20} * kMany);
  // The one that waits ends first, far ahead, and its twin's last counts come a little later.
  bench.Counts(2, Dictionary::Counts(50 * kMany, 0));
  bench.Removes(2);
  bench.Passes();
  CHECK(bench.told().Totals().first == u64{20} * kMany && bench.book().rows() == 2);
  bench.Counts(1, Dictionary::Counts(49 * kMany, 0).Again(0));
  bench.Passes();
  CHECK(bench.told().Totals().first == u64{49} * kMany && bench.book().rows() == 1);
  bench.Removes(1);
  CHECK(bench.told().Open() == 0 && bench.book().rows() == 0);
}

// In a second, and gone: told when its twin has not come that far.
void TellsWhatWasOverBeforeItWasKnownApart() {
  for (const bool twin_ends : {true, false}) {
    Bench bench;
    bench.Opens(1, Ends(Dictionary::Quic()));
    bench.Answers(1, Dictionary::Counts(0, 0).Again(0));
    bench.Opens(2, Ends(Dictionary::Udp()));
    bench.Counts(2, Dictionary::Counts(kMany, 0));
    bench.Removes(2);
    // Its number may be another's by now.
    bench.Opens(2, Ends(Dictionary::Udp(), "2001:db8::7"));
    bench.Counts(2, Dictionary::Counts(5, 0));
    bench.Removes(2);
    if (twin_ends) {
      bench.Counts(1, Dictionary::Counts(10, 0).Again(0));
      bench.Removes(1);
    } else {
      for (u32 tick = 0; tick < FlowBook::kApartTicks; tick++) bench.Passes();
    }
    CHECK(bench.told().Totals().first == u64{kMany} + 5 + (twin_ends ? 10 : 0));
    CHECK(bench.book().rows() == (twin_ends ? 0 : 1) && bench.told().Open() == (twin_ends ? 0 : 1));
  }
}

// With its history as what it is, and what it has moved since as that.
void TellsApartWhatWasFoundOpen() {
  Bench bench;
  const int64_t before = kLooked - 1;
  bench.Opens(1, Ends(Dictionary::Quic()).Start(before));
  bench.Answers(1, Dictionary::Counts(9 * kMany, 0).Again(0));
  bench.Opens(2, Ends(Dictionary::Udp()).Start(before - 1));
  bench.Answers(2, Dictionary::Counts(9 * kMany, 0));
  bench.Passes();
  CHECK(bench.told().flows.size() == 1);
  bench.Answers(2, Dictionary::Counts(10 * kMany, 0));
  for (u32 tick = 0; tick < FlowBook::kApartTicks; tick++) bench.Passes();
  CHECK(bench.told().flows.size() == 2);
  const ToldFlow& apart = bench.Of(bench.last());
  CHECK(apart.found && apart.at_opening.first == u64{9} * kMany);
  CHECK(apart.last.bytes_out == u64{10} * kMany);
}

// Three sockets of one port, peer and process, of which the third is the second's other half: by
// when they began, and else by what they move.
void FindsItsOtherHalfAmongSeveral() {
  for (int ways = 0; ways < 32; ways++) {
    const bool quic_first = ways & 1, is_found = ways & 2, is_late = ways & 4, is_alike = ways & 8;
    const auto told = quic_first ? Dictionary::Quic : Dictionary::Udp;
    const auto waits = quic_first ? Dictionary::Udp : Dictionary::Quic;
    const int64_t start = is_found ? kLooked - 1'000 : kLooked + 1'000;
    const int64_t second = start + (is_alike ? 0 : 500);
    Bench bench;
    const auto opens_second = [&] {
      bench.Opens(2, Ends(told(), "2001:db8::2").Start(second));
      bench.Answers(2, Dictionary::Counts(2'000, 20).Again(0));
    };
    bench.Opens(1, Ends(told()).Start(start));
    bench.Answers(1, Dictionary::Counts(1'000, 10).Again(0));
    if (!is_late) opens_second();
    bench.Opens(3, Ends(waits(), "").Start(second));
    bench.Answers(3, Dictionary::Counts(2'050, 20).Again(0));
    if (is_late) opens_second();
    const int64_t looks = ways & 16 ? 3 : 3 * FlowBook::kApartTicks;
    for (int64_t look = 1; look <= looks; look++) {
      bench.Answers(2, Dictionary::Counts(look * kMany, 20).Again(0));
      bench.Answers(3, Dictionary::Counts(look * kMany + 50, 20).Again(0));
      bench.Passes();
    }
    // The first may go while it waits for that, and it may go itself.
    bench.Removes(ways & 16 ? 1 : 3);
    for (u32 tick = 0; tick < 3 * FlowBook::kApartTicks; tick++) bench.Passes();
    bench.Removes(ways & 16 ? 3 : 1);
    for (u32 tick = 0; tick < 3 * FlowBook::kApartTicks; tick++) bench.Passes();
    CHECK((bench.told().Totals() == std::pair<u64, u64>(1'000 + looks * u64{kMany}, 30)));
    bench.Removes(2);
    CHECK(bench.told().flows.size() == 2 && bench.told().Open() == 0 && bench.book().rows() == 0);
  }
}

// It may be no other half of any of them.
void TellsWhatMovesFarMoreThanAllThatItMayBelongTo() {
  for (const bool quic_first : {true, false}) {
    const auto told = quic_first ? Dictionary::Quic : Dictionary::Udp;
    Bench bench;
    for (const char* host : {"2001:db8::1", "2001:db8::2", "2001:db8::3"}) {
      const u64 source = static_cast<u64>(host[10] - '0');
      bench.Opens(source, Ends(told(), host));
      bench.Answers(source, Dictionary::Counts(source * kMany, 0).Again(0));
    }
    bench.Opens(4, Ends(quic_first ? Dictionary::Udp() : Dictionary::Quic(), ""));
    for (u32 tick = 0; tick < 4 * FlowBook::kApartTicks; tick++) {
      bench.Answers(4, Dictionary::Counts(7 * kMany, 0).Again(0));
      bench.Passes();
    }
    CHECK(bench.told().Totals().first == 13 * u64{kMany} && bench.told().Open() == 4);
  }
}

// Counted for the first time when the other half had moved much by then.
void TellsNothingTwiceOfWhatIsCountedLate() {
  for (int ways = 0; ways < 4; ways++) {
    const auto told = ways & 1 ? Dictionary::Quic : Dictionary::Udp;
    const auto waits = ways & 1 ? Dictionary::Udp : Dictionary::Quic;
    const u64 first = ways & 2 ? 1 : 2, second = 3 - first;
    Bench bench;
    bench.Opens(1, Ends(told()));
    if (first == 1) bench.Answers(1, Dictionary::Counts(kMany, 0).Again(0));
    bench.Opens(2, Ends(waits()));
    if (first == 2) bench.Answers(2, Dictionary::Counts(kMany, 0).Again(0));
    bench.Passes();
    bench.Answers(second, Dictionary::Counts(kMany, 0).Again(0));
    for (u32 tick = 0; tick < 3 * FlowBook::kApartTicks; tick++) bench.Passes();
    CHECK(bench.told().Totals().first == kMany && bench.told().Open() == 1);
    // What it had by then hides nothing that it moves alone.
    bench.Answers(2, Dictionary::Counts(3 * kMany, 0).Again(0));
    for (u32 tick = 0; tick < FlowBook::kApartTicks; tick++) bench.Passes();
    CHECK(bench.told().Totals().first == 4 * u64{kMany} && bench.told().Open() == 2);
  }
}

// Counters of both begin again, whichever is heard first.
void GoesOnWithTwinsThatCountAnew() {
  for (int ways = 0; ways < 4; ways++) {
    Bench bench;
    bench.Opens(1, Ends(ways & 1 ? Dictionary::Quic() : Dictionary::Udp()));
    bench.Opens(2, Ends(ways & 1 ? Dictionary::Udp() : Dictionary::Quic()));
    for (const u64 source : {u64{1}, u64{2}})
      bench.Answers(source, Dictionary::Counts(kMany, 0).Again(0));
    const u64 first = ways & 2 ? 1 : 2;
    for (int64_t look = 1; look <= 3 * FlowBook::kApartTicks; look++) {
      bench.Answers(first, Dictionary::Counts(look * 1'000'000, 0).Again(0));
      bench.Passes();
      bench.Answers(3 - first, Dictionary::Counts(look * 1'000'000, 0).Again(0));
      bench.Passes();
    }
    CHECK(bench.told().Totals().first == kMany + 3 * FlowBook::kApartTicks * u64{1'000'000});
    CHECK(bench.told().Open() == 1);
  }
}

// It begins to wait with counts that are older than its teller's: as it is described, and where its
// teller's began again and its own have not been asked for since.
void TellsNothingTwiceOfWhatWasCountedBefore() {
  constexpr u64 kLast = 150'000'000;
  for (int ways = 0; ways < 4; ways++) {
    const auto told = ways & 1 ? Dictionary::Quic : Dictionary::Udp;
    const auto waits = ways & 1 ? Dictionary::Udp : Dictionary::Quic;
    const bool begins_again = ways & 2;
    Bench bench;
    bench.Opens(1, Ends(told()));
    bench.Answers(1, Dictionary::Counts(kMany, 0).Again(0));
    bench.book().Added(2, bench.now_ns);
    if (begins_again) bench.Describes(2, Ends(waits()));
    bench.Answers(2, Dictionary::Counts(kMany, 0).Again(0));
    bench.Passes();
    if (begins_again) bench.Answers(1, Dictionary::Counts(1'000, 0).Again(0));
    bench.Answers(1, Dictionary::Counts(kLast, 0).Again(0));
    if (begins_again)
      bench.book().TellAll(bench.now_ns);
    else
      bench.Describes(2, Ends(waits()));
    bench.Passes();
    bench.Answers(2, Dictionary::Counts(kLast, 0).Again(0));
    for (u32 tick = 0; tick < 3 * FlowBook::kApartTicks; tick++) bench.Passes();
    CHECK(bench.told().Totals().first == kLast + (begins_again ? kMany : 0));
    CHECK(bench.told().Open() == 1);
  }
}

void KeepsTwinsWithinBounds() {
  Bench bench(65'536, 8 << 20);
  for (u64 source = 1; source <= 500; source++) {
    bench.Opens(source, Ends(Dictionary::Udp(), "", static_cast<int64_t>(source)));
    bench.Answers(source, Dictionary::Counts(10, 0));
  }
  CHECK(bench.told().Totals().first == 5'000);
  for (u64 source = 1; source <= 500; source++) bench.Removes(source);
  CHECK(bench.book().rows() == 0 && bench.told().Open() == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TellsTheFlowOfAnother();
  TellsWhatMovesFarMoreThanItsTwin();
  WaitsForATwinThatIsCountedLate();
  TellsWhatWasOverBeforeItWasKnownApart();
  TellsApartWhatWasFoundOpen();
  FindsItsOtherHalfAmongSeveral();
  TellsWhatMovesFarMoreThanAllThatItMayBelongTo();
  TellsNothingTwiceOfWhatIsCountedLate();
  GoesOnWithTwinsThatCountAnew();
  TellsNothingTwiceOfWhatWasCountedBefore();
  KeepsTwinsWithinBounds();
  std::puts("twins: ok");
}
