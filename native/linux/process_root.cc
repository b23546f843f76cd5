#include "linux/process_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "linux/clock.h"
#include "linux/mounts.h"
#include "linux/path_walk.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

Fd OpenResolving(int folder, const std::string& path, u64 resolve) {
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = resolve;
  return Fd(static_cast<int>(syscall(SYS_openat2, folder, path.c_str(), &how, sizeof(how))));
}

}  // namespace

bool FileSeen::IsRegular() const { return S_ISREG(mode); }

bool FileSeen::ChangeableByOthers() const {
  return uid != 0 || (mode & S_IWOTH) != 0 || ((mode & S_IWGRP) != 0 && gid != 0);
}

bool LookAt(int folder, const char* path, FileSeen* file) {
  struct statx status;
  const int flags = AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT | (*path == '\0' ? AT_EMPTY_PATH : 0);
  if (statx(folder, path, flags, STATX_BASIC_STATS, &status) != 0) return false;
  const auto ns_of = [](const statx_timestamp& at) {
    return static_cast<u64>(at.tv_sec) * kNsPerSecond + at.tv_nsec;
  };
  *file = {makedev(status.stx_dev_major, status.stx_dev_minor),
           status.stx_ino,
           status.stx_uid,
           status.stx_gid,
           status.stx_mode,
           status.stx_size,
           ns_of(status.stx_ctime),
           ns_of(status.stx_mtime)};
  return true;
}

ProcessRoot::ProcessRoot(u32 pid, u32 instead) {
  const auto open_of = [this](u32 whose) {
    if (whose == 0) return false;
    const std::string link = "/proc/" + std::to_string(whose) + "/root";
    root_ = Fd(open(link.c_str(), O_PATH | O_CLOEXEC));
    pid_ = whose;
    return static_cast<bool>(root_);
  };
  is_its_own_ = open_of(pid);
  if (is_its_own_ || open_of(instead)) return;
  pid_ = 0;
}

Fd ProcessRoot::Open(std::string_view path) const {
  if (!path.starts_with('/')) {
    errno = ENOENT;
    return Fd();
  }
  constexpr u64 kKnown = RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED;
  // Our own is where a path begins anyway: it need not be held to be looked through.
  Fd file = root_ ? OpenResolving(root_.get(), path.size() == 1 ? "." : std::string(path.substr(1)),
                                  RESOLVE_IN_ROOT | kKnown)
                  : OpenResolving(AT_FDCWD, std::string(path), kKnown);
  // Not cached; or Linux is older than 5.12, or than 5.6.
  const bool may_be_there = !file && (errno == EAGAIN || errno == EINVAL || errno == ENOSYS);
  return may_be_there ? OpenCold(std::string(path)) : std::move(file);
}

// One component after the other, on file systems that nobody has to be asked of. What is cached is
// had without: a component costs a look at its mount here, and this is for the rare path.
Fd ProcessRoot::OpenCold(const std::string& path) const {
  Mounts mounts;
  Walked walked = WalkPath(&mounts, pid_, path);
  errno = walked.hanging ? EAGAIN : static_cast<int>(walked.error);
  return walked.hanging ? Fd() : std::move(walked.place);
}

bool ProcessRoot::Look(std::string_view path, FileSeen* file) const {
  const Fd opened = Open(path);
  return opened && LookAt(opened.get(), "", file);
}

std::string ProcessRoot::ReadFirstLine(std::string_view path) const {
  const Fd file = Open(path);
  FileSeen seen;
  if (!file || !LookAt(file.get(), "", &seen) || !seen.IsRegular()) return {};
  Mounts mounts;
  const auto mount = mounts.OfDescriptor(file.get(), pid_);
  if (!mount || mount->MayHang()) return {};
  std::string line;
  const std::string link = "/proc/self/fd/" + std::to_string(file.get());
  if (!ReadFileAt(AT_FDCWD, link.c_str(), 255, &line)) return {};
  line.resize(std::min(line.find('\n'), line.size()));
  return line;
}

bool ProcessRoot::IsBelowRootsAlone(std::string_view path, FileSeen* above) const {
  bool is_nearest = true;
  while (path.size() > 1) {
    path = path.substr(0, std::max<size_t>(path.rfind('/'), 1));
    FileSeen folder;
    if (!Look(path, &folder) || folder.ChangeableByOthers()) return false;
    if (std::exchange(is_nearest, false)) *above = folder;
  }
  return !is_nearest;
}

std::string NameOfFile(u32 pid, std::string_view path, u64 dev, u64 ino) {
  const std::string_view cut = WithoutDeleted(path);
  if (cut.size() == path.size()) return std::string(path);
  FileSeen file;
  const bool is_its_name = ProcessRoot(pid).Look(path, &file) && file.Is(dev, ino);
  return std::string(is_its_name ? path : cut);
}

}  // namespace freshet
