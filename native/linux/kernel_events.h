// What our programs in the kernel told, from the moment when it is taken from their ring until all
// that perf tells of the time before is there too.
//
// Threads: one.
#ifndef FRESHET_LINUX_KERNEL_EVENTS_H_
#define FRESHET_LINUX_KERNEL_EVENTS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "give_back.h"
#include "linux/kernel_event.h"

namespace freshet {

class KernelEvents {
 public:
  static constexpr size_t kWaitingMax = 200'000;  // some 25 MB
  // A storm's memory is given back.
  static constexpr size_t kKeptBytesMax = 1 << 20;

  // False when there is no room for it.
  bool Push(const KernelEvent& event) {
    if (waiting() >= kWaitingMax) return false;
    if (waiting() > 0 && event.at_ns < events_.back().at_ns) is_sorted_ = false;
    events_.push_back(event);
    return true;
  }

  // Hands out those up to `horizon_ns` (CLOCK_MONOTONIC), in the order of time.
  template <typename Handle>
  void Take(u64 horizon_ns, Handle handle) {
    Sort();
    while (waiting() > 0 && events_[next_].at_ns <= horizon_ns) handle(events_[next_++]);
    Forget();
  }

  size_t waiting() const { return events_.size() - next_; }
  size_t bytes() const { return events_.capacity() * sizeof(KernelEvent); }

 private:
  void Sort() {
    if (is_sorted_) return;
    std::stable_sort(events_.begin() + static_cast<ptrdiff_t>(next_), events_.end(),
                     [](const KernelEvent& a, const KernelEvent& b) { return a.at_ns < b.at_ns; });
    is_sorted_ = true;
  }

  // What was handed out goes once it is as much as what waits, since on a busy machine there always
  // is something that waits.
  void Forget() {
    if (next_ == 0 || next_ < waiting()) return;
    events_.erase(events_.begin(), events_.begin() + static_cast<ptrdiff_t>(next_));
    next_ = 0;
    if (events_.empty() && bytes() > kKeptBytesMax) GiveBack(&events_);
  }

  std::vector<KernelEvent> events_;
  size_t next_ = 0;  // the first that waits
  bool is_sorted_ = true;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_EVENTS_H_
