// What the two halves of the double share.
#ifndef FRESHET_TEST_MAC_DOUBLE_CLOCK_H_
#define FRESHET_TEST_MAC_DOUBLE_CLOCK_H_

namespace freshet::mac_double {

// Real clocks again, ticks of one nanosecond.
void ResetClocks();

}  // namespace freshet::mac_double

#endif  // FRESHET_TEST_MAC_DOUBLE_CLOCK_H_
