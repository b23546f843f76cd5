// The Linux source at the ends of its means: buffers too small, no tracefs, a clock that is
// stepped. Each is said, and what can be found out otherwise is. Wants root, as source_test.cc
// does.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "linux/linux_source.h"
#include "live.h"

namespace freshet {
namespace {

struct Watched {
  explicit Watched(LinuxOptions options) {
    const auto wake = [this] {
      wakes++;
      wakes.notify_one();
    };
    source = std::make_unique<LinuxSource>(
        &ring, SourceOptions{.interval_ms = 50, .on_readable = wake}, std::move(options));
    CHECK(source->Start());
    CHECK(Until([this] { return seen.Mark(k_mark_enumerated) != nullptr; }));
  }
  template <typename Ready>
  bool Until(Ready ready) {
    return WaitFor(ring, &seen, wakes, ready);
  }

  Ring ring{16 << 20};
  std::atomic<u32> wakes{0};
  Seen seen;
  std::unique_ptr<LinuxSource> source;
};

// A process that lives until it is let go of.
pid_t Sleeper() {
  const pid_t pid = fork();
  if (pid == 0) {
    execl("/bin/sleep", "sleep", "60", nullptr);
    _exit(127);
  }
  CHECK(pid > 0);
  return pid;
}

// Maps a program over and over: events faster than any thread reads them.
class MappingStorm {
 public:
  MappingStorm()
      : thread_([this] {
          const Fd file(open("/bin/sh", O_RDONLY | O_CLOEXEC));
          while (!stopping_.load()) {
            void* const at = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
            CHECK(at != MAP_FAILED);
            munmap(at, 4096);
          }
        }) {}
  ~MappingStorm() {
    stopping_.store(true);
    thread_.join();
  }

 private:
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

void SaysThatEventsWereLostAndLooksAnew() {
  Watched watched({.perf_ring_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE))});
  std::vector<pid_t> sleepers;
  {
    const MappingStorm storm;
    for (int round = 0; round < 10; round++) sleepers.push_back(Sleeper());
    CHECK(watched.Until([&] { return watched.seen.Lost(k_loss_kernel_events) > 0; }));
  }
  // What was started meanwhile is known all the same: by its events, or from /proc.
  for (const pid_t sleeper : sleepers) {
    CHECK(watched.Until([&] {
      return std::ranges::any_of(watched.seen.execs, [&](const exec_record& exec) {
        return exec.pid == static_cast<u32>(sleeper) && exec.ino != 0;
      });
    }));
    kill(sleeper, SIGKILL);
    waitpid(sleeper, nullptr, 0);
  }
  watched.source->Stop();
  const auto found = std::ranges::count_if(watched.seen.execs, [&](const exec_record& exec) {
    return (exec.flags & k_exec_enumerated) != 0 &&
           std::ranges::find(sleepers, static_cast<pid_t>(exec.pid)) != sleepers.end();
  });
  std::printf(
      "ends: %llu kernel events lost in rings of a page, and said; %td of %zu programs "
      "found from /proc\n",
      static_cast<unsigned long long>(watched.seen.Lost(k_loss_kernel_events)), found,
      sleepers.size());
}

// The program has begun before the stop was asked for: it is told, though it waited to be gathered.
void TellsWhatCameBeforeTheStop() {
  for (int round = 0; round < 20; round++) {
    Watched watched({});
    const pid_t child = fork();
    if (child == 0) {
      execl("/bin/true", "true", nullptr);
      _exit(127);
    }
    CHECK(child > 0 && waitpid(child, nullptr, 0) == child);
    watched.source->Stop();
    Drain(watched.ring, &watched.seen);
    CHECK(std::ranges::any_of(watched.seen.execs, [&](const exec_record& exec) {
      return exec.pid == static_cast<u32>(child);
    }));
    CHECK(watched.seen.marks.back().kind == k_mark_stop);
  }
  std::puts("ends: 20 programs told that ended just before the stop");
}

void SaysThatClosesWereLost() {
  Watched watched({.destroy_buffer_bytes = 1});  // the kernel makes it as small as it may be
  Load load;
  u64 made = 0;
  CHECK(watched.Until([&] {
    for (int round = 0; round < 100; round++, made++) load.Once();
    return watched.seen.Lost(k_loss_flow_closes) > 0;
  }));
  const auto closed = [&](bool exact) {
    return static_cast<u64>(std::ranges::count_if(watched.seen.flows, [&](const flow_record& flow) {
      return flow.state == k_flow_state_closed && flow.direction == k_direction_outbound &&
             flow.remote_port == load.port() && ((flow.flags & k_flow_inexact) == 0) == exact;
    }));
  };
  CHECK(closed(true) < made);
  // The others are given up ten seconds later, and said all the same.
  const auto all = [&] { return closed(true) + closed(false) == made; };
  CHECK(watched.Until(all) || watched.Until(all));
  CHECK(std::ranges::all_of(watched.seen.flows, [&](const flow_record& flow) {
    return flow.remote_port != load.port() || (flow.flags & k_flow_inexact) != 0 ||
           flow.state != k_flow_state_closed || flow.bytes_out == Load::kBytes;
  }));
  watched.source->Stop();
  std::printf("ends: %llu overruns said; of %llu connections %llu closed exactly, %llu inexactly\n",
              static_cast<unsigned long long>(watched.seen.Lost(k_loss_flow_closes)),
              static_cast<unsigned long long>(made), static_cast<unsigned long long>(closed(true)),
              static_cast<unsigned long long>(closed(false)));
}

void RunsWithoutTracefs() {
  Watched watched({.tracefs_mounts = {}, .may_mount_tracefs = false});
  const mark_record& start = watched.seen.marks.front();
  CHECK(start.kind == k_mark_start);
  CHECK((start.capabilities & k_capability_connect_events) == 0);
  CHECK((start.capabilities & k_capability_process_events) != 0);
  CHECK((start.capabilities & k_capability_flow_closes) != 0);
  CHECK(start.gaps == k_gap_tracefs);
  CHECK(watched.seen.notes.front().find("tracefs cannot be mounted") != std::string::npos);
  CHECK(watched.seen.notes.front().find("mount it at /sys/kernel/tracing") != std::string::npos);
  // Programs are seen by their mappings; a connection's bytes are, its process is not told.
  const pid_t sleeper = Sleeper();
  CHECK(watched.Until([&] {
    return std::ranges::any_of(watched.seen.execs, [&](const exec_record& exec) {
      return exec.pid == static_cast<u32>(sleeper) && exec.ino != 0;
    });
  }));
  kill(sleeper, SIGKILL);
  waitpid(sleeper, nullptr, 0);
  Load load;
  load.Once();
  CHECK(watched.Until([&] {
    return std::ranges::any_of(watched.seen.flows, [&](const flow_record& flow) {
      return flow.remote_port == load.port() && flow.state == k_flow_state_closed &&
             flow.bytes_out == Load::kBytes;
    });
  }));
  watched.source->Stop();
  std::puts("ends: without tracefs programs and bytes are seen, and what is missing is said");
}

void MarksAStepOfTheClock() {
  std::atomic<u64> ahead_ns{0};
  Watched watched({.unix_ns = [&] { return RealtimeNs() + ahead_ns.load(); }});
  Drain(watched.ring, &watched.seen);
  CHECK(watched.seen.Mark(k_mark_clock) == nullptr);
  ahead_ns = 3600 * kNsPerSecond;
  CHECK(watched.Until([&] { return watched.seen.Mark(k_mark_clock) != nullptr; }));
  const u64 told_ns = watched.seen.Mark(k_mark_clock)->unix_ns;
  CHECK(told_ns > RealtimeNs() + 3590 * kNsPerSecond);
  CHECK(told_ns < RealtimeNs() + 3610 * kNsPerSecond);
  watched.source->Stop();
  Drain(watched.ring, &watched.seen);
  CHECK(std::ranges::count(watched.seen.marks, u32{k_mark_clock}, &mark_record::kind) == 1);
  std::puts("ends: a step of the clock marked, once");
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  SaysThatEventsWereLostAndLooksAnew();
  TellsWhatCameBeforeTheStop();
  SaysThatClosesWereLost();
  RunsWithoutTracefs();
  MarksAStepOfTheClock();
}
