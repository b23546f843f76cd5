#include "linux/program_catcher.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "linux/procfs.h"

namespace freshet {
namespace {

bool IsFile(const Fd& file, u64 dev, u64 ino) {
  struct statx status;
  // What the kernel knows: a network file system's server is not asked.
  if (!file || statx(file.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO | STATX_TYPE,
                     &status) != 0)
    return false;
  if (status.stx_ino != ino || !S_ISREG(status.stx_mode)) return false;
  return makedev(status.stx_dev_major, status.stx_dev_minor) == dev ||
         HasOwnDeviceNumbers(file.get());
}

}  // namespace

bool HasOwnDeviceNumbers(int fd) {
  constexpr long kOverlayMagic = 0x794c7630;
  constexpr long kBtrfsMagic = 0x9123683e;
  struct statfs system;
  if (fstatfs(fd, &system) != 0) return false;
  return system.f_type == kOverlayMagic || system.f_type == kBtrfsMagic;
}

Fd OpenProgramFile(u32 pid, const std::string& path, u64 dev, u64 ino) {
  Fd running(open(("/proc/" + std::to_string(pid) + "/exe").c_str(), O_PATH | O_CLOEXEC));
  if (IsFile(running, dev, ino)) return running;
  Fd named(open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW));
  if (IsFile(named, dev, ino)) return named;
  return Fd();
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
  Fd file =
      OpenProgramFile(event.pid, std::string(WithoutDeleted(event.path)), event.dev, event.ino);
  if (file) files_->Keep(event.pid, event.dev, event.ino, std::move(file), now_ns);
}

}  // namespace freshet
