// The live Linux source, on its own: starts and stops under load, says each process once,
// attributes a short connection. Wants root; the mocha test that runs it skips otherwise.
#include "source.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "linux/clock.h"

namespace freshet {
namespace {

// Connections over loopback until it is told to stop; each sends `kBytes` and is accepted here too.
class Load {
 public:
  static constexpr u64 kBytes = 4321;

  Load() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(listen(listener_, 64) == 0);
    socklen_t length = sizeof(address_);
    CHECK(getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &length) == 0);
  }
  ~Load() {
    Stop();
    close(listener_);
  }
  u16 port() const { return ntohs(address_.sin_port); }

  void Start() {
    thread_ = std::thread([this] {
      while (!stopping_.load()) {
        Once();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  }
  void Stop() {
    stopping_.store(true);
    if (thread_.joinable()) thread_.join();
  }
  void Once() {
    static const std::vector<char> bytes(kBytes);
    const int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(connect(out, reinterpret_cast<sockaddr*>(&address_), sizeof(address_)) == 0);
    const int in = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    CHECK(in >= 0);
    CHECK(send(out, bytes.data(), kBytes, 0) == static_cast<ssize_t>(kBytes));
    close(out);
    std::vector<char> into(kBytes);
    while (recv(in, into.data(), into.size(), 0) > 0) {
    }
    close(in);
  }

 private:
  const int listener_;
  sockaddr_in address_{};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

int OpenDescriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) count++;
  closedir(folder);
  return count;
}

struct Seen {
  std::vector<exec_record> execs;
  std::vector<flow_record> flows;
  std::vector<mark_record> marks;
  u64 losses = 0;
};

// Reads what waits.
void Drain(Ring& ring, Seen* seen) {
  static std::vector<std::byte> into(1 << 20);
  for (size_t copied = ring.Drain(into); copied > 0; copied = ring.Drain(into)) {
    for (size_t at = 0; at < copied;) {
      Header header;
      std::memcpy(&header, &into[at], sizeof(header));
      CHECK(header.size >= sizeof(header) && header.size <= copied - at);
      CHECK(header.source == k_source_linux);
      const auto keep = [&]<typename R>(std::vector<R>* list) {
        R record;
        CHECK(header.size >= sizeof(record));
        std::memcpy(&record, &into[at], sizeof(record));
        list->push_back(record);
      };
      if (header.type == exec_record::kType) keep(&seen->execs);
      if (header.type == flow_record::kType) keep(&seen->flows);
      if (header.type == mark_record::kType) keep(&seen->marks);
      if (header.type == loss_record::kType) seen->losses++;
      at += header.size;
    }
  }
}

// Waits on the source's own wake-ups until `ready`, at most ten seconds.
template <typename Ready>
bool WaitFor(Ring& ring, Seen* seen, std::atomic<u32>& wakes, Ready ready) {
  const u64 deadline_ns = MonotonicNs() + 10 * kNsPerSecond;
  for (;;) {
    const u32 before = wakes.load();
    Drain(ring, seen);
    if (ready()) return true;
    if (MonotonicNs() > deadline_ns) return false;
    wakes.wait(before);  // a tick comes each interval
  }
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
    auto source = MakeSource(&ring, {.interval_ms = 10, .on_readable = [&] { wakes++; }});
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
  auto source = MakeSource(&ring, {.interval_ms = 50, .on_readable = wake});
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
  auto source = MakeSource(&ring, {.interval_ms = 50, .on_readable = wake});
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
