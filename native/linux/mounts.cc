#include "linux/mounts.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "linux/procfs.h"

namespace freshet {
namespace {

// A machine with thousands of containers has some MiB.
constexpr size_t kMountinfoBytesMax = 16 << 20;
constexpr size_t kFdinfoBytesMax = 4096;

// Served by the kernel from memory or a disk. Of what is mounted over another file system (overlay)
// the layers count, and those are the administrator's choice.
constexpr std::string_view kKernelsOwn[] = {
    "aufs",    "bcachefs", "bpf",      "btrfs",    "cgroup",     "cgroup2",   "configfs", "cramfs",
    "debugfs", "devpts",   "devtmpfs", "efivarfs", "erofs",      "exfat",     "ext2",     "ext3",
    "ext4",    "f2fs",     "fusectl",  "hfs",      "hfsplus",    "hugetlbfs", "iso9660",  "jfs",
    "mqueue",  "msdos",    "nilfs2",   "nsfs",     "ntfs3",      "overlay",   "proc",     "pstore",
    "ramfs",   "reiserfs", "romfs",    "rootfs",   "securityfs", "squashfs",  "sysfs",    "tmpfs",
    "tracefs", "udf",      "vfat",     "xfs",      "zfs"};

bool ToNumber(std::string_view text, u64* number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

std::vector<std::string_view> Split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(by);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// proc_pid_mountinfo(5): id parent major:minor root point options [tags] - type source options
bool ParseLine(std::string_view line, Mount* mount) {
  const std::vector<std::string_view> fields = Split(line, ' ');
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 4) return false;
  const std::vector<std::string_view> device = Split(fields[2], ':');
  u64 major, minor;
  if (device.size() != 2 || !ToNumber(fields[0], &mount->id) || !ToNumber(device[0], &major) ||
      !ToNumber(device[1], &minor))
    return false;
  mount->dev = makedev(static_cast<u32>(major), static_cast<u32>(minor));
  mount->type = dash[1];
  mount->is_systems = fields[4] == "/" || fields[4] == "/usr";
  if (!mount->IsFuse()) return true;
  for (const std::string_view option : Split(dash[3], ',')) {
    u64 number;
    if (option.starts_with("user_id=") && ToNumber(option.substr(8), &number))
      mount->user_id = static_cast<u32>(number);
    if (option.starts_with("group_id=") && ToNumber(option.substr(9), &number))
      mount->group_id = static_cast<u32>(number);
  }
  return true;
}

std::map<u64, Mount> ReadMounts(const std::string& path) {
  std::string text;
  if (!ReadFileAt(AT_FDCWD, path.c_str(), kMountinfoBytesMax, &text)) return {};
  return ParseMountinfo(text);
}

std::string MountinfoOf(u32 pid) { return "/proc/" + std::to_string(pid) + "/mountinfo"; }

// A line of proc_pid_fdinfo(5); `name` with the colon and tab.
std::optional<u64> ReadFdinfo(int fd, std::string_view name) {
  std::string text;
  u64 number;
  const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
  if (!ReadFileAt(AT_FDCWD, path.c_str(), kFdinfoBytesMax, &text)) return std::nullopt;
  for (const std::string_view line : Split(text, '\n'))
    if (line.starts_with(name) && ToNumber(line.substr(name.size()), &number)) return number;
  return std::nullopt;
}

// The number of its mount, as mountinfo has it: statx(2) says it from Linux 5.8 on, of FUSE, CIFS
// and NFS likewise without asking anybody, in one call where fdinfo wants three.
std::optional<u64> ReadMountId(int fd) {
  const auto ask = [](int of, struct statx* status) {
    return statx(of, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, status) == 0 &&
           (status->stx_mask & STATX_MNT_ID) != 0;
  };
  struct statx status;
  // An older kernel is asked of nothing but /proc: what its file systems ask for is not known.
  static const bool is_told = [&] {
    const Fd proc(open("/proc", O_PATH | O_CLOEXEC));
    struct statx of_proc;
    return proc && ask(proc.get(), &of_proc);
  }();
  if (is_told && ask(fd, &status)) return status.stx_mnt_id;
  return ReadFdinfo(fd, "mnt_id:\t");
}

// The device as the kernel has it in memory. Of FUSE, CIFS and NFS that asks nobody: no field of
// the file is wanted (statx(2): AT_STATX_DONT_SYNC; the kernel's fuse_update_get_attr).
std::optional<u64> ReadDevice(int fd) {
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &status) != 0) return std::nullopt;
  return makedev(status.stx_dev_major, status.stx_dev_minor);
}

std::optional<Mount> FindId(const std::map<u64, Mount>& mounts, u64 id) {
  const auto found = mounts.find(id);
  return found == mounts.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Mount> FindDevice(const std::map<u64, Mount>& mounts, u64 dev) {
  for (const auto& [id, mount] : mounts)
    if (mount.dev == dev) return mount;
  return std::nullopt;
}

std::optional<Mount> Elsewhere(std::optional<Mount> mount) {
  if (!mount) return mount;
  mount->is_elsewhere = true;
  mount->is_systems = false;  // whoever made the namespace says what is mounted there
  return mount;
}

}  // namespace

bool Mount::MayHang() const {
  if (is_systems) return false;
  return std::find(std::begin(kKernelsOwn), std::end(kKernelsOwn), type) == std::end(kKernelsOwn);
}

std::optional<u64> InodeOfDescriptor(int fd) { return ReadFdinfo(fd, "ino:\t"); }

std::map<u64, Mount> ParseMountinfo(std::string_view text) {
  std::map<u64, Mount> mounts;
  for (const std::string_view line : Split(text, '\n'))
    if (Mount mount; ParseLine(line, &mount)) mounts[mount.id] = std::move(mount);
  return mounts;
}

std::optional<Mount> Mounts::OfDescriptor(int fd, u32 pid) {
  const std::optional<u64> id = ReadMountId(fd);
  if (!id) return std::nullopt;
  {
    const std::lock_guard lock(mutex_);
    Renew();
    if (auto found = FindId(by_id_, *id)) return found;
  }
  if (pid != 0)
    if (auto found = FindId(ReadMounts(MountinfoOf(pid)), *id)) return Elsewhere(found);
  // Of a namespace that is gone, or above the root directory that the process changed to: known by
  // its file system, where that is mounted here too.
  const std::optional<u64> dev = ReadDevice(fd);
  return dev ? OfDevice(*dev, 0) : std::nullopt;
}

std::optional<Mount> Mounts::OfDevice(u64 dev, u32 pid) {
  {
    const std::lock_guard lock(mutex_);
    Renew();
    if (auto found = FindDevice(by_id_, dev)) return found;
  }
  return Elsewhere(pid == 0 ? std::nullopt : FindDevice(ReadMounts(MountinfoOf(pid)), dev));
}

void Mounts::Renew() {
  constexpr char kOwn[] = "/proc/self/mountinfo";
  pollfd changed{.fd = own_.get(), .events = POLLPRI, .revents = 0};
  const bool is_known = own_ && !by_id_.empty();
  if (is_known && poll(&changed, 1, 0) == 0) return;
  // Asked for before it is read: what changes meanwhile is told by the next poll.
  if (!own_) own_ = Fd(open(kOwn, O_RDONLY | O_CLOEXEC));
  by_id_ = ReadMounts(kOwn);
}

}  // namespace freshet
