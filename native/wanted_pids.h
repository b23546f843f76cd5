// Pids that somebody is to look at at once, and not only when it looks at all: the processes of
// flows that are seen for the first time, since a program that sends for a moment is still there
// then; and those that have executed another program, for whoever knows whose flows are whose.
//
// Threads: any asks, one answers. Asking holds a lock for some instructions and never waits for the
// one who answers.
#ifndef FRESHET_WANTED_PIDS_H_
#define FRESHET_WANTED_PIDS_H_

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "record.h"

namespace freshet {

class WantedPids {
 public:
  // With more waiting, all are looked at instead: nothing is dropped.
  static constexpr size_t kPidsMax = 256;

  struct Wanted {
    std::vector<u32> pids;
    bool all = false;
  };

  // As long as nobody answers, nothing is kept: whoever begins to looks at all there is.
  void Ask(u32 pid) {
    const std::lock_guard lock(mutex_);
    if (!ring_ || pid == 0) return;
    for (const u32 waiting : waiting_.pids)
      if (waiting == pid) return;
    const bool is_first = IsNobodyWanted();
    if (waiting_.pids.size() < kPidsMax)
      waiting_.pids.push_back(pid);
    else
      waiting_.all = true;
    if (is_first) ring_();
  }

  // All, where who asks cannot tell whose flows are new.
  void AskAll() {
    const std::lock_guard lock(mutex_);
    if (!ring_) return;
    const bool is_first = IsNobodyWanted();
    waiting_.all = true;
    if (is_first) ring_();
  }

  // `ring` wakes the one who answers; nothing: nobody does any more. It is not called again once
  // this has returned. It must not block, nor ask.
  void Answer(std::function<void()> ring) {
    const std::lock_guard lock(mutex_);
    ring_ = std::move(ring);
    waiting_ = {};
  }

  // What waits, each pid once.
  Wanted Take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  bool IsNobodyWanted() const { return waiting_.pids.empty() && !waiting_.all; }

  std::mutex mutex_;
  std::function<void()> ring_;  // all guarded by mutex_
  Wanted waiting_;
};

}  // namespace freshet

#endif  // FRESHET_WANTED_PIDS_H_
