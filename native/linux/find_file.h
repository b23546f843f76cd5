// The file that a process runs or was given to run, on Linux.
#ifndef FRESHET_LINUX_FIND_FILE_H_
#define FRESHET_LINUX_FIND_FILE_H_

#include "found_file.h"
#include "linux/mounts.h"

namespace freshet {

// How sure the way is by which a file was come to.
enum class Way {
  kByProcess,  // what the process runs, or by its own root directory
  kByName,     // by this machine's tree, where anything may stand
};

// Whether it is the file (dev, ino) of an event. By name both numbers must agree. By process the
// inode's is enough where the event's device is another than stat(2) shows: overlayfs runs the
// layer's file, and btrfs numbers its subvolumes, each of which has inodes of the same numbers.
// `mount`: the one that the file lies on.
bool IsFileOf(const struct stat& status, const Mount& mount, Way way, u64 dev, u64 ino);

}  // namespace freshet

#endif  // FRESHET_LINUX_FIND_FILE_H_
