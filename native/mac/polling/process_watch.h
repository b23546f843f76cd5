// Which processes there are, and what each runs, by looking: the list of pids, a look at each that
// is new, and what kqueue tells of those that are known. Plain C++ over the two seams.
//
// Between any two calls a process may end, run another program, or leave its pid to another. So a
// pid is watched first and looked at then: an exec after the look is an event. And no event's pid
// is believed: what it runs, and whether it is there, is asked anew. An end is told only of an
// image that was told, and never of one that lives.
#ifndef FRESHET_MAC_POLLING_PROCESS_WATCH_H_
#define FRESHET_MAC_POLLING_PROCESS_WATCH_H_

#include <functional>
#include <span>
#include <unordered_map>
#include <vector>

#include "emitter.h"
#include "mac/polling/process_events.h"
#include "mac/running.h"

namespace freshet {

// Threads: one. What it is given outlives it. `now_ns`: since boot.
class ProcessWatch {
 public:
  // More than macOS has (PID_MAX is 99,999). What finds it full is counted: k_loss_table_full.
  static constexpr size_t kPidsMax = 1 << 17;

  // `on_executed` is called with each pid that was told before and runs another program now; may be
  // empty.
  ProcessWatch(RunningApi* api, ProcessEvents* events, Emitter* emitter,
               std::function<void(u32 pid)> on_executed = {})
      : api_(api), events_(events), emitter_(emitter), on_executed_(std::move(on_executed)) {}

  // Tells each process, those that were told too: 0, or errno when they cannot be listed. Then
  // nothing is known to have ended, and what was told before counts as not told.
  int Enumerate(u64 now_ns);
  // Tells those that are new, and the ends of those that are not there any more. The same answers.
  int Look(u64 now_ns);
  // Tells what `pid` runs, if that is new.
  void LookAt(u32 pid, u64 now_ns);
  // Tells what came of events; whether one of them was a fork: then a new pid is on the list.
  bool Take(std::span<const ProcessEvent> events, u64 now_ns);

  size_t known() const { return known_.size(); }

 private:
  struct Known {
    u32 pidversion = 0;  // of the image that was told last; 0: none was
    bool is_watched = false;
    u32 looks = 0;   // at one that is there and cannot be named
    u64 listed = 0;  // the list that had it last
  };

  // The entry of `pid`; nullptr when there is no room for it.
  Known* Find(u32 pid);
  bool IsDue(const Known& known) const;
  // False: it has gone, which was told.
  bool Watch(u32 pid, Known* known, u64 now_ns);
  void Tell(u32 pid, Known* known, bool is_exec, u64 now_ns);
  void Exited(u32 pid, Known* known, u64 now_ns);
  // Forgets it.
  void End(u32 pid, const Known& known, u64 now_ns);

  RunningApi* const api_;
  ProcessEvents* const events_;
  Emitter* const emitter_;
  const std::function<void(u32 pid)> on_executed_;
  std::unordered_map<u32, Known> known_;
  std::vector<u32> pids_;
  u64 list_ = 0;  // the number of the last one
};

}  // namespace freshet

#endif  // FRESHET_MAC_POLLING_PROCESS_WATCH_H_
