#include "package_index.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "fd.h"
#include "found_file.h"

namespace freshet {
namespace {

constexpr std::string_view kListEnd = ".list";

// FNV-1a with a last mixing (splitmix64's): paths differ at their ends.
u64 HashOf(std::string_view path) {
  u64 hash = 0xcbf29ce484222325;
  for (const char byte : path) hash = (hash ^ static_cast<u8>(byte)) * 0x100000001b3;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

// What is never run is most of what packages have.
bool MayBeRun(std::string_view path) {
  constexpr std::string_view kNever[] = {"/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/",
                                         "/usr/share/icons/", "/usr/include/"};
  return std::none_of(std::begin(kNever), std::end(kNever),
                      [&](std::string_view place) { return path.starts_with(place); });
}

bool ReadWhole(const Fd& file, u64 bytes, std::string* text) {
  text->resize(bytes);
  size_t at = 0;
  while (at < bytes) {
    const ssize_t got = read(file.get(), text->data() + at, bytes - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

u64 PackageIndex::ChangedNow() const {
  struct stat status;
  if (stat(directory_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
  const bool is_owners = status.st_uid == owner_uid_ && (status.st_mode & S_IWOTH) == 0;
  return is_owners || !ChangeableByOthers(status) ? ModifiedNs(status) : 0;
}

bool PackageIndex::IsFresh(u64 changed_ns, u64 now_ns) const {
  return was_read_ && (changed_ns == changed_ns_ || now_ns - read_at_ns_ < limits_.reread_after_ns);
}

bool PackageIndex::IsReady(u64 now_ns) {
  const u64 changed_ns = ChangedNow();
  const std::lock_guard lock(mutex_);
  return changed_ns == 0 || IsFresh(changed_ns, now_ns);
}

PackageIndex::Found PackageIndex::Find(std::string_view path, u64 now_ns) {
  const u64 changed_ns = ChangedNow();
  if (changed_ns == 0) return {};
  const std::lock_guard lock(mutex_);
  if (!IsFresh(changed_ns, now_ns)) {
    // As it was before: what changes while it is read is read again.
    changed_ns_ = changed_ns;
    read_at_ns_ = now_ns;
    Read();
  }
  if (const Package* package = PackageOf(path))
    return {Answer::kPackage, package->name, package->installed_ns};
  if (!is_whole_ || changed_ns != changed_ns_ || !MayBeRun(path)) return {};
  return {Answer::kNone, "", 0};
}

const PackageIndex::Package* PackageIndex::PackageOf(std::string_view path) const {
  const auto of = [this](std::string_view one) -> const Package* {
    const u64 hash = HashOf(one);
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), hash,
                         [](const Entry& entry, u64 wanted) { return entry.path < wanted; });
    return found != entries_.end() && found->path == hash ? &packages_[found->package] : nullptr;
  };
  if (const Package* package = of(path)) return package;
  // Merged /usr: lists of older packages have /bin/x for what lies at /usr/bin/x.
  constexpr std::string_view kUsr = "/usr";
  return path.starts_with("/usr/bin/") || path.starts_with("/usr/sbin/") ||
                 path.starts_with("/usr/lib")
             ? of(path.substr(kUsr.size()))
             : nullptr;
}

void PackageIndex::Read() {
  was_read_ = true;
  is_whole_ = false;
  packages_.clear();
  entries_.clear();
  const Fd folder(open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return;
  // It closes its descriptor itself.
  const std::unique_ptr<DIR, int (*)(DIR*)> names(
      fdopendir(fcntl(folder.get(), F_DUPFD_CLOEXEC, 0)), closedir);
  if (!names) return;
  bool is_whole = true;
  while (const dirent* entry = readdir(names.get())) {
    const std::string_view name = entry->d_name;
    if (name.size() <= kListEnd.size() || !name.ends_with(kListEnd)) continue;
    is_whole = ReadList(folder.get(), entry->d_name) && is_whole;
  }
  std::sort(entries_.begin(), entries_.end(),
            [](const Entry& a, const Entry& b) { return a.path < b.path; });
  entries_.shrink_to_fit();
  // No list at all is no database: nothing follows from what it does not have.
  is_whole_ = is_whole && !packages_.empty();
}

// False where not all of it is known.
bool PackageIndex::ReadList(int directory, const char* name) {
  const Fd file(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status;
  if (!file || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return false;
  const u64 bytes = static_cast<u64>(status.st_size);
  std::string text;
  if (packages_.size() >= limits_.packages_max || bytes > limits_.list_bytes_max ||
      !ReadWhole(file, bytes, &text))
    return false;
  std::string_view package = name;
  package.remove_suffix(kListEnd.size());
  // Of several architectures: libc6:amd64.
  package = package.substr(0, package.find(':'));
  const u32 number = static_cast<u32>(packages_.size());
  packages_.push_back({std::string(package), ModifiedNs(status)});
  for (std::string_view rest = text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view path = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (path.size() < 2 || path[0] != '/' || !MayBeRun(path)) continue;
    if (entries_.size() >= limits_.paths_max) return false;
    entries_.push_back({HashOf(path), number});
  }
  return true;
}

}  // namespace freshet
