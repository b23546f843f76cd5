// The list of processes as a source: what it says at once, what with the next look, what it lacks.
#include <time.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <thread>

#include "boot_clock.h"
#include "world.h"

namespace freshet {
namespace {

constexpr u32 kHourMs = 3'600'000;
constexpr u64 kUnixNs = 1'700'000'000'000'000'000;

struct SaidMark {
  mark_record record;
  std::string note;
};

struct SaidExec {
  exec_record record;
  std::string path;
};

// A source in a world, and what it said.
class Scene {
 public:
  explicit Scene(World* world, PollingOptions polling = {.look_ms = kHourMs},
                 size_t ring_bytes = 1 << 20)
      : ring_(ring_bytes) {
    polling.boot_id = {7};
    polling.unix_ns = [] { return kUnixNs; };
    source_ = std::make_unique<PollingSource>(&ring_,
                                              SourceOptions{.on_readable = [this] { wakes_++; },
                                                            .wanted_pids = &wanted,
                                                            .executed_pids = &executed},
                                              std::move(polling), world->Api(), world->Events());
    CHECK(source_->Start());
  }
  ~Scene() { source_->Stop(); }

  bool Until(const std::function<bool()>& ready) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      Drain();
      if (ready()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  bool UntilEnumerated(size_t times) {
    return Until([&] { return Marks(k_mark_enumerated) >= times; });
  }
  bool UntilTold(u32 pid, u32 pidversion) {
    return Until([&] { return Find(pid, pidversion) != nullptr; });
  }
  const SaidExec* Find(u32 pid, u32 pidversion) const {
    for (const SaidExec& exec : execs)
      if (exec.record.pid == pid && exec.record.pidversion == pidversion) return &exec;
    return nullptr;
  }
  size_t Marks(u32 kind) const {
    size_t count = 0;
    for (const SaidMark& mark : marks)
      if (mark.record.kind == kind) count++;
    return count;
  }
  void Drain() {
    for (size_t copied = ring_.Drain(into_); copied > 0; copied = ring_.Drain(into_))
      for (size_t at = 0; at < copied;) at += Keep(at);
  }

  Source& source() { return *source_; }
  Ring& ring() { return ring_; }
  WantedPids wanted;
  WantedPids executed;
  std::vector<SaidMark> marks;
  std::vector<SaidExec> execs;
  std::vector<exit_record> exits;

 private:
  size_t Keep(size_t at) {
    Header header;
    std::memcpy(&header, &into_[at], sizeof(header));
    const auto text = [&](size_t from, size_t bytes) {
      return std::string(reinterpret_cast<const char*>(&into_[at + from]), bytes);
    };
    if (header.type == mark_record::kType) {
      SaidMark mark;
      std::memcpy(&mark.record, &into_[at], sizeof(mark.record));
      mark.note = text(sizeof(mark.record), mark.record.note_bytes);
      marks.push_back(mark);
    } else if (header.type == exec_record::kType) {
      SaidExec exec;
      std::memcpy(&exec.record, &into_[at], sizeof(exec.record));
      exec.path = text(sizeof(exec.record), exec.record.path_bytes);
      execs.push_back(exec);
    } else if (header.type == exit_record::kType) {
      exit_record exit;
      std::memcpy(&exit, &into_[at], sizeof(exit));
      exits.push_back(exit);
    }
    return header.size;
  }

  Ring ring_;
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
  std::atomic<u32> wakes_{0};
  std::unique_ptr<Source> source_;
};

u64 Apart(u64 a, u64 b) { return a > b ? a - b : b - a; }

void SaysWhatItCannotSee() {
  for (const bool is_root : {true, false}) {
    World world;
    world.Begin(1, 0);
    Scene scene(&world, {.look_ms = kHourMs, .is_root = is_root});
    CHECK(scene.UntilEnumerated(1));
    const SaidMark& start = scene.marks.front();
    CHECK(start.record.kind == k_mark_start && start.record.unix_ns == kUnixNs);
    CHECK(start.record.boot_id[0] == 7);
    CHECK(start.record.capabilities == (is_root ? k_capability_all_processes : 0));
    CHECK(start.record.gaps == (k_gap_short_lived | (is_root ? 0 : k_gap_not_root)));
    CHECK(start.note.ends_with('.') && start.note.find(". ") == std::string::npos);
    CHECK((start.note.find("as root") != std::string::npos) == !is_root);
    CHECK(scene.marks.back().record.gaps == start.record.gaps && scene.marks.back().note.empty());
  }
}

// No look is due for an hour.
void TellsExecsAndExitsAtOnce() {
  World world;
  world.Begin(1, 0);
  const u32 first = world.Begin(10);
  Scene scene(&world);
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.Find(10, first)->record.flags == k_exec_enumerated);
  const u64 before_ns = SinceBootNs();
  const u32 second = world.Exec(10);
  CHECK(scene.UntilTold(10, second));
  const SaidExec& exec = *scene.Find(10, second);
  CHECK(exec.record.flags == 0 && exec.path == World::PathOf(second));
  CHECK(exec.record.header.at_ns >= before_ns);
  world.Exit(10);
  CHECK(scene.Until([&] { return scene.exits.size() == 1; }));
  CHECK(scene.exits[0].pid == 10 && scene.exits[0].pidversion == second);
  CHECK(scene.exits[0].status == UINT32_MAX);
}

// Whoever knows whose flows are whose hears of an exec, be it told or found, and of nothing else.
void SaysWhoExecuted() {
  for (const bool is_told : {true, false}) {
    World world;
    world.Begin(1, 0);
    world.Begin(10);
    world.Begin(11);
    if (!is_told) world.refusals.assign(1000, ENOMEM);
    Scene scene(&world, {.look_ms = is_told ? kHourMs : 5});
    std::atomic<u32> rings{0};
    CHECK(scene.UntilEnumerated(1));
    scene.executed.Answer([&] { rings++; });
    const u32 begun = world.Begin(12);
    scene.wanted.Ask(12);
    CHECK(scene.UntilTold(12, begun));
    world.Exit(11);
    CHECK(scene.Until([&] { return scene.exits.size() == 1; }));
    const u32 second = world.Exec(10);
    CHECK(scene.UntilTold(10, second));
    CHECK(scene.Until([&] { return rings.load() == 1; }));
    CHECK((scene.executed.Take().pids == std::vector<u32>{10}));
    // All are told again, and none of them has executed anything.
    scene.source().RequestEnumerate();
    CHECK(scene.UntilEnumerated(2));
    CHECK(scene.executed.Take().pids.empty());
  }
}

// A pid that a flow names, and of many the whole list.
void LooksAtOnceAtWhatIsWanted() {
  World world;
  world.Begin(1, 0);
  Scene scene(&world);
  CHECK(scene.UntilEnumerated(1));
  const u32 wanted = world.Begin(20);
  const u32 other = world.Begin(21);
  scene.wanted.Ask(99);  // nobody's
  scene.wanted.Ask(20);
  scene.wanted.Ask(20);
  CHECK(scene.UntilTold(20, wanted));
  CHECK(scene.Find(21, other) == nullptr);
  for (u32 pid = 1000; scene.Find(21, other) == nullptr; pid++) {
    scene.wanted.Ask(pid);
    if (pid % WantedPids::kPidsMax != 0) continue;
    CHECK(pid < 1'000'000);
    scene.Drain();
  }
  const u32 unnamed = world.Begin(22);
  scene.wanted.AskAll();
  CHECK(scene.UntilTold(22, unnamed));
  scene.source().Stop();
  scene.wanted.Ask(21);  // nobody answers any more
  scene.wanted.AskAll();
  CHECK(scene.wanted.Take().pids.empty());
  CHECK(!scene.wanted.Take().all);
}

// The child is on the list, which nobody would look at otherwise.
void LooksSoonAfterAFork() {
  World world;
  world.Begin(1, 0);
  world.Begin(10);
  Scene scene(&world, {.look_ms = kHourMs, .after_fork_ms = 1});
  CHECK(scene.UntilEnumerated(1));
  const u32 child = world.Begin(11, 10);
  world.Forked(10);
  CHECK(scene.UntilTold(11, child));
}

// Where kqueue tells nothing, the list does. Its start is known, when it is new.
void FindsWithTheNextLookWhatNobodyTells() {
  World world;
  world.Begin(1, 0);
  world.refusals.assign(1000, ENOMEM);
  Scene scene(&world, {.look_ms = 5});
  CHECK(scene.UntilEnumerated(1));
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  const u64 now_unix_ns =
      static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
  const u64 ago_ns = std::min<u64>(SinceBootNs() / 2, 600'000'000'000);
  const u32 first = world.Begin(10, 1, now_unix_ns - ago_ns);
  CHECK(scene.UntilTold(10, first));
  const exec_record& found = scene.Find(10, first)->record;
  CHECK(found.flags == k_exec_enumerated);
  CHECK(Apart(found.header.at_ns + ago_ns, SinceBootNs()) < 60'000'000'000);
  const u32 second = world.Exec(10);
  CHECK(scene.UntilTold(10, second));
  CHECK(Apart(scene.Find(10, second)->record.header.at_ns, SinceBootNs()) < 60'000'000'000);
  world.Exit(10);
  CHECK(scene.Until([&] { return scene.exits.size() == 1; }));
  CHECK(scene.exits[0].pidversion == second);
}

// Nothing is known to have ended by a list that could not be had; it is asked for again.
void ListsAgainWhatCouldNotBeListed() {
  World world;
  world.Begin(1, 0);
  const u32 version = world.Begin(10);
  world.SetListError(ENOMEM);
  Scene scene(&world, {.look_ms = 1, .after_loss_ms = 1});
  CHECK(scene.Until([&] { return scene.Marks(k_mark_start) >= 3; }));
  CHECK(scene.Marks(k_mark_enumerated) == 0 && scene.execs.empty());
  world.SetListError(0);
  CHECK(scene.UntilEnumerated(1));
  CHECK(scene.Find(10, version) != nullptr);
  world.SetListError(EPERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  scene.Drain();
  CHECK(scene.exits.empty());
}

// What found the ring full is told again once there is room.
void MakesUpForWhatWasDropped() {
  World world;
  world.Begin(1, 0);
  Scene scene(&world, {.look_ms = 5, .after_loss_ms = 1}, 64 << 10);
  CHECK(scene.UntilEnumerated(1));
  std::vector<std::pair<u32, u32>> begun;
  for (u32 pid = 100; pid < 900; pid++) begun.emplace_back(pid, world.Begin(pid));
  while (scene.ring().counters().dropped == 0)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  // One ring holds some two hundred of them: it takes several enumerations, each drained meanwhile.
  CHECK(scene.Until([&] {
    for (const auto& [pid, version] : begun)
      if (scene.Find(pid, version) == nullptr) return false;
    // The mark of one may be among what found no room; another enumeration makes up for that, too.
    return scene.Marks(k_mark_start) >= 2;
  }));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  SaysWhatItCannotSee();
  TellsExecsAndExitsAtOnce();
  SaysWhoExecuted();
  LooksAtOnceAtWhatIsWanted();
  LooksSoonAfterAFork();
  FindsWithTheNextLookWhatNobodyTells();
  ListsAgainWhatCouldNotBeListed();
  MakesUpForWhatWasDropped();
  std::puts("source: ok");
}
