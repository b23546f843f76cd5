// The Mach clocks, in nanoseconds. Both count from boot: continuous time goes on while the machine
// sleeps, absolute time does not (mach_time.h). Records are stamped with the former, Endpoint
// Security's messages with the latter.
//
// Ticks are of this process's architecture (mach_timebase_info): 125/3 ns each on Apple silicon, 1
// ns on Intel and under Rosetta, and the messages' agree (ESMessage.h).
//
// Threads: any.
#ifndef FRESHET_MAC_MACH_CLOCK_H_
#define FRESHET_MAC_MACH_CLOCK_H_

#include <mach/mach_time.h>

#include <algorithm>

#include "record.h"

namespace freshet {

class MachClock {
 public:
  MachClock() {
    mach_timebase_info_data_t base{};
    mach_timebase_info(&base);
    numer_ = base.numer;
    denom_ = base.denom;
  }

  // Since boot, sleep included.
  u64 NowNs() const { return ToNs(mach_continuous_time()); }

  // How long the machine has slept since boot.
  u64 AsleepNs() const {
    const u64 absolute = mach_absolute_time();
    return ToNs(mach_continuous_time() - absolute);
  }

  // When something happened that was stamped with mach_absolute_time, as NowNs. The time it has
  // waited is taken from now; when the machine slept meanwhile that is later than it happened, by
  // the sleep. Never later than now: absolute time is read first.
  u64 AtNs(u64 absolute_then) const {
    const u64 absolute = mach_absolute_time();
    const u64 now = mach_continuous_time();
    const u64 waited = absolute > absolute_then ? absolute - absolute_then : 0;
    return ToNs(now - std::min(waited, now));
  }

 private:
  u64 ToNs(u64 ticks) const {
    return static_cast<u64>(static_cast<unsigned __int128>(ticks) * numer_ / denom_);
  }

  u32 numer_ = 1;
  u32 denom_ = 1;
};

}  // namespace freshet

#endif  // FRESHET_MAC_MACH_CLOCK_H_
