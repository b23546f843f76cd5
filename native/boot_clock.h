// The clock that records are stamped with: nanoseconds since boot, sleep included.
#ifndef FRESHET_BOOT_CLOCK_H_
#define FRESHET_BOOT_CLOCK_H_

#ifdef __APPLE__
#include <mach/mach_time.h>
#else
#include <time.h>
#endif

#include "record.h"

namespace freshet {

inline u64 SinceBootNs() {
#ifdef __APPLE__
  static const mach_timebase_info_data_t base = [] {
    mach_timebase_info_data_t read{};
    mach_timebase_info(&read);
    return read;
  }();
  return static_cast<u64>(static_cast<unsigned __int128>(mach_continuous_time()) * base.numer /
                          base.denom);
#else
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
#endif
}

}  // namespace freshet

#endif  // FRESHET_BOOT_CLOCK_H_
