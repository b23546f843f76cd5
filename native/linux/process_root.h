// Files by the names that another process knows them by: through its root, and without waiting for
// anybody. Whoever mounts a FUSE file system answers its look-ups when they please, so a name is
// looked up in what the kernel has cached, else as path_walk.h does.
//
// Threads: one an object.
#ifndef FRESHET_LINUX_PROCESS_ROOT_H_
#define FRESHET_LINUX_PROCESS_ROOT_H_

#include <string>
#include <string_view>

#include "fd.h"
#include "record.h"

namespace freshet {

// What statx(2) says without asking a server.
struct FileSeen {
  u64 dev = 0;
  u64 ino = 0;
  u32 uid = 0xffffffff;
  u32 gid = 0xffffffff;
  u32 mode = 0;  // st_mode; 0: it could not be looked at
  u64 bytes = 0;
  u64 changed_ns = 0;  // since 1970, st_ctim
  u64 written_ns = 0;  // st_mtim

  bool Is(u64 other_dev, u64 other_ino) const { return dev == other_dev && ino == other_ino; }
  bool IsRegular() const;
  // Whether another user than root may write to it, or could let himself.
  bool ChangeableByOthers() const;
};

// Looks at what a descriptor holds, or a link of /proc leads to (path empty: the descriptor).
bool LookAt(int folder, const char* path, FileSeen* file);

class ProcessRoot {
 public:
  // Of the process; of `instead`, then of our own, when it is gone.
  explicit ProcessRoot(u32 pid, u32 instead = 0);

  // Whether it is that of the process itself.
  bool is_its_own() const { return is_its_own_; }

  // A descriptor (O_PATH) of the file at an absolute path, symbolic links followed inside the root.
  // None with errno: EAGAIN where it cannot be had without waiting.
  Fd Open(std::string_view path) const;
  bool Look(std::string_view path, FileSeen* file) const;
  // The first line of a regular file, at most 255 bytes of it; empty where it cannot be had.
  std::string ReadFirstLine(std::string_view path) const;
  // Whether root alone can change which directory entry this absolute path without symbolic links
  // leads to: every directory above it is root's. False for what cannot be told. `above`: the one
  // it lies in.
  bool IsBelowRootsAlone(std::string_view path, FileSeen* above) const;

 private:
  Fd OpenCold(const std::string& path) const;

  u32 pid_ = 0;  // whose mounts these are; 0: ours
  bool is_its_own_ = false;
  Fd root_;  // none: ours
};

// Cuts " (deleted)" off a path that the kernel gave of a file (dev, ino) of that process, unless it
// is called so.
std::string NameOfFile(u32 pid, std::string_view path, u64 dev, u64 ino);

}  // namespace freshet

#endif  // FRESHET_LINUX_PROCESS_ROOT_H_
