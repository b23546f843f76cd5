// A stand-in for macOS's <mach/mach_time.h>: what the sources of native/mac use of it, with clocks
// that a test may set (double.h).
#ifndef FRESHET_DOUBLE_MACH_TIME_H_
#define FRESHET_DOUBLE_MACH_TIME_H_

#include <stdint.h>

extern "C" {

struct mach_timebase_info_data_t {
  uint32_t numer;
  uint32_t denom;
};

uint64_t mach_absolute_time(void);
uint64_t mach_continuous_time(void);
int mach_timebase_info(mach_timebase_info_data_t* info);
}

#endif  // FRESHET_DOUBLE_MACH_TIME_H_
