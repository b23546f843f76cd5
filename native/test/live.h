// What the live tests of the Linux source share: connections to be seen, and what was seen.
#ifndef FRESHET_TEST_LIVE_H_
#define FRESHET_TEST_LIVE_H_

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "linux/clock.h"
#include "source.h"

namespace freshet {

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

struct Seen {
  std::vector<exec_record> execs;
  std::vector<flow_record> flows;
  std::vector<mark_record> marks;
  std::vector<std::string> notes;  // of the marks
  std::vector<loss_record> losses;

  u64 Lost(u32 what) const {
    u64 count = 0;
    for (const loss_record& loss : losses)
      if (loss.what == what) count += loss.count;
    return count;
  }
  const mark_record* Mark(u32 kind) const {
    for (const mark_record& mark : marks)
      if (mark.kind == kind) return &mark;
    return nullptr;
  }
};

// Reads what waits.
inline void Drain(Ring& ring, Seen* seen) {
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
      if (header.type == loss_record::kType) keep(&seen->losses);
      if (header.type == mark_record::kType) {
        keep(&seen->marks);
        const mark_record& mark = seen->marks.back();
        seen->notes.emplace_back(reinterpret_cast<const char*>(&into[at + sizeof(mark)]),
                                 mark.note_bytes);
      }
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

}  // namespace freshet

#endif  // FRESHET_TEST_LIVE_H_
