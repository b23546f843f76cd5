#include "linux/find_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

#include "linux/apart_reader.h"
#include "linux/clock.h"
#include "linux/path_walk.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

constexpr size_t kStatusBytesMax = 8192;

std::string ExeOf(u32 pid) { return "/proc/" + std::to_string(pid) + "/exe"; }

// The effective id that proc_pid_status(5) gives in this line: real, effective, saved, file system.
u32 EffectiveOf(std::string_view status, std::string_view name) {
  const size_t at = status.find(name);
  u32 id = kAsFilesOwner;
  if (at == std::string_view::npos) return id;
  status.remove_prefix(at + name.size());
  const size_t effective = status.find('\t');
  if (effective == std::string_view::npos) return id;
  status.remove_prefix(effective + 1);
  std::from_chars(status.data(), status.data() + status.size(), id);
  return id;
}

struct User {
  u32 uid = kAsFilesOwner;
  u32 gid = kAsFilesOwner;
};

User UserOf(u32 pid) {
  std::string status;
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  if (pid == 0 || !ReadFileAt(AT_FDCWD, path.c_str(), kStatusBytesMax, &status)) return {};
  return {EffectiveOf(status, "\nUid:\t"), EffectiveOf(status, "\nGid:\t")};
}

// Who may read there.
User ReaderOf(const Mount& mount, u32 pid) {
  if (!mount.IsUsers()) return {};
  if (mount.is_elsewhere) return UserOf(pid);
  return {mount.user_id, mount.group_id};
}

// Whom a file system that hangs keeps waiting: whoever mounted it, and else all that use it.
std::string LaneOf(const Mount& mount, const User& reader) {
  if (reader.uid != kAsFilesOwner) return "uid:" + std::to_string(reader.uid);
  return mount.dev == 0 || mount.is_elsewhere ? "elsewhere" : "dev:" + std::to_string(mount.dev);
}

Fd OpenToRead(const Fd& place) {
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const std::string same = "/proc/self/fd/" + std::to_string(place.get());
  // O_NOATIME is for the file's owner and for CAP_FOWNER alone (open(2)).
  Fd file(open(same.c_str(), kFlags | O_NOATIME));
  if (!file && errno == EPERM) file = Fd(open(same.c_str(), kFlags));
  // A lease on it; as EAGAIN the answer would say that the question had no room.
  if (!file && errno == EWOULDBLOCK) errno = EBUSY;
  return file;
}

class LinuxFileFinder : public FileFinder {
 public:
  explicit LinuxFileFinder(std::shared_ptr<ProgramFiles> files) : files_(std::move(files)) {}

  FoundFile Find(const InspectRequest& request, bool) override {
    if (request.subject == k_subject_program && request.ino != 0)
      if (auto executed = FindExecuted(request)) return std::move(*executed);
    FoundFile found;
    if (request.pid != 0 && FindNamed(request, request.pid, Way::kByProcess, &found)) return found;
    const bool was_replaced = found.replaced;
    found = FoundFile();
    if (FindNamed(request, 0, Way::kByName, &found)) return found;
    found.replaced |= was_replaced;
    return found;
  }

  bool IsRootsAlone(const std::string& path, const struct stat& status) override {
    if (path.empty() || path[0] != '/' || ChangeableByOthers(status)) return false;
    const Walked named = WalkPath(&mounts_, 0, path);
    return named.place && !named.hanging && !named.changeable &&
           named.status.st_dev == status.st_dev && named.status.st_ino == status.st_ino;
  }

  bool Look(const std::string& path, struct stat* status) override {
    const Walked named = WalkPath(&mounts_, 0, path);
    if (!named.place || named.hanging) return false;
    *status = named.status;
    return true;
  }

 private:
  // The file that was executed, by what the source kept of it or by the process that runs it.
  std::optional<FoundFile> FindExecuted(const InspectRequest& request) {
    if (Fd kept = files_->Find(request.pid, request.dev, request.ino, MonotonicNs()))
      if (auto found = Take(std::move(kept), Way::kByProcess, request)) return found;
    if (request.pid == 0) return std::nullopt;
    const std::string exe = ExeOf(request.pid);
    char target[PATH_MAX];
    if (readlink(exe.c_str(), target, sizeof(target)) <= 0) return std::nullopt;
    // On a network mount to open even this may ask the server whether it is still there.
    const auto mount = mounts_.OfDevice(request.dev, request.pid);
    if (mount && mount->MayHang()) return Apart(Fd(), exe, *mount, request);
    return Take(Fd(open(exe.c_str(), O_PATH | O_CLOEXEC)), Way::kByProcess, request);
  }

  // Whether the path leads to it; else `found` says what is in its place.
  bool FindNamed(const InspectRequest& request, u32 root_pid, Way way, FoundFile* found) {
    Walked walked = WalkPath(&mounts_, root_pid, request.path);
    if (walked.error != 0) {
      found->error = walked.error;
      return false;
    }
    if (walked.hanging) {
      // A path through a mount that is not the file's leads elsewhere.
      found->replaced = request.ino != 0 && walked.hanging->dev != request.dev;
      if (found->replaced) return false;
      *found = Apart(std::move(walked.place), walked.rest, *walked.hanging, request);
      return true;
    }
    auto taken = Take(std::move(walked.place), way, request);
    found->replaced = !taken;
    if (taken) *found = std::move(*taken);
    found->put_ns = walked.put_ns;
    return taken.has_value();
  }

  // None when it is not the file asked for.
  std::optional<FoundFile> Take(Fd place, Way way, const InspectRequest& request) {
    if (!place) return std::nullopt;
    auto mount = mounts_.OfDescriptor(place.get(), request.pid);
    if (!mount || mount->MayHang()) {
      if (mount && request.ino != 0 && mount->dev != request.dev) return std::nullopt;
      return Apart(std::move(place), "", mount.value_or(Mount{}), request);
    }
    FoundFile found;
    if (fstat(place.get(), &found.status) != 0) return std::nullopt;
    if (request.ino != 0 && !IsFileOf(found.status, *mount, way, request.dev, request.ino))
      return std::nullopt;
    if (S_ISREG(found.status.st_mode)) {
      found.file = OpenToRead(place);
      if (!found.file) found.error = static_cast<u32>(errno);
    } else {
      found.error = S_ISDIR(found.status.st_mode) ? EISDIR : EINVAL;
    }
    return found;
  }

  FoundFile Apart(Fd place, const std::string& path, const Mount& mount,
                  const InspectRequest& request) {
    FoundFile found;
    const User reader = ReaderOf(mount, request.pid);
    found.users_mount = mount.IsUsers();
    found.may_hang = LaneOf(mount, reader);
    // Copied with the function that holds it.
    const auto held = std::make_shared<Fd>(std::move(place));
    found.read_apart = [this, held, path, reader, whose = found.may_hang](u64 within_ns,
                                                                          const ApartEars& ears) {
      const ApartFile file{held->get(), path, reader.uid, reader.gid};
      return apart_.Read(file, whose, within_ns, ears);
    };
    return found;
  }

  const std::shared_ptr<ProgramFiles> files_;
  Mounts mounts_;
  ApartReader apart_;
};

}  // namespace

bool IsFileOf(const struct stat& status, const Mount& mount, Way way, u64 dev, u64 ino) {
  if (status.st_ino != ino) return false;
  if (status.st_dev == dev) return true;
  return way == Way::kByProcess && (mount.dev == dev || mount.type == "overlay");
}

std::unique_ptr<FileFinder> MakeFileFinder(std::shared_ptr<ProgramFiles> files) {
  return std::make_unique<LinuxFileFinder>(std::move(files));
}

}  // namespace freshet
