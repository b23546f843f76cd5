#include "program_files.h"

#include <fcntl.h>

#include <algorithm>

namespace freshet {

bool ProgramFiles::Renew(u32 pid, u64 dev, u64 ino, u64 now_ns) {
  const std::lock_guard lock(mutex_);
  for (Kept& one : kept_) {
    if (one.dev != dev || one.ino != ino) continue;
    one.until_ns = now_ns + kKeptNs;
    if (std::find(one.pids.begin(), one.pids.end(), pid) != one.pids.end()) return true;
    one.pids.push_back(pid);
    if (one.pids.size() > kPidsMax) one.pids.pop_front();
    return true;
  }
  return false;
}

void ProgramFiles::Keep(u32 pid, u64 dev, u64 ino, Fd file, u64 now_ns) {
  const std::lock_guard lock(mutex_);
  Kept kept{dev, ino, now_ns + kKeptNs, std::move(file), {pid}};
  if (kept_.size() < kFilesMax) {
    kept_.push_back(std::move(kept));
    return;
  }
  *std::min_element(kept_.begin(), kept_.end(), [](const Kept& a, const Kept& b) {
    return a.until_ns < b.until_ns;
  }) = std::move(kept);
}

Fd ProgramFiles::Find(u32 pid, u64 dev, u64 ino, u64 now_ns) {
  const std::lock_guard lock(mutex_);
  for (Kept& one : kept_) {
    if (one.dev != dev || one.ino != ino ||
        std::find(one.pids.begin(), one.pids.end(), pid) == one.pids.end())
      continue;
    one.until_ns = std::min(one.until_ns, now_ns + kKeptAfterUseNs);
    return Fd(fcntl(one.file.get(), F_DUPFD_CLOEXEC, 0));
  }
  return Fd();
}

bool ProgramFiles::Expire(u64 now_ns) {
  const std::lock_guard lock(mutex_);
  std::erase_if(kept_, [now_ns](const Kept& one) { return one.until_ns <= now_ns; });
  return !kept_.empty();
}

void ProgramFiles::Clear() {
  const std::lock_guard lock(mutex_);
  kept_.clear();
}

}  // namespace freshet
