// A file by its path: macOS has no descriptor of what a process runs.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/param.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "found_file.h"

namespace freshet {
namespace {

constexpr std::string_view kLocalTypes[] = {"apfs",  "hfs", "devfs", "exfat",
                                            "msdos", "udf", "cd9660"};

// The mount that the path lies on where it is no file system of a disk, else empty. The list is the
// kernel's own (MNT_NOWAIT): no file system is asked.
std::string MayHang(const std::string& path) {
  const int count = getfsstat(nullptr, 0, MNT_NOWAIT);
  if (count <= 0) return "unknown";
  std::vector<struct statfs> mounts(static_cast<size_t>(count));
  const int got =
      getfsstat(mounts.data(), static_cast<int>(mounts.size() * sizeof(mounts[0])), MNT_NOWAIT);
  mounts.resize(static_cast<size_t>(std::clamp(got, 0, count)));
  std::string_view longest;
  std::string_view type;
  for (const struct statfs& mount : mounts) {
    const std::string_view at = mount.f_mntonname;
    const bool is_above =
        at == "/" || (path.starts_with(at) && path.size() > at.size() && path[at.size()] == '/');
    if (!is_above || at.size() < longest.size()) continue;
    longest = at;
    type = mount.f_fstypename;
  }
  const bool is_local =
      std::find(std::begin(kLocalTypes), std::end(kLocalTypes), type) != std::end(kLocalTypes);
  return is_local ? "" : std::string(longest);
}

bool IsRegular(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return true;
  errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  return false;
}

// Opening a FIFO would free a writer that waits for its reader, opening a device may do anything,
// so neither is opened. It is looked at by name, so another file could be put there before the
// open, which does not wait on it then, and which is looked at again.
Fd OpenRegular(const std::string& path, struct stat* status) {
  if (stat(path.c_str(), status) != 0 || !IsRegular(*status)) return Fd();
  Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file || fstat(file.get(), status) != 0 || !IsRegular(*status)) return Fd();
  return file;
}

// Whether a directory on the way, as the path is written, can be changed by others than root; a
// sticky directory too, since whoever owns the entry may replace it.
bool IsChangeableOnTheWay(std::string path) {
  for (;;) {
    struct stat status;
    if (stat(path.c_str(), &status) != 0 || ChangeableByOthers(status)) return true;
    if (path.size() <= 1) return false;
    path.resize(std::max<size_t>(path.rfind('/'), 1));
  }
}

class MacFileFinder : public FileFinder {
 public:
  FoundFile Find(const InspectRequest& request, bool may_wait) override {
    FoundFile found;
    found.may_hang = MayHang(request.path);
    if (!found.may_hang.empty() && !may_wait) return found;
    found.file = OpenRegular(request.path, &found.status);
    if (!found.file) {
      found.error = static_cast<u32>(errno);
      return found;
    }
    const bool is_the_one = request.ino == 0 || (found.status.st_ino == request.ino &&
                                                 DeviceOf(found.status) == request.dev);
    if (is_the_one) return found;
    found = FoundFile();
    found.replaced = true;
    return found;
  }

  bool IsRootsAlone(const std::string& path, const struct stat& status) override {
    char resolved[PATH_MAX];
    struct stat named;
    if (path.empty() || path[0] != '/' || ChangeableByOthers(status) ||
        realpath(path.c_str(), resolved) == nullptr || stat(resolved, &named) != 0)
      return false;
    return named.st_dev == status.st_dev && named.st_ino == status.st_ino &&
           !IsChangeableOnTheWay(path) && !IsChangeableOnTheWay(resolved);
  }
};

}  // namespace

std::unique_ptr<FileFinder> MakeFileFinder(std::shared_ptr<ProgramFiles>) {
  return std::make_unique<MacFileFinder>();
}

}  // namespace freshet
