// The source as it runs, over the double of the framework: marks, enumerations, and a framework
// that lacks something or stops to answer.
#include "boot_clock.h"
#include "framework_double.h"
#include "mac/statistics/statistics_source.h"

namespace freshet {
namespace {

Dictionary Flow(u16 local_port, u64 start_ns) {
  return Dictionary::Tcp()
      .Pid(100, 7'000)
      .Local("192.0.2.7", local_port)
      .Remote("198.51.100.9", 443)
      .Start(static_cast<int64_t>(start_ns));
}

// A source over a framework, and what it told. Time is the test's.
class Scene {
 public:
  explicit Scene(FrameworkDouble* framework, size_t ring_bytes = 1 << 20) : ring_(ring_bytes) {
    StatisticsOptions statistics;
    statistics.book.boot_id = {1};
    statistics.book.numbers_of = [this](u32) -> std::optional<ProcessNumbers> {
      if (has_gone.load()) return std::nullopt;
      return ProcessNumbers{7'000, pidversion.load()};
    };
    statistics.book.interface_of = [](u32) { return std::nullopt; };
    statistics.book.ns_of = [](u64 ticks) { return ticks; };
    statistics.unix_ns = [] { return u64{5}; };
    statistics.after_loss_ns = 0;
    source_ = std::make_unique<StatisticsSource>(
        &ring_, SourceOptions{.on_readable = {}, .executed_pids = &executed_pids},
        std::move(statistics), framework->Make(false));
    CHECK(source_->Start());
    framework->Settle();
  }

  Told& told() {
    std::vector<std::byte> into(kRecordBytesMax);
    for (size_t copied = ring_.Drain(into); copied > 0; copied = ring_.Drain(into))
      told_.Read(std::span<const std::byte>(into.data(), copied), may_lack);
    return told_;
  }
  u64 Marks(u32 kind) { return told().marks[kind]; }
  u64 dropped() const { return ring_.counters().dropped; }
  StatisticsSource* source() { return source_.get(); }

  std::atomic<u32> pidversion{12};
  std::atomic<bool> has_gone{false};
  WantedPids executed_pids;
  bool may_lack = false;

 private:
  Ring ring_;
  Told told_{k_source_network_statistics};
  std::unique_ptr<StatisticsSource> source_;
};

void EnumeratesWhatIsThere() {
  FrameworkDouble framework;
  for (const bool counts_first : {false, true}) {
    FrameworkDouble::Habits habits;
    habits.counts_first = counts_first;
    framework.Set(habits);
    framework.Add(1, Flow(1, SinceBootNs()));
    framework.Count(1, 900, 5);
    Scene scene(&framework);
    CHECK(scene.Marks(k_mark_start) == 1 && scene.Marks(k_mark_enumerated) == 1);
    CHECK(scene.told().last_mark.gaps == 0 && scene.told().last_note.empty());
    CHECK(scene.told().last_mark.capabilities ==
          (k_capability_connect_events | k_capability_flow_closes | k_capability_all_processes));
    CHECK(scene.told().flows.size() == 1);
    const ToldFlow flow = scene.told().flows.begin()->second;
    CHECK(flow.found && flow.last.bytes_out == 900 && flow.last.pidversion == 12);
    // A flow that begins now, told as it begins and as it ends.
    framework.Add(2, Flow(2, SinceBootNs()));
    framework.Settle();
    CHECK(scene.told().flows.size() == 2 && scene.told().Open() == 2);
    framework.Count(2, 700, 8);
    framework.Tick();
    CHECK(scene.told().Totals().first == 1'600);
    framework.Count(2, 800, 8);
    framework.Remove(2);
    framework.Settle();
    CHECK(scene.told().Totals().first == 1'700 && scene.told().Open() == 1);
    for (const auto& [key, told] : scene.told().flows) CHECK(!told.inexact);
    // Once more, for an engine that has just started.
    scene.source()->RequestEnumerate();
    framework.Settle();
    CHECK(scene.Marks(k_mark_start) == 2 && scene.Marks(k_mark_enumerated) == 2);
    scene.source()->Stop();
    CHECK(scene.Marks(k_mark_stop) == 1);
  }
  CHECK(framework.wrong_calls() == 0);
}

void WaitsUntilAllIsDescribed() {
  FrameworkDouble framework;
  FrameworkDouble::Habits habits;
  habits.skips_answers = 2;
  framework.Set(habits);
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  Scene scene(&framework);
  CHECK(scene.Marks(k_mark_enumerated) == 0 && scene.told().flows.empty());
  framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 0);
  framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 1 && scene.told().flows.begin()->second.found);
}

// The framework may answer before it has told of any flow.
void WaitsForTheFirstFlow() {
  FrameworkDouble framework;
  Scene scene(&framework);
  CHECK(scene.Marks(k_mark_enumerated) == 0);
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 1 && scene.told().flows.size() == 1);
}

void WaitsNotForEver() {
  FrameworkDouble framework;
  FrameworkDouble::Habits habits;
  habits.skips_answers = 1'000;
  framework.Set(habits);
  framework.Add(1, Flow(1, SinceBootNs()));
  Scene scene(&framework);
  // Asked for meanwhile: its end will tell all.
  scene.source()->RequestEnumerate();
  framework.Settle();
  CHECK(scene.Marks(k_mark_start) == 2 && scene.Marks(k_mark_enumerated) == 0);
  for (u32 answer = 1; answer < StatisticsSource::kAnswersMax; answer++) framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 1);
}

void SaysWhatIsMissing() {
  FrameworkDouble framework;
  FrameworkDouble::Habits habits;
  habits.missing = "this macOS has no NStatManagerCreate";
  framework.Set(habits);
  framework.Add(1, Flow(1, SinceBootNs()));
  Scene scene(&framework);
  framework.Tick();
  scene.source()->RequestEnumerate();
  framework.Settle();
  CHECK(scene.Marks(k_mark_start) == 2 && scene.Marks(k_mark_enumerated) == 0);
  CHECK(scene.told().last_mark.gaps == k_gap_network_statistics);
  CHECK(scene.told().last_mark.capabilities == 0 && scene.told().flows.empty());
  CHECK(scene.told().last_note ==
        "Network flows are not seen by the NetworkStatistics framework: this macOS has no "
        "NStatManagerCreate.");
  CHECK(framework.queries() == 0);
}

void SaysThatNobodyAnswers() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  Scene scene(&framework);
  FrameworkDouble::Habits habits;
  habits.answers = false;
  framework.Set(habits);
  framework.Tick();
  const u32 asked = framework.queries();
  for (u32 tick = 1; tick < StatisticsSource::kSilentTicks; tick++) framework.Tick();
  CHECK(framework.queries() == asked);  // one question at a time
  CHECK(scene.Marks(k_mark_start) == 1);
  framework.Tick();
  CHECK(scene.Marks(k_mark_start) == 2 && framework.queries() == asked + 1);
  CHECK(scene.told().last_mark.gaps == k_gap_network_statistics);
  CHECK(scene.told().last_note.ends_with("it does not answer."));
  habits.answers = true;
  framework.Set(habits);
  for (u32 tick = 0; tick < StatisticsSource::kSilentTicks; tick++) framework.Tick();
  CHECK(scene.Marks(k_mark_start) == 3 && scene.Marks(k_mark_enumerated) == 2);
  CHECK(scene.told().last_mark.gaps == 0 && scene.told().last_mark.capabilities != 0);
}

void NamesFlowsAlikeWhenItIsMadeAnew() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  std::pair<u64, u32> name;
  for (int round = 0; round < 2; round++) {
    Scene scene(&framework);
    CHECK(scene.told().flows.size() == 1);
    if (round == 1) CHECK(scene.told().flows.begin()->first == name);
    name = scene.told().flows.begin()->first;
  }
}

void HearsOfAnExec() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  Scene scene(&framework);
  scene.pidversion = 13;
  scene.executed_pids.Ask(100);
  framework.Settle();
  const ToldFlow& flow = scene.told().flows.begin()->second;
  CHECK(flow.last.pidversion == 13 && flow.last.bytes_out == 900);
  // So many at once that none is named.
  scene.pidversion = 14;
  framework.Pause([&] {
    for (u32 pid = 200; pid < 200 + WantedPids::kPidsMax; pid++) scene.executed_pids.Ask(pid);
    scene.executed_pids.Ask(100);
  });
  CHECK(scene.told().flows.begin()->second.last.pidversion == 14);
  scene.source()->Stop();
  scene.executed_pids.Ask(100);  // nobody answers any more
  CHECK(scene.executed_pids.Take().pids.empty());
}

// What it sent since the last look is asked for at once: it was the former program's.
void CountsAtOnceWhatWasSentBeforeAnExec() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  Scene scene(&framework);
  framework.Count(1, 100'000'000, 5);
  scene.pidversion = 13;
  const u32 queries = framework.queries();
  scene.executed_pids.Ask(100);
  framework.Settle();
  CHECK(framework.queries() == queries + 1);
  const ToldFlow& flow = scene.told().flows.begin()->second;
  CHECK(flow.last.pidversion == 13 && flow.last.bytes_out == 100'000'000);
  CHECK(flow.out_of(12) == 100'000'000 - 900 && flow.out_of(13) == 0);
  // Somebody may execute programs all the time.
  for (int round = 0; round < 50; round++) {
    scene.pidversion++;
    scene.executed_pids.Ask(100);
    framework.Settle();
  }
  CHECK(framework.queries() == queries + StatisticsSource::kEarlyMax);
  framework.Tick();
  CHECK(scene.told().flows.begin()->second.last.pidversion == 63);
}

// An answer that is under way may have been counted before.
void AsksAgainAboutAnExecThatCameWhileItAsked() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  Scene scene(&framework);
  const u32 queries = framework.queries();
  framework.Pause([&] {
    framework.TickLater();
    scene.pidversion = 13;
    scene.executed_pids.Ask(100);
    framework.Count(1, 5'000, 5);
  });
  CHECK(framework.queries() == queries + 2);
  const ToldFlow& flow = scene.told().flows.begin()->second;
  CHECK(flow.last.pidversion == 13 && flow.out_of(12) == 4'100);
}

// Its process sends and ends before its flow is counted next: what it sent is the new program's.
void KnowsWhoSentAfterAnExecThatNobodySeesTwice() {
  FrameworkDouble framework;
  framework.Add(1, Flow(1, SinceBootNs()));
  framework.Count(1, 900, 5);
  Scene scene(&framework);
  scene.pidversion = 13;
  scene.executed_pids.Ask(100);
  framework.Settle();
  scene.has_gone = true;
  framework.Count(1, 5'000, 5);
  framework.Remove(1);
  framework.Settle();
  const ToldFlow& flow = scene.told().flows.begin()->second;
  CHECK(flow.last.pidversion == 13 && flow.last.bytes_out == 5'000);
  CHECK(flow.last.state == k_flow_state_closed);
  // Told of an exec in one that has gone, it takes nothing back.
  framework.Add(2, Flow(2, SinceBootNs()));
  framework.Settle();
  scene.executed_pids.Ask(100);
  framework.Count(2, 10, 0);
  framework.Tick();
  for (const auto& [key, told] : scene.told().flows) CHECK(told.last.pidversion == 13);
}

// What found the ring full may have been a close: an enumeration leaves the flow out.
void EnumeratesAnewAfterALoss() {
  FrameworkDouble framework;
  framework.Add(1'000, Flow(1'000, SinceBootNs()));
  Scene scene(&framework, 1 << 14);
  scene.may_lack = true;
  for (u16 flow = 1; flow <= 200; flow++) framework.Add(flow, Flow(flow, SinceBootNs()));
  framework.Settle();
  CHECK(scene.dropped() > 0 && scene.Marks(k_mark_enumerated) == 1);
  for (u16 flow = 1; flow <= 190; flow++) framework.Remove(flow);
  framework.Settle();
  scene.told();
  framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 2);
  scene.told();
  framework.Tick();
  CHECK(scene.Marks(k_mark_enumerated) == 2);  // once a loss
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  EnumeratesWhatIsThere();
  WaitsUntilAllIsDescribed();
  WaitsForTheFirstFlow();
  WaitsNotForEver();
  SaysWhatIsMissing();
  SaysThatNobodyAnswers();
  NamesFlowsAlikeWhenItIsMadeAnew();
  HearsOfAnExec();
  CountsAtOnceWhatWasSentBeforeAnExec();
  AsksAgainAboutAnExecThatCameWhileItAsked();
  KnowsWhoSentAfterAnExecThatNobodySeesTwice();
  EnumeratesAnewAfterALoss();
  std::puts("source: ok");
}
