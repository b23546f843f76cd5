// Reads a program's arguments as soon as the kernel tells of its exec, before the events of that
// moment are put in order and turned into records: by then one that runs for milliseconds is gone.
//
// Threads: one.
#ifndef FRESHET_LINUX_ARGUMENT_CATCHER_H_
#define FRESHET_LINUX_ARGUMENT_CATCHER_H_

#include <vector>

#include "argument_text.h"
#include "linux/perf_record.h"

namespace freshet {

// What a process was executed with, as it was when it was read.
struct CaughtArguments {
  u32 pid = 0;
  u64 at_ns = 0;  // of its kExec event
  u64 ino = 0;    // of the program that it ran then
  arguments_record record{};
  ArgumentText text;
};

// Reads them now (procfs.cc): at most 64 KiB of them are looked at.
// False when it is gone. A process may have changed them since its exec (proc_pid_cmdline(5)).
bool CatchArguments(u32 pid, CaughtArguments* caught);

class ArgumentCatcher {
 public:
  ArgumentCatcher() : caught_(kCaughtMax) {}

  // Any event, in the order of its CPU's ring.
  void See(const PerfEvent& event) {
    if (event.kind != PerfEvent::Kind::kExec) return;
    CaughtArguments& oldest = caught_[next_++ % kCaughtMax];
    oldest = {};
    if (!CatchArguments(event.pid, &oldest)) return;
    oldest.pid = event.pid;
    oldest.at_ns = event.at_ns;
  }

  // Those of this kExec event; nullptr when they could not be read, or too many came since.
  const CaughtArguments* Find(const PerfEvent& event) const {
    for (const CaughtArguments& one : caught_)
      if (one.pid == event.pid && one.at_ns == event.at_ns) return &one;
    return nullptr;
  }

 private:
  static constexpr size_t kCaughtMax = 256;  // some 280 KB

  std::vector<CaughtArguments> caught_;
  size_t next_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_ARGUMENT_CATCHER_H_
