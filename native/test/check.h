// The native tests' own few lines: a failed CHECK says where and ends the program with 1.
#ifndef FRESHET_TEST_CHECK_H_
#define FRESHET_TEST_CHECK_H_

#include <cstdio>
#include <cstdlib>

#include "record.h"

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                  \
    }                                                                                \
  } while (false)

namespace freshet {

// As test/long.ts: `usual` times in `npm test`, `in_long` times in `npm run test:long`. REQUIRES:
// what runs the program is of that long run.
inline u64 Times(u64 usual, u64 in_long) {
  const char* is_long = std::getenv("FRESHET_LONG");
  return is_long != nullptr && is_long[0] == '1' ? in_long : usual;
}

// splitmix64: the same numbers for the same seed everywhere, so that a failure can be had again.
class Random {
 public:
  explicit Random(u64 seed) : state_(seed) {}
  u64 Next() {
    u64 z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  // In [0, below).
  u64 Below(u64 below) { return Next() % below; }

 private:
  u64 state_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_CHECK_H_
