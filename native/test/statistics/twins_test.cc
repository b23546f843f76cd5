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
  KeepsTwinsWithinBounds();
  std::puts("twins: ok");
}
