// The adapter of the NetworkStatistics framework as it stands (framework_statistics.cc), over a
// double of Core Foundation, of libdispatch and of the framework's functions: what is heard of it.
#ifndef FRESHET_TEST_STATISTICS_ADAPTER_H_
#define FRESHET_TEST_STATISTICS_ADAPTER_H_

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>

#include "dictionary.h"
#include "filter/dispatch_double.h"
#include "mac/statistics/statistics_source.h"
#include "nstat_double.h"

namespace freshet {

using cf_double::Values;
using Lines = std::vector<std::string>;

inline std::string Shown(const FlowDescription& said) {
  static constexpr const char* kProviders[] = {"", " tcp", " udp", " quic", " another"};
  static constexpr const char* kStates[] = {"", " listen", " syn-sent", " syn-received", " state"};
  std::string shown = kProviders[static_cast<size_t>(said.provider)];
  shown += kStates[static_cast<size_t>(said.tcp_state)];
  const auto number = [&](const char* name, std::optional<int64_t> value) {
    if (value) shown += std::string(" ") + name + " " + std::to_string(*value);
  };
  const auto text = [&](const char* name, std::string_view value) {
    if (!value.empty()) shown += std::string(" ") + name + " " + std::string(value);
  };
  const auto address = [&](const char* name, std::span<const u8> bytes) {
    if (bytes.empty()) return;
    const auto read = ReadSocketAddress(bytes);
    number(name, read ? std::optional<int64_t>(read->port) : -1);
  };
  number("pid", said.pid);
  number("upid", said.upid);
  number("epid", said.epid);
  number("eupid", said.eupid);
  text("name", said.process_name);
  text("uuid", said.uuid);
  text("euuid", said.euuid);
  address("local", said.local);
  address("remote", said.remote);
  number("out", said.bytes_out);
  number("in", said.bytes_in);
  number("again", said.bytes_again);
  number("interface", said.interface);
  number("start", said.start_ticks);
  return shown;
}

// What a handler hears, one line a call; ticks are counted.
class Hearing final : public StatisticsApi::Handler {
 public:
  void Began(std::string_view missing) override {
    CHECK(!has_begun_);
    has_begun_ = true;
    Note("began" + (missing.empty() ? "" : ": " + std::string(missing)));
  }
  void Added(u64 source) override { Note("added " + std::to_string(source)); }
  void Described(u64 source, const FlowDescription& said) override {
    Note("described " + std::to_string(source) + Shown(said));
  }
  void Counted(u64 source, const FlowDescription& said) override {
    Note("counted " + std::to_string(source) + Shown(said));
  }
  void Removed(u64 source) override { Note("removed " + std::to_string(source)); }
  void Answered() override { Note("answered"); }
  void Tick() override {
    const std::lock_guard lock(mutex_);
    CHECK(has_begun_ && !has_ended_);
    ticks_++;
  }
  void Ended() override {
    Note("ended");
    has_ended_ = true;
  }

  // Since it was asked last.
  Lines Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(lines_, {});
  }
  u32 ticks() {
    const std::lock_guard lock(mutex_);
    return ticks_;
  }

 private:
  void Note(std::string line) {
    const std::lock_guard lock(mutex_);
    CHECK(has_begun_ && !has_ended_);
    lines_.push_back(std::move(line));
  }

  std::mutex mutex_;
  Lines lines_;
  u32 ticks_ = 0;
  bool has_begun_ = false, has_ended_ = false;
};

// An adapter that has begun.
class Adapter {
 public:
  Adapter() {
    CHECK(api_->Start(&hearing, 1'000));
    Settle();
  }
  ~Adapter() { Stop(); }

  // Nobody asks while this waits.
  void Settle() {
    for (int round = 0; round < 6; round++) {
      std::atomic<bool> done{false};
      api_->Post([&] {
        done.store(true);
        done.notify_one();
      });
      done.wait(false);
    }
  }
  void Query() {
    api_->Post([this] { api_->Query(); });
  }
  void Post(std::function<void()> task) { api_->Post(std::move(task)); }
  void Stop() {
    if (!std::exchange(has_stopped_, true)) api_->Stop();
  }
  Lines Take() {
    Settle();
    return hearing.Take();
  }

  Hearing hearing;

 private:
  const std::unique_ptr<StatisticsApi> api_ = MakeStatisticsApi();
  bool has_stopped_ = false;
};

inline Values Tcp(int64_t pid, u16 port) {
  return {{"kNStatSrcKeyProvider", "kNStatProviderTCP"},
          {"kNStatSrcKeyPID", pid},
          {"kNStatSrcKeyLocal", SockaddrOf("192.0.2.7", port)},
          {"kNStatSrcKeyRemote", SockaddrOf("198.51.100.9", 443)}};
}
inline Values Sent(int64_t out, int64_t in) {
  return {{"kNStatSrcKeyTxBytes", out}, {"kNStatSrcKeyRxBytes", in}};
}

// There is one framework in a process, so each test has one of its own.
inline void Alone(const std::function<void()>& test) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    test();
    std::exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

}  // namespace freshet

#endif  // FRESHET_TEST_STATISTICS_ADAPTER_H_
