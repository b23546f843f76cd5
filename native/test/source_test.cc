// The live Linux source, on its own: starts and stops under load, says each process once,
// attributes a short connection. Wants root; the mocha test that runs it skips otherwise.
#include "source.h"

#include <dirent.h>
#include <unistd.h>

#include <map>
#include <set>
#include <thread>
#include <vector>

#include "linux/linux_source.h"
#include "live.h"

namespace freshet {
namespace {

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  return count;
}

void StartsAndStopsUnderLoad() {
  Load load;
  const int before = OpenDescriptors();
  load.Start();
  u64 slowest_ns = 0;
  Random random(9);
  for (int round = 0; round < 50; round++) {
    Ring ring(1 << 20);
    std::atomic<u32> wakes{0};
    auto source = std::make_unique<LinuxSource>(
        &ring, SourceOptions{.interval_ms = 10, .on_readable = [&] { wakes++; }});
    CHECK(source->Start());
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(40'000)));
    if (round % 3 == 0) source->RequestEnumerate();
    const u64 began_ns = MonotonicNs();
    source->Stop();
    slowest_ns = std::max(slowest_ns, MonotonicNs() - began_ns);
    source->Stop();  // again does nothing
    Seen seen;
    Drain(ring, &seen);
    CHECK(!seen.marks.empty() && seen.marks.front().kind == k_mark_start);
    CHECK(seen.marks.back().kind == k_mark_stop);
    CHECK(ring.counters().waiting_bytes == 0);
  }
  load.Stop();
  CHECK(OpenDescriptors() == before);
  std::printf("source: 50 starts and stops, slowest stop %.1f ms\n",
              static_cast<double>(slowest_ns) / 1e6);
}

void SaysEachProcessOnce() {
  Load load;
  load.Start();
  Ring ring(16 << 20);
  std::atomic<u32> wakes{0};
  const auto wake = [&] {
    wakes++;
    wakes.notify_one();
  };
  auto source =
      std::make_unique<LinuxSource>(&ring, SourceOptions{.interval_ms = 50, .on_readable = wake});
  CHECK(source->Start());
  Seen seen;
  const auto enumerated = [&] {
    return std::count_if(seen.marks.begin(), seen.marks.end(),
                         [](const mark_record& mark) { return mark.kind == k_mark_enumerated; });
  };
  CHECK(WaitFor(ring, &seen, wakes, [&] { return enumerated() == 1; }));
  CHECK(seen.marks.front().layout == kRecordLayout);
  CHECK((seen.marks.front().capabilities & k_capability_flow_closes) != 0);
  std::set<std::pair<u32, u32>> names;
  bool self = false;
  for (const exec_record& exec : seen.execs) {
    CHECK(names.emplace(exec.pid, exec.pidversion).second);  // none twice
    if (exec.pid == static_cast<u32>(getpid())) {
      self = true;
      CHECK(exec.ino != 0 && exec.uid == geteuid());
      CHECK((exec.flags & k_exec_enumerated) != 0);
    }
  }
  CHECK(self);
  const size_t first = seen.execs.size();
  CHECK(first > 0);

  // Asked again: everything anew, under the same names.
  seen.execs.clear();
  source->RequestEnumerate();
  CHECK(WaitFor(ring, &seen, wakes, [&] { return enumerated() == 2; }));
  self = false;
  for (const exec_record& exec : seen.execs)
    if (exec.pid == static_cast<u32>(getpid())) self = names.contains({exec.pid, exec.pidversion});
  CHECK(self);
  source->Stop();
  std::printf("source: %zu processes enumerated, each once\n", first);
}

void AttributesAShortConnection() {
  Load load;
  Ring ring(16 << 20);
  std::atomic<u32> wakes{0};
  const auto wake = [&] {
    wakes++;
    wakes.notify_one();
  };
  auto source =
      std::make_unique<LinuxSource>(&ring, SourceOptions{.interval_ms = 50, .on_readable = wake});
  CHECK(source->Start());
  Seen seen;
  CHECK(WaitFor(ring, &seen, wakes, [&] { return seen.marks.size() >= 2; }));
  load.Once();
  const auto closed = [&](u8 direction) -> const flow_record* {
    for (const flow_record& flow : seen.flows) {
      const u16 port = direction == k_direction_outbound ? flow.remote_port : flow.local_port;
      if (flow.state == k_flow_state_closed && flow.direction == direction && port == load.port())
        return &flow;
    }
    return nullptr;
  };
  CHECK(WaitFor(ring, &seen, wakes, [&] {
    return closed(k_direction_outbound) != nullptr && closed(k_direction_inbound) != nullptr;
  }));
  const flow_record out = *closed(k_direction_outbound);
  const flow_record in = *closed(k_direction_inbound);
  CHECK(out.bytes_out == Load::kBytes && out.bytes_in == 0);
  CHECK(in.bytes_in == Load::kBytes && in.bytes_out == 0);
  CHECK(out.pid == static_cast<u32>(getpid()) && in.pid == out.pid);
  CHECK(out.pidversion == in.pidversion);
  CHECK((out.flags & k_flow_inexact) == 0 && out.flow_id != in.flow_id);
  source->Stop();
  std::puts("source: a short connection attributed at both ends");
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  StartsAndStopsUnderLoad();
  SaysEachProcessOnce();
  AttributesAShortConnection();
}
