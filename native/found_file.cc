#include "found_file.h"

namespace freshet {
namespace {

u64 Ns(const timespec& time) {
  return static_cast<u64>(time.tv_sec) * 1'000'000'000 + static_cast<u64>(time.tv_nsec);
}

}  // namespace

bool ChangeableByOthers(const struct stat& status) {
  if (status.st_uid != 0) return true;
  if ((status.st_mode & S_IWOTH) != 0) return true;
  return (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
}

#ifdef __linux__
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtim); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctim); }
#else
u64 ModifiedNs(const struct stat& status) { return Ns(status.st_mtimespec); }
u64 ChangedNs(const struct stat& status) { return Ns(status.st_ctimespec); }
#endif

u64 PutNs(const struct stat& status) {
  const u64 changed_ns = ChangedNs(status);
  return S_ISDIR(status.st_mode) && changed_ns == ModifiedNs(status) ? 0 : changed_ns;
}

}  // namespace freshet
