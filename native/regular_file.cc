#include "regular_file.h"

#include <errno.h>
#include <fcntl.h>

namespace freshet {
namespace {

constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

bool IsRegular(const struct stat& status) {
  if (S_ISREG(status.st_mode)) return true;
  errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
  return false;
}

}  // namespace

#ifdef __linux__

Fd OpenRegular(const std::string& path, struct stat* status) {
  const Fd place(open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!place || fstat(place.get(), status) != 0 || !IsRegular(*status)) return Fd();
  const std::string same = "/proc/self/fd/" + std::to_string(place.get());
  // O_NOATIME is for the file's owner and for CAP_FOWNER alone (open(2)).
  if (Fd file(open(same.c_str(), kReadFlags | O_NOATIME)); file || errno != EPERM) return file;
  return Fd(open(same.c_str(), kReadFlags));
}

#else

Fd OpenRegular(const std::string& path, struct stat* status) {
  if (stat(path.c_str(), status) != 0 || !IsRegular(*status)) return Fd();
  Fd file(open(path.c_str(), kReadFlags));
  if (!file || fstat(file.get(), status) != 0 || !IsRegular(*status)) return Fd();
  return file;
}

#endif

}  // namespace freshet
