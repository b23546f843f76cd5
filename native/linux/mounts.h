// What is mounted where, as the kernel lists it: which file system a descriptor lies on is known
// without a word to that file system. Even statfs(2) asks the server of a FUSE or network mount,
// and waits for its answer for ever.
#ifndef FRESHET_LINUX_MOUNTS_H_
#define FRESHET_LINUX_MOUNTS_H_

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fd.h"
#include "record.h"

namespace freshet {

struct Mount {
  u64 id = 0;
  u64 dev =
      0;  // of the file system, as events of the kernel have it: btrfs shows others to stat(2)
  std::string type;
  // FUSE: who mounted it, in numbers of the user namespace that it was mounted in.
  u32 user_id = 0;
  u32 group_id = 0;
  // At / or /usr of this mount namespace: were it to hang, so would everything.
  bool is_systems = false;
  // In another mount namespace alone, so perhaps in another user namespace.
  bool is_elsewhere = false;

  // Whether whoever looks at a file there may wait for ever: for a server, another machine, or a
  // user's own program. True for what is not known to be a file system of the kernel's own.
  bool MayHang() const;
  bool IsFuse() const { return type.starts_with("fuse"); }
  // Whether another user than root may have mounted it.
  bool IsUsers() const { return IsFuse() && (user_id != 0 || is_elsewhere); }
};

// The inode's number of what a descriptor lies on, likewise without a word to the file system
// (Linux 5.14 on).
std::optional<u64> InodeOfDescriptor(int fd);

// By id. Lines that are not understood are left out.
std::map<u64, Mount> ParseMountinfo(std::string_view text);

// Threads: any.
class Mounts {
 public:
  // The mount that the descriptor lies on (O_PATH is enough); it is looked for in this process's
  // mount namespace and in that of `pid` (0: none), then here by its file system. None when it is
  // nowhere.
  std::optional<Mount> OfDescriptor(int fd, u32 pid);
  // A mount of the file system `dev`, likewise.
  std::optional<Mount> OfDevice(u64 dev, u32 pid);

 private:
  void Renew();  // REQUIRES: mutex_ is held

  std::mutex mutex_;
  Fd own_;                      // /proc/self/mountinfo: poll(2) tells of changes
  std::map<u64, Mount> by_id_;  // guarded by mutex_
};

}  // namespace freshet

#endif  // FRESHET_LINUX_MOUNTS_H_
