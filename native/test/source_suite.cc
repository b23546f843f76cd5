#include "source_suite.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "boot_clock.h"
#include "check.h"

namespace freshet {
namespace {

using std::chrono::milliseconds;

constexpr u32 kIntervalMs = 20;
constexpr uid_t kNobody = 65534;
constexpr u64 kNsPerMinute = 60'000'000'000;
constexpr auto kPatience = std::chrono::seconds(20);

u64 NowUnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

bool IsClose(u64 a_ns, u64 b_ns) {
  return (a_ns > b_ns ? a_ns - b_ns : b_ns - a_ns) < kNsPerMinute;
}

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  CHECK(folder != nullptr);
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  return count;
}

// Stirs on a thread of its own until it goes.
class Stirring {
 public:
  explicit Stirring(const SourceRig& rig)
      : thread_([this, &rig] {
          while (!stopping_.load()) {
            rig.stir();
            std::this_thread::sleep_for(milliseconds(1));
          }
        }) {}
  ~Stirring() {
    stopping_.store(true);
    thread_.join();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// A ring, its reader, and what came.
class Reading {
 public:
  explicit Reading(const SourceRig& rig, size_t ring_bytes = 8 << 20)
      : rig_(rig), ring_(ring_bytes) {}

  std::unique_ptr<Source> Make() {
    return rig_.make(&ring_, {.interval_ms = kIntervalMs, .on_readable = [this] {
                                wakes_++;
                                wakes_.notify_one();
                              }});
  }

  void Drain() {
    for (size_t copied = ring_.Drain(into_); copied > 0; copied = ring_.Drain(into_))
      for (size_t at = 0; at < copied;) at += Keep(at, copied);
  }

  // Reads on the source's own wake-ups.
  template <typename Ready>
  void Until(Ready ready) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
      Drain();
      if (ready()) return;
      CHECK(std::chrono::steady_clock::now() < deadline);
      // A source that says nothing wakes nobody.
      std::this_thread::sleep_for(milliseconds(2));
    }
  }
  void UntilEnumerated(size_t times) {
    Until([&] { return Marks(k_mark_enumerated) >= times; });
  }

  size_t Marks(u32 kind) const {
    size_t count = 0;
    for (const mark_record& mark : marks)
      if (mark.kind == kind) count++;
    return count;
  }
  u64 Lost(u32 what) const {
    u64 count = 0;
    for (const loss_record& loss : losses)
      if (loss.what == what) count += loss.count;
    return count;
  }

  // Whether nothing was lost by the source's own doing.
  bool HasLostNothing() const {
    const auto is_worlds = [&](const loss_record& loss) {
      return rig_.is_live && (loss.what == k_loss_kernel_events ||
                              loss.what == k_loss_flow_closes || loss.what == k_loss_flow_counters);
    };
    return ring_.counters().dropped == 0 && std::ranges::all_of(losses, is_worlds);
  }

  Ring& ring() { return ring_; }
  u32 wakes() const { return wakes_.load(); }

  std::vector<mark_record> marks;
  std::vector<exec_record> execs;
  std::vector<loss_record> losses;
  std::vector<tick_record> ticks;
  std::vector<u16> types;  // of all, in order
  u64 bytes = 0;
  size_t events = 0;  // what is neither mark, tick nor loss

 private:
  size_t Keep(size_t at, size_t copied) {
    Header header;
    std::memcpy(&header, &into_[at], sizeof(header));
    CHECK(header.size >= sizeof(header) && header.size % 8 == 0 && header.size <= copied - at);
    CHECK(header.source == rig_.code && header.zero == 0);
    CHECK(IsClose(header.at_ns, SinceBootNs()) || header.type == exec_record::kType);
    const auto keep = [&]<typename R>(std::vector<R>* list) {
      R record;
      CHECK(header.size >= sizeof(record));
      std::memcpy(&record, &into_[at], sizeof(record));
      list->push_back(record);
    };
    types.push_back(header.type);
    bytes += header.size;
    if (header.type == mark_record::kType) {
      keep(&marks);
    } else if (header.type == tick_record::kType) {
      keep(&ticks);
    } else if (header.type == loss_record::kType) {
      keep(&losses);
    } else {
      events++;
      if (header.type == exec_record::kType) keep(&execs);
    }
    return header.size;
  }

  const SourceRig& rig_;
  Ring ring_;
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
  std::atomic<u32> wakes_{0};
};

// The names (pid, pidversion) under which records from `from` on tell `pid`; each name once.
std::set<std::pair<u32, u32>> NamesOf(const Reading& reading, size_t from, u32 pid) {
  std::set<std::pair<u32, u32>> all, found;
  for (size_t index = from; index < reading.execs.size(); index++) {
    const exec_record& exec = reading.execs[index];
    if ((exec.flags & k_exec_enumerated) == 0) continue;
    CHECK(all.emplace(exec.pid, exec.pidversion).second);
    if (exec.pid == pid) found.emplace(exec.pid, exec.pidversion);
  }
  return found;
}

// In a process that may have no second thread.
void SaysThatThereIsNoThread(const SourceRig& rig) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    Reading reading(rig);
    auto source = reading.Make();
    const rlimit none{0, 0};  // does not hold for root
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(2);
    if (geteuid() == 0 && setuid(kNobody) != 0) _exit(3);
    const bool said = !source->Start() && errno == EAGAIN;
    source->Stop();
    _exit(said ? 0 : 1);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void Begins(const SourceRig& rig) {
  Reading reading(rig);
  auto source = reading.Make();
  reading.Drain();
  CHECK(reading.types.empty());  // it is made stopped
  CHECK(source->Start());
  reading.UntilEnumerated(1);
  CHECK(reading.types.front() == mark_record::kType);
  const mark_record& start = reading.marks.front();
  CHECK(start.kind == k_mark_start && start.layout == kRecordLayout);
  CHECK(IsClose(start.unix_ns, NowUnixNs()));
  u8 any = 0;
  for (const u8 byte : start.boot_id) any |= byte;
  CHECK(any != 0);
  CHECK(reading.Marks(k_mark_start) == (rig.is_told ? 2 : 1) && reading.HasLostNothing());
  if (rig.alive_pid != 0) CHECK(NamesOf(reading, 0, rig.alive_pid).size() == 1);

  // Then what happens, and that time passes.
  const size_t before = reading.events;
  rig.stir();
  reading.Until([&] { return reading.events > before; });
  if (!rig.says_ticks) return;
  reading.Until([&] { return reading.ticks.size() >= 3; });
  for (const tick_record& tick : reading.ticks) CHECK(IsClose(tick.unix_ns, NowUnixNs()));
}

void EnumeratesAnew(const SourceRig& rig) {
  Reading reading(rig);
  auto source = reading.Make();
  source->RequestEnumerate();  // of a source that is not running, nothing
  CHECK(source->Start());
  reading.UntilEnumerated(1);
  const auto names = NamesOf(reading, 0, rig.alive_pid);
  const size_t first = reading.execs.size();
  source->RequestEnumerate();
  source->RequestEnumerate();  // two questions may have one answer
  reading.UntilEnumerated(2);
  CHECK(reading.Marks(k_mark_start) >= 2);
  source->Stop();
  reading.Drain();
  if (rig.alive_pid == 0 || reading.Marks(k_mark_enumerated) > 2) return;
  CHECK(names.size() == 1 &&
        NamesOf(reading, first, rig.alive_pid) == names);  // under the same name
}

void Stops(const SourceRig& rig) {
  Reading reading(rig);
  auto source = reading.Make();
  source->Stop();  // before it was started
  CHECK(source->Start());
  reading.UntilEnumerated(1);
  {
    const Stirring stirring(rig);
    reading.Until([&] { return reading.events > 20; });
    source->Stop();
    source->Stop();
    source->RequestEnumerate();
    reading.Drain();
    CHECK(reading.marks.back().kind == k_mark_stop && reading.Marks(k_mark_stop) == 1);
    CHECK(reading.types.back() == mark_record::kType);
    std::this_thread::sleep_for(milliseconds(3 * kIntervalMs));
    const Ring::Counters counters = reading.ring().counters();
    CHECK(counters.waiting_bytes == 0);  // nothing follows
    CHECK(counters.records == reading.types.size() && counters.bytes == reading.bytes);
    CHECK(reading.HasLostNothing());
  }
}

// At any instant, under load, one after the other over one ring; gone without a stop, too.
void Restarts(const SourceRig& rig, int rounds) {
  Reading reading(rig);
  {
    auto warm = reading.Make();
    CHECK(warm->Start());
  }
  const int before = OpenDescriptors();
  Random random(7);
  for (int round = 1; round <= rounds; round++) {
    const Stirring stirring(rig);
    auto source = reading.Make();
    CHECK(source->Start());
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(30'000)));
    if (round % 3 == 0) source->RequestEnumerate();
    if (round % 2 == 0) source->Stop();
    source.reset();
    reading.Drain();
    CHECK(reading.Marks(k_mark_stop) == static_cast<size_t>(round) + 1);
    CHECK(reading.marks.back().kind == k_mark_stop);
  }
  CHECK(reading.Marks(k_mark_start) > static_cast<size_t>(rounds));
  CHECK(OpenDescriptors() == before);
}

void UntilDropped(const SourceRig& rig, Reading* reading) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  // Who is told that there is no room keeps what it has: only more at once than the ring holds is
  // dropped, so much has to gather between two looks, however slow the machine is.
  const int stirs = rig.is_told ? 2048 : 1;
  while (reading->ring().counters().dropped < 10) {
    for (int stir = 0; stir < stirs; stir++) rig.stir();
    if (rig.is_told) reading->Drain();
    CHECK(std::chrono::steady_clock::now() < deadline);
  }
}

// A ring that nobody empties: what finds it full is dropped, counted, and said once there is room;
// the consumer is woken once.
void CountsWhatIsDropped(const SourceRig& rig) {
  Reading reading(rig, 64 << 10);
  auto source = reading.Make();
  CHECK(source->Start());
  UntilDropped(rig, &reading);
  // What was dropped may have been so before the burst's end, when the consumer is woken.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (reading.wakes() == 0) {
    CHECK(std::chrono::steady_clock::now() < deadline);
    std::this_thread::sleep_for(milliseconds(1));
  }
  std::this_thread::sleep_for(milliseconds(3 * kIntervalMs));
  if (!rig.is_told) CHECK(reading.wakes() == 1);
  reading.Until([&] { return reading.Lost(k_loss_ring_full) >= 10; });
  source->Stop();
  reading.Drain();
  const Ring::Counters counters = reading.ring().counters();
  CHECK(reading.Lost(k_loss_ring_full) == counters.dropped);
  CHECK(counters.records == reading.types.size() && counters.bytes == reading.bytes);
}

// The ring is full and stays so: what was dropped up to the end is told all the same, and that it
// is the end.
void EndsOverAFullRing(const SourceRig& rig) {
  Reading reading(rig, 64 << 10);
  auto source = reading.Make();
  CHECK(source->Start());
  UntilDropped(rig, &reading);
  source->Stop();
  reading.Drain();
  CHECK(reading.Lost(k_loss_ring_full) == reading.ring().counters().dropped);
  CHECK(reading.types.back() == mark_record::kType);
  CHECK(reading.marks.back().kind == k_mark_stop);
}

}  // namespace

void RunSourceSuite(const SourceRig& rig) {
  if (rig.has_thread) SaysThatThereIsNoThread(rig);  // first: who forks has no thread yet
  Begins(rig);
  EnumeratesAnew(rig);
  Stops(rig);
  Restarts(rig, 20);
  CountsWhatIsDropped(rig);
  EndsOverAFullRing(rig);
  std::printf("%s: starts, stops, restarts, enumerates and counts as every source\n", rig.name);
}

}  // namespace freshet
