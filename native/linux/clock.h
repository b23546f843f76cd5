// The clocks of clock_gettime(2), in nanoseconds.
#ifndef FRESHET_LINUX_CLOCK_H_
#define FRESHET_LINUX_CLOCK_H_

#include <time.h>

#include "boot_clock.h"
#include "record.h"

namespace freshet {

inline constexpr u64 kNsPerSecond = 1'000'000'000;
inline constexpr u64 kNsPerMs = 1'000'000;

inline u64 ClockNs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<u64>(now.tv_sec) * kNsPerSecond + static_cast<u64>(now.tv_nsec);
}

// Since boot, sleep left out: what perf events are stamped with.
inline u64 MonotonicNs() { return ClockNs(CLOCK_MONOTONIC); }
// Since boot, sleep included: what records are stamped with.
inline u64 BoottimeNs() { return SinceBootNs(); }
// Since 1970 UTC.
inline u64 RealtimeNs() { return ClockNs(CLOCK_REALTIME); }

// Between two times, whichever is the later.
inline u64 Distance(u64 a, u64 b) { return a > b ? a - b : b - a; }

}  // namespace freshet

#endif  // FRESHET_LINUX_CLOCK_H_
