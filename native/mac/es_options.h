// How large the Endpoint Security source is and what it stands on. The defaults are what runs;
// tests choose others to reach the ends of them.
#ifndef FRESHET_MAC_ES_OPTIONS_H_
#define FRESHET_MAC_ES_OPTIONS_H_

#include <time.h>

#include <functional>

#include "mac/es_message.h"
#include "mac/running.h"

namespace freshet {

// Tells the processes alive, as TellRunning does: 0, or errno when they cannot be listed.
using TellRunningCall =
    std::function<int(const IsTold& is_told, const TellExec& tell, const TellCode& tell_code)>;

inline u64 UnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

struct EsOptions {
  // Some 3,500 execs. The thread empties it each gather_ms, or when it is half full.
  size_t handover_bytes = 1 << 20;
  u32 gather_ms = 10;          // how often, at most, messages are passed on
  u32 retry_ms = 5'000;        // until the second attempt at a client
  u32 retry_max_ms = 60'000;   // EsRetry::kSlower ends there
  u32 after_loss_ms = 10'000;  // between enumerations that losses make necessary, at least
  u32 silent_ms = 60'000;      // between looks at whether a client that tells nothing is dead
  u32 under_way_ms = 5'000;    // a message that takes longer does not come
  Protection protection = {};  // this system's
  TellRunningCall tell_running = {};  // REQUIRED
  std::function<u64()> unix_ns = UnixNs;
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_OPTIONS_H_
