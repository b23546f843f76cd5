#include "linux/program_catcher.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <optional>
#include <utility>

#include "linux/find_file.h"
#include "linux/path_walk.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

// What the kernel knows: a server, or a user's own file system, is not asked.
bool IsRunning(Mounts* mounts, const Fd& file, u32 pid, u64 dev, u64 ino) {
  if (!file) return false;
  const auto mount = mounts->OfDescriptor(file.get(), pid);
  if (!mount || mount->MayHang())
    return mount && mount->dev == dev && InodeOfDescriptor(file.get()) == ino;
  struct stat status;
  return fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
         IsFileOf(status, *mount, Way::kByProcess, dev, ino);
}

}  // namespace

Fd OpenProgramFile(Mounts* mounts, u32 pid, const std::string& path, u64 dev, u64 ino) {
  Fd running(open(("/proc/" + std::to_string(pid) + "/exe").c_str(), O_PATH | O_CLOEXEC));
  if (IsRunning(mounts, running, pid, dev, ino)) return running;
  Walked named = WalkPath(mounts, 0, path);
  if (!named.place || named.hanging || !S_ISREG(named.status.st_mode)) return Fd();
  const auto mount = mounts->OfDescriptor(named.place.get(), 0);
  if (!mount || !IsFileOf(named.status, *mount, Way::kByName, dev, ino)) return Fd();
  return std::move(named.place);
}

void ProgramCatcher::See(const PerfEvent& event, u64 now_ns) {
  if (event.kind == PerfEvent::Kind::kImage) {
    if (coming_.size() >= kComingMax) coming_.clear();  // their mappings were lost
    coming_.insert(event.pid);
    return;
  }
  if (event.kind != PerfEvent::Kind::kMap || coming_.empty()) return;
  // [stack], [vdso] and anonymous mappings have no file.
  if (!event.path.starts_with('/') || event.ino == 0 || coming_.erase(event.pid) == 0) return;
  if (files_->Renew(event.pid, event.dev, event.ino, now_ns)) return;
  Fd file = OpenProgramFile(&mounts_, event.pid, std::string(WithoutDeleted(event.path)), event.dev,
                            event.ino);
  if (file) files_->Keep(event.pid, event.dev, event.ino, std::move(file), now_ns);
}

}  // namespace freshet
