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
// Whose servers the machine's owner chose, where root mounted them. Of another file system, such as
// macFUSE's, nobody but its program says who f_owner is.
constexpr std::string_view kServerTypes[] = {"nfs", "smbfs", "afpfs", "webdav", "autofs"};

template <typename Types>
bool Has(const Types& types, std::string_view type) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

// A mount that is no file system of a disk.
struct Elsewhere {
  std::string place;      // empty: the path lies on a disk of this machine
  bool is_users = false;  // somebody else than root may have mounted it
};

// Of the mount that the path lies on as it is written. The list is the kernel's own (MNT_NOWAIT):
// no file system is asked.
Elsewhere ElsewhereOf(const std::string& path) {
  const int count = getfsstat(nullptr, 0, MNT_NOWAIT);
  if (count <= 0) return {"unknown", true};
  std::vector<struct statfs> mounts(static_cast<size_t>(count));
  const int got =
      getfsstat(mounts.data(), static_cast<int>(mounts.size() * sizeof(mounts[0])), MNT_NOWAIT);
  mounts.resize(static_cast<size_t>(std::clamp(got, 0, count)));
  const struct statfs* lowest = nullptr;
  for (const struct statfs& mount : mounts) {
    const std::string_view at = mount.f_mntonname;
    const bool is_above =
        at == "/" || (path.starts_with(at) && path.size() > at.size() && path[at.size()] == '/');
    if (is_above && (!lowest || at.size() >= std::string_view(lowest->f_mntonname).size()))
      lowest = &mount;
  }
  if (!lowest) return {"unknown", true};
  const std::string_view type = lowest->f_fstypename;
  if (Has(kLocalTypes, type)) return {};
  return {lowest->f_mntonname, lowest->f_owner != 0 || !Has(kServerTypes, type)};
}

// Whether a symbolic link is on the way: what it leads to may lie on any mount. A script's path is
// as its caller wrote it. Nothing is followed and no file is opened, so this waits for no mount but
// the path's own.
bool LeadsThroughLink(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return true;
  const std::string above = slash == 0 ? "/" : path.substr(0, slash);
  const Fd folder(open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW_ANY));
  if (!folder) return errno == ELOOP;
  struct stat status;
  return fstatat(folder.get(), path.c_str() + slash + 1, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISLNK(status.st_mode);
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

// Of what the path leads through where others than root can put something: each part is looked at
// as it is, and links are followed as text.
u64 PutOnTheWay(const std::string& path) {
  constexpr int kLinksMax = MAXSYMLINKS;
  u64 put_ns = 0;
  int links = 0;
  bool changeable = false;
  std::string way;  // without links
  for (std::string rest = path; !rest.empty();) {
    const size_t from = std::min(rest.find_first_not_of('/'), rest.size());
    const size_t to = std::min(rest.find('/', from), rest.size());
    const std::string part = rest.substr(from, to - from);
    rest.erase(0, to);
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      way.resize(way.empty() ? 0 : way.rfind('/'));
      continue;
    }
    const std::string here = way + "/" + part;
    struct stat status;
    if (lstat(here.c_str(), &status) != 0) return put_ns;
    const bool is_link = S_ISLNK(status.st_mode);
    if (changeable && (is_link || S_ISDIR(status.st_mode)))
      put_ns = std::max(put_ns, PutNs(status));
    if (!is_link) {
      changeable |= S_ISDIR(status.st_mode) && ChangeableByOthers(status);
      way = here;
      continue;
    }
    char target[PATH_MAX];
    const ssize_t length = readlink(here.c_str(), target, sizeof(target));
    if (length <= 0 || ++links > kLinksMax) return put_ns;
    if (target[0] == '/') way.clear();
    rest.insert(0, std::string(target, static_cast<size_t>(length)));
  }
  return put_ns;
}

class MacFileFinder : public FileFinder {
 public:
  FoundFile Find(const InspectRequest& request, bool may_wait) override {
    FoundFile found;
    const Elsewhere elsewhere = ElsewhereOf(request.path);
    found.may_hang = elsewhere.place;
    found.users_mount = elsewhere.is_users;
    if (found.may_hang.empty() && LeadsThroughLink(request.path)) found.may_hang = "links";
    if (!found.may_hang.empty() && !may_wait) return found;
    found.file = OpenRegular(request.path, &found.status);
    if (!found.file) {
      found.error = static_cast<u32>(errno);
      return found;
    }
    const bool is_the_one = request.ino == 0 || (found.status.st_ino == request.ino &&
                                                 DeviceOf(found.status) == request.dev);
    if (is_the_one) {
      found.put_ns = PutOnTheWay(request.path);
      return found;
    }
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
    // What a server or a user's own file system says of owners is its word.
    if (!ElsewhereOf(path).place.empty() || !ElsewhereOf(resolved).place.empty()) return false;
    return named.st_dev == status.st_dev && named.st_ino == status.st_ino &&
           !IsChangeableOnTheWay(path) && !IsChangeableOnTheWay(resolved);
  }

  bool Look(const std::string& path, struct stat* status) override {
    return ElsewhereOf(path).place.empty() && !LeadsThroughLink(path) &&
           stat(path.c_str(), status) == 0;
  }
};

}  // namespace

std::unique_ptr<FileFinder> MakeFileFinder(std::shared_ptr<ProgramFiles>) {
  return std::make_unique<MacFileFinder>();
}

}  // namespace freshet
