// The list of processes and NetworkStatistics over one hub, as they run on a Mac: whose flow is new
// is looked at at once, and whoever executes another program has its flows from there on. Neither
// waits for its next look, which is an hour away.
#include <atomic>
#include <functional>
#include <thread>

#include "mac/statistics/statistics_source.h"
#include "statistics/framework_double.h"
#include "world.h"

namespace freshet {
namespace {

constexpr u32 kHourMs = 3'600'000;
constexpr u64 kLifeOffset = 7'000;  // of the number of a life, from its pid

Dictionary Flow(u32 pid) {
  return Dictionary::Tcp()
      .Pid(pid, pid + kLifeOffset)
      .Name("curl")
      .Local("192.0.2.7", static_cast<u16>(pid))
      .Remote("198.51.100.9", 443);
}

// Both sources over one world, and what they said.
class Scene {
 public:
  Scene() {
    world.Begin(1, 0);
    PollingOptions polling{.look_ms = kHourMs, .after_fork_ms = kHourMs};
    polling.unix_ns = [] { return u64{1}; };
    polling_ = std::make_unique<PollingSource>(
        &processes_,
        SourceOptions{.on_readable = {}, .wanted_pids = &wanted_, .executed_pids = &executed_},
        std::move(polling), world.Api(), world.Events());
    StatisticsOptions statistics;
    statistics.unix_ns = [] { return u64{1}; };
    statistics.book.numbers_of = [this](u32 pid) { return NumbersOf(pid); };
    statistics.book.interface_of = [](u32) { return std::nullopt; };
    statistics.book.ns_of = [](u64 ticks) { return ticks; };
    statistics.book.on_new_pid = [this](u32 pid) { wanted_.Ask(pid); };
    statistics_ = std::make_unique<StatisticsSource>(
        &flows_,
        SourceOptions{.on_readable = {}, .wanted_pids = &wanted_, .executed_pids = &executed_},
        std::move(statistics), framework.Make(false));
    CHECK(polling_->Start() && statistics_->Start());
    // No flow is there: it is believed after so many answers.
    for (u32 answers = 0; answers < StatisticsSource::kAnswersMax; answers++) framework.Tick();
    CHECK(Until([&] { return HasRun(1, 1); }));
  }
  ~Scene() {
    statistics_->Stop();
    polling_->Stop();
  }

  bool Until(const std::function<bool()>& ready) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      Drain(&processes_);
      Drain(&flows_);
      if (ready()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  bool HasRun(u32 pid, u32 pidversion) const {
    for (const exec_record& exec : execs_)
      if (exec.pid == pid && exec.pidversion == pidversion) return true;
    return false;
  }
  // Whose the flow is by its last record.
  bool IsFlowOf(u32 pid, u32 pidversion) const {
    return !flow_records_.empty() && flow_records_.back().pid == pid &&
           flow_records_.back().pidversion == pidversion;
  }
  bool IsNamed(u32 pid) const {
    for (const gone_record& gone : gone_)
      if (gone.pid == pid && gone.name_bytes == 4) return true;
    return false;
  }

  World world;
  FrameworkDouble framework;
  std::atomic<u32> ends_when_looked_at{0};

 private:
  std::optional<ProcessNumbers> NumbersOf(u32 pid) {
    ProcessToken token;
    if (!world.Api()->TokenOf(pid, &token)) return std::nullopt;
    if (pid == ends_when_looked_at.load()) world.Exit(pid);
    return ProcessNumbers{pid + kLifeOffset, token.pidversion};
  }
  template <typename Record>
  void Keep(const std::byte* at, std::vector<Record>* into) {
    std::memcpy(&into->emplace_back(), at, sizeof(Record));
  }
  void Drain(Ring* ring) {
    for (size_t copied = ring->Drain(into_); copied > 0; copied = ring->Drain(into_))
      for (size_t at = 0; at < copied;) {
        Header header;
        std::memcpy(&header, &into_[at], sizeof(header));
        if (header.type == exec_record::kType) Keep(&into_[at], &execs_);
        if (header.type == flow_record::kType) Keep(&into_[at], &flow_records_);
        if (header.type == gone_record::kType) Keep(&into_[at], &gone_);
        at += header.size;
      }
  }

  WantedPids wanted_;
  WantedPids executed_;
  Ring processes_{1 << 20};
  Ring flows_{1 << 20};
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
  std::vector<exec_record> execs_;
  std::vector<flow_record> flow_records_;
  std::vector<gone_record> gone_;
  std::unique_ptr<Source> polling_;
  std::unique_ptr<Source> statistics_;
};

void LooksAtWhoseFlowIsNew() {
  Scene scene;
  const u32 pidversion = scene.world.Begin(300);
  scene.framework.Add(1, Flow(300));
  CHECK(scene.Until([&] { return scene.HasRun(300, pidversion); }));
  CHECK(scene.Until([&] { return scene.IsFlowOf(300, pidversion); }));
}

void GivesTheFlowToWhatIsExecuted() {
  Scene scene;
  const u32 before = scene.world.Begin(300);
  scene.framework.Add(1, Flow(300));
  CHECK(scene.Until([&] { return scene.HasRun(300, before) && scene.IsFlowOf(300, before); }));
  for (u32 times = 0; times < 20; times++) {
    const u32 after = scene.world.Exec(300);
    CHECK(scene.Until([&] { return scene.HasRun(300, after) && scene.IsFlowOf(300, after); }));
    // No more are counted at once until the next second.
    if (times % StatisticsSource::kEarlyMax == StatisticsSource::kEarlyMax - 1)
      scene.framework.Tick();
  }
}

void NamesByTheFlowWhoEndsInBetween() {
  Scene scene;
  scene.ends_when_looked_at.store(300);
  const u32 pidversion = scene.world.Begin(300);
  scene.framework.Add(1, Flow(300));
  CHECK(scene.Until([&] { return scene.IsFlowOf(300, pidversion) && scene.IsNamed(300); }));
  CHECK(!scene.HasRun(300, pidversion));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  LooksAtWhoseFlowIsNew();
  GivesTheFlowToWhatIsExecuted();
  NamesByTheFlowWhoEndsInBetween();
  std::puts("hub: ok");
}
