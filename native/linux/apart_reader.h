// Reading a file in a process of its own, which can be given up.
//
// A file on a FUSE or network mount may keep whoever looks at it waiting for ever, and a FUSE mount
// lets nobody read but the user who mounted it, root not excepted. So a child process takes that
// user's place, with nothing but the file and a pipe, and is killed when its time is over. A child
// that does not even die then (the kernel waits for an answer that the file system's server took
// on) is left behind, counted, and only so many are risked.
#ifndef FRESHET_LINUX_APART_READER_H_
#define FRESHET_LINUX_APART_READER_H_

#include <map>
#include <mutex>
#include <string>

#include "found_file.h"
#include "record.h"

namespace freshet {

inline constexpr u32 kAsFilesOwner = 0xffffffff;

struct ApartFile {
  // An O_PATH descriptor to begin at; -1: `path` is opened as root first, as it is (/proc/PID/exe).
  int place = -1;
  std::string path;  // from `place`, not absolute; empty: `place` itself
  // Who reads it; kAsFilesOwner: root, or where root may not, the file's owner.
  u32 uid = kAsFilesOwner;
  u32 gid = kAsFilesOwner;
};

// Threads: any.
class ApartReader {
 public:
  // Children that may be left behind for one `whose`, and for all, beside those of reads that had
  // begun by then: each keeps what memory this process changes after its birth.
  static constexpr size_t kStuckOfOneMax = 2;
  static constexpr size_t kStuckMax = 8;

  // Reads the regular file to its end. 0 when it was read whole or an ear had enough, else errno:
  // ETIMEDOUT when it took longer than `within_ns` or too many before it never came back. `whose`
  // says who is to blame for a child that stays.
  u32 Read(const ApartFile& file, const std::string& whose, u64 within_ns, const ApartEars& ears);

  // Children that were killed and are still there.
  size_t Stuck();

 private:
  bool MayTry(const std::string& whose);
  void End(int pid, const std::string& whose);
  void Reap();  // REQUIRES: mutex_ is held

  std::mutex mutex_;
  std::multimap<std::string, int> stuck_;  // guarded by mutex_
};

}  // namespace freshet

#endif  // FRESHET_LINUX_APART_READER_H_
