// The source of processes that wants no entitlement: the list of processes, looked at several times
// a second, and kqueue's word of those that are known. It takes Endpoint Security's place.
//
// A process that is new on the list is told as one that was found running, since its exec was not
// seen; an exec in a process that is known is told as it happens. What begins and ends between two
// looks is not seen, unless somebody asks for it (WantedPids): the sources of flows do. It says no
// ticks: those are the Endpoint Security source's, which runs without a client too.
#ifndef FRESHET_MAC_POLLING_POLLING_SOURCE_H_
#define FRESHET_MAC_POLLING_POLLING_SOURCE_H_

#include <array>
#include <atomic>
#include <functional>
#include <memory>

#include "mac/polling/process_events.h"
#include "mac/running.h"
#include "source.h"
#include "worker_thread.h"

namespace freshet {

struct PollingOptions {
  u32 look_ms = 250;  // between looks at the list
  // After a fork, whose child is on the list by now, the next look is this soon after the last.
  u32 after_fork_ms = 20;
  u32 after_loss_ms = 10'000;  // as EsOptions::after_loss_ms
  bool is_root = true;         // else processes of others can be listed, and not named
  std::array<u8, 16> boot_id{};
  std::function<u64()> unix_ns = {};  // REQUIRED
};

class PollingSource final : public Source {
 public:
  // REQUIRES: what `polling` names may be called on the source's thread.
  PollingSource(Ring* ring, SourceOptions options, PollingOptions polling,
                std::unique_ptr<RunningApi> api, std::unique_ptr<ProcessEvents> events);
  ~PollingSource() override;

  bool Start() override;
  void RequestEnumerate() override;
  void Stop() override;

 private:
  void Answer(std::function<void()> ring);
  void Run();

  Ring* const ring_;
  const SourceOptions options_;
  const PollingOptions polling_;
  const std::unique_ptr<RunningApi> api_;
  const std::unique_ptr<ProcessEvents> events_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> enumerate_{false};
  WorkerThread thread_;
};

// The source as it runs (make_polling.cc).
std::unique_ptr<Source> MakePollingSource(Ring* ring, SourceOptions options);

}  // namespace freshet

#endif  // FRESHET_MAC_POLLING_POLLING_SOURCE_H_
