#include "inspector.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <span>

#ifdef __linux__
#include <sys/vfs.h>
#endif

namespace freshet {
namespace {

constexpr size_t kChunkBytes = 128 * 1024;
// No program is larger; a file that says so is there to keep us busy, and is known by its path.
constexpr u64 kHashedBytesMax = u64{1} << 30;

class File {
 public:
  explicit File(const std::string& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  const int fd_;
};

#ifdef __linux__
// Where the device an exec event names is not the one that stat(2) shows: overlayfs runs the
// layer's file, btrfs numbers its subvolumes. There the inode has to do.
bool HasOwnDeviceNumbers(int fd) {
  constexpr long kOverlayMagic = 0x794c7630;
  constexpr long kBtrfsMagic = 0x9123683e;
  struct statfs system;
  if (fstatfs(fd, &system) != 0) return false;
  return system.f_type == kOverlayMagic || system.f_type == kBtrfsMagic;
}

u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtim); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctim); }
#else
bool HasOwnDeviceNumbers(int) { return false; }

u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtimespec); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctimespec); }
#endif

bool IsTheOneAskedFor(const File& file, const struct stat& status, const InspectRequest& request) {
  if (request.ino == 0) return true;
  if (status.st_ino != request.ino) return false;
  return static_cast<u64>(status.st_dev) == request.dev || HasOwnDeviceNumbers(file.fd());
}

bool ChangeableByOthers(const struct stat& status) {
  if (status.st_uid != 0) return true;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
}

}  // namespace

bool WritableByOthers(const std::string& path) {
  // Every directory that the path leads through, as written and as resolved, must be root's alone.
  char resolved[PATH_MAX];
  if (path.empty() || path[0] != '/' || realpath(path.c_str(), resolved) == nullptr) return true;
  for (std::string at : {path, std::string(resolved)}) {
    for (;;) {
      struct stat status;
      if (stat(at.c_str(), &status) != 0 || ChangeableByOthers(status)) return true;
      if (at.size() <= 1) break;
      at.resize(std::max<size_t>(at.rfind('/'), 1));
    }
  }
  return false;
}

Inspection Inspector::Inspect(const InspectRequest& request) {
  Inspection result;
  std::unique_ptr<File> file;
  struct stat status;
#ifdef __linux__
  if (request.pid != 0) {
    file = std::make_unique<File>("/proc/" + std::to_string(request.pid) + "/exe");
    if (!file->ok() || fstat(file->fd(), &status) != 0 ||
        !IsTheOneAskedFor(*file, status, request) || request.ino == 0)
      file.reset();
  }
#endif
  bool replaced = false;
  if (file == nullptr) {
    file = std::make_unique<File>(request.path);
    if (!file->ok() || fstat(file->fd(), &status) != 0) {
      result.error = static_cast<u32>(errno);
      return result;
    }
    replaced = !IsTheOneAskedFor(*file, status, request);
  }
  result.dev = static_cast<u64>(status.st_dev);
  result.ino = static_cast<u64>(status.st_ino);
  result.file_bytes = static_cast<u64>(status.st_size);
  result.owner_uid = status.st_uid;
  result.mode = status.st_mode;
  if (replaced) result.flags |= k_inspected_replaced;
  if (!S_ISREG(status.st_mode)) {
    result.error = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return result;
  }
  if (result.file_bytes > kHashedBytesMax) {
    result.error = EFBIG;
    return result;
  }
  // A file that is open but has no name any more is nobody's to vouch for.
  struct stat named;
  if (ChangeableByOthers(status) || stat(request.path.c_str(), &named) != 0 ||
      named.st_ino != status.st_ino || named.st_dev != status.st_dev ||
      WritableByOthers(request.path))
    result.flags |= k_inspected_writable_by_others;

  const ContentKey key{result.dev, result.ino, result.file_bytes, ModifiedNs(status),
                       ChangedNs(status)};
  if (Recall(key, &result.sha256)) return result;
  const auto chunk = std::make_unique<std::byte[]>(kChunkBytes);
  Sha256 hash;
  for (;;) {
    const ssize_t got = read(file->fd(), chunk.get(), kChunkBytes);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      result.error = static_cast<u32>(errno);
      return result;
    }
    hash.Update({chunk.get(), static_cast<size_t>(got)});
  }
  struct stat after;
  const bool same = fstat(file->fd(), &after) == 0 && after.st_size == status.st_size &&
                    ModifiedNs(after) == ModifiedNs(status) &&
                    ChangedNs(after) == ChangedNs(status);
  if (!same || !hash.Finish(&result.sha256)) {
    result.error = same ? EIO : ESTALE;
    result.sha256 = {};
    return result;
  }
  Remember(key, result.sha256);
  return result;
}

bool Inspector::Recall(const ContentKey& key, Sha256Digest* sha256) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return false;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
  *sha256 = found->second->sha256;
  return true;
}

void Inspector::Remember(const ContentKey& key, const Sha256Digest& sha256) {
  const std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;
  newest_first_.push_front({key, sha256});
  by_key_[key] = newest_first_.begin();
  if (by_key_.size() <= kRememberedMax) return;
  by_key_.erase(newest_first_.back().key);
  newest_first_.pop_back();
}

}  // namespace freshet
