// Descriptors of program files that were executed a moment ago, so that a program whose file is
// gone at once can still be inspected.
//
// A descriptor is an O_PATH one: taking it opens nothing (no file system's open, no change of
// times, no wait for a server) and it pins the file without a name. It also keeps its file system
// from being unmounted, so it is kept for a short time only, shorter once it was asked for.
//
// Threads: any.
#ifndef FRESHET_PROGRAM_FILES_H_
#define FRESHET_PROGRAM_FILES_H_

#include <deque>
#include <mutex>
#include <vector>

#include "fd.h"
#include "record.h"

namespace freshet {

class ProgramFiles {
 public:
  static constexpr size_t kFilesMax = 64;
  // From the exec to the engine's question: gathering, two pipes and the engine's work between.
  static constexpr u64 kKeptNs = 2'000'000'000;
  // Other processes of the same program are asked for soon after the first.
  static constexpr u64 kKeptAfterUseNs = 200'000'000;

  // Processes of one file that are remembered, the last ones.
  static constexpr size_t kPidsMax = 64;

  // Times are CLOCK_MONOTONIC, nanoseconds. `dev` and `ino` are those of the exec record; they
  // alone name no file, since an inode's number is used again: a file is found for the processes
  // that were seen to run it.

  // Whether the file is kept; if so it is from now on for the whole time again, for `pid` too.
  bool Renew(u32 pid, u64 dev, u64 ino, u64 now_ns);
  // Keeps a descriptor; with more than kFilesMax the one closest to its end goes.
  void Keep(u32 pid, u64 dev, u64 ino, Fd file, u64 now_ns);
  // A descriptor of its own (O_PATH) of what `pid` ran; none (false) when it is not kept.
  Fd Find(u32 pid, u64 dev, u64 ino, u64 now_ns);
  // Closes those whose time is over. Whether any is left: then call it again soon.
  bool Expire(u64 now_ns);
  void Clear();

 private:
  struct Kept {
    u64 dev;
    u64 ino;
    u64 until_ns;
    Fd file;
    std::deque<u32> pids;
  };
  std::mutex mutex_;
  std::vector<Kept> kept_;  // guarded by mutex_
};

}  // namespace freshet

#endif  // FRESHET_PROGRAM_FILES_H_
