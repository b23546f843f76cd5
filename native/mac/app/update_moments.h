// When the menu bar app looks after the network monitor: at its start, and when the Mac wakes. A
// running monitor of another version is replaced only with the first start after a boot and at a
// wake, when few connections are open: replacing it cuts them.
//
// Threads: one at a time.
#ifndef FRESHET_MAC_APP_UPDATE_MOMENTS_H_
#define FRESHET_MAC_APP_UPDATE_MOMENTS_H_

#include <cstdint>
#include <string>

namespace freshet {

enum class UpdateMoment {
  kNone,      // not now
  kActivate,  // see that it is there and on
  kReplace,   // and of this version
};

class UpdateMoments {
 public:
  // macOS loses its way among requests in quick succession (google/santa#454, #506).
  static constexpr uint64_t kBetweenSeconds = 600;

  // `boot` names this boot, `last_boot` the one of the app's last start; empty: not known.
  UpdateMoments(const std::string& boot, const std::string& last_boot)
      : first_of_boot_(!boot.empty() && boot != last_boot) {}

  // `now_seconds` is of a clock that never goes back. Whoever gets another answer than kNone says
  // Finished when macOS is done; until then it is kNone.
  UpdateMoment Started(uint64_t now_seconds) {
    return Take(now_seconds, first_of_boot_ ? UpdateMoment::kReplace : UpdateMoment::kActivate);
  }
  UpdateMoment Woke(uint64_t now_seconds) {
    if (busy_ || now_seconds - taken_seconds_ < kBetweenSeconds) return UpdateMoment::kNone;
    return Take(now_seconds, UpdateMoment::kReplace);
  }
  void Finished() { busy_ = false; }

 private:
  UpdateMoment Take(uint64_t now_seconds, UpdateMoment moment) {
    busy_ = true;
    taken_seconds_ = now_seconds;
    return moment;
  }

  const bool first_of_boot_;
  bool busy_ = false;
  uint64_t taken_seconds_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_APP_UPDATE_MOMENTS_H_
