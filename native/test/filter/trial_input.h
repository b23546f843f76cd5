// A fuzzer's bytes, taken off one by one as decisions. Past the end everything is zero, so that a
// shorter input is a shorter trial.
#ifndef FRESHET_TEST_FILTER_TRIAL_INPUT_H_
#define FRESHET_TEST_FILTER_TRIAL_INPUT_H_

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "record.h"

namespace freshet {

class TrialInput {
 public:
  explicit TrialInput(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }

  u8 Byte() {
    if (rest_.empty()) return 0;
    const u8 byte = static_cast<u8>(rest_[0]);
    rest_ = rest_.subspan(1);
    return byte;
  }

  // In [0, below), which is at most 256.
  u32 Below(u32 below) { return Byte() % below; }

  // Of one to eight bytes; small ones cost little.
  u64 Number() {
    const u32 bytes = 1 + Below(8);
    u64 number = 0;
    for (u32 index = 0; index < bytes; index++) number = number << 8 | Byte();
    return number;
  }

  // As many as a byte says, and there are.
  std::span<const std::byte> Some() { return Take(Byte()); }
  // As many as two bytes say, and there are.
  std::span<const std::byte> Many() {
    const size_t high = Byte();
    return Take(high << 8 | Byte());
  }
  std::string_view Text() {
    const std::span<const std::byte> bytes = Some();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::span<const std::byte> Take(size_t count) {
    const std::span<const std::byte> taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  std::span<const std::byte> rest_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_TRIAL_INPUT_H_
