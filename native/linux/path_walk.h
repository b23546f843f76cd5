// Following a path without ever waiting for a file system that may hang.
#ifndef FRESHET_LINUX_PATH_WALK_H_
#define FRESHET_LINUX_PATH_WALK_H_

#include <sys/stat.h>

#include <optional>
#include <string>

#include "found_file.h"
#include "linux/mounts.h"
#include "record.h"

namespace freshet {

struct Walked {
  Fd place;  // O_PATH, where the path leads; none: `error` says why
  struct stat status{};
  // Someone other than root can change a directory that the path leads through, so what it leads
  // to.
  bool changeable = false;
  u64 put_ns = 0;  // of what they lead through there, the latest (FoundFile)
  // The path leads through or to a mount that may hang: nothing there was asked. `place` is then
  // the mount's root, `status` is not set, and `rest` is what is left of the path, not absolute.
  std::optional<Mount> hanging;
  std::string rest;
  u32 error = 0;  // errno
};

// Follows the absolute `path` from the root directory of `root_pid`, 0: of this process. Each
// component is looked up in a directory that is known to be on a file system of the kernel's own,
// by an O_PATH descriptor, which mounts nothing (autofs) and opens nothing. Symbolic links are
// followed as text, so that those of /proc lead where they are read to lead and nowhere else.
Walked WalkPath(Mounts* mounts, u32 root_pid, const std::string& path);

}  // namespace freshet

#endif  // FRESHET_LINUX_PATH_WALK_H_
