// Takes hold of a program's file as soon as the kernel tells of its exec, before the events of that
// moment are put in order and turned into records: by then a program that is run once and removed
// may be gone.
//
// Threads: one.
#ifndef FRESHET_LINUX_PROGRAM_CATCHER_H_
#define FRESHET_LINUX_PROGRAM_CATCHER_H_

#include <string>
#include <string_view>
#include <unordered_set>

#include "linux/mounts.h"
#include "linux/perf_record.h"
#include "program_files.h"

namespace freshet {

// A descriptor (O_PATH) of the program file (dev, ino) that `pid` runs, or has run by the path
// `path`; none when the file is neither there any more. Waits for no file system that may hang.
Fd OpenProgramFile(Mounts* mounts, u32 pid, const std::string& path, u64 dev, u64 ino);

class ProgramCatcher {
 public:
  // `files` outlives it.
  explicit ProgramCatcher(ProgramFiles* files) : files_(files) {}

  // Any event, in the order of its CPU's ring.
  void See(const PerfEvent& event, u64 now_ns);

 private:
  static constexpr size_t kComingMax = 256;

  ProgramFiles* const files_;
  Mounts mounts_;
  std::unordered_set<u32> coming_;  // pids between the two events of their exec
};

}  // namespace freshet

#endif  // FRESHET_LINUX_PROGRAM_CATCHER_H_
