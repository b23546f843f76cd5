#include "linux/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace freshet {
namespace {

constexpr int kLinksMax = 40;  // as the kernel's own (path_resolution(7))
constexpr size_t kComponentsMax = PATH_MAX;
// Each is an open descriptor while the walk lasts; programs are installed some ten deep.
constexpr size_t kDepthMax = 256;
constexpr int kPlaceFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;

class Walk {
 public:
  Walk(Mounts* mounts, u32 root_pid) : mounts_(mounts), root_pid_(root_pid) {}

  Walked To(const std::string& path) {
    const std::string root = root_pid_ == 0 ? "/" : "/proc/" + std::to_string(root_pid_) + "/root";
    // The process's own root is a link of /proc that leads there without a lookup by name.
    Prepend(path);
    if (!Enter(Fd(open(root.c_str(), O_PATH | O_CLOEXEC)))) return std::move(walked_);
    while (!rest_.empty() && Step()) continue;
    if (walked_.error == 0 && !walked_.hanging) {
      walked_.place = std::move(places_.back().place);
      walked_.status = places_.back().status;
    }
    return std::move(walked_);
  }

 private:
  struct Place {
    Fd place;
    struct stat status;
  };

  bool Fail(int error) {
    walked_.error = static_cast<u32>(error);
    return false;
  }

  void Prepend(const std::string& path) {
    std::deque<std::string> parts;
    for (size_t from = 0; from <= path.size();) {
      const size_t to = std::min(path.find('/', from), path.size());
      if (to > from) parts.push_back(path.substr(from, to - from));
      from = to + 1;
    }
    rest_.insert(rest_.begin(), parts.begin(), parts.end());
  }

  // Takes the place as the one reached, if it can be looked at. False ends the walk.
  bool Enter(Fd place) {
    if (!place) return Fail(errno);
    std::optional<Mount> mount = mounts_->OfDescriptor(place.get(), root_pid_);
    if (!mount || mount->MayHang()) {
      walked_.hanging = mount ? std::move(*mount) : Mount{};
      walked_.place = std::move(place);
      for (const std::string& part : rest_)
        walked_.rest += (walked_.rest.empty() ? "" : "/") + part;
      return false;
    }
    Place entered{std::move(place), {}};
    if (fstat(entered.place.get(), &entered.status) != 0) return Fail(errno);
    const bool is_link = S_ISLNK(entered.status.st_mode);
    if (walked_.changeable && (is_link || S_ISDIR(entered.status.st_mode)))
      walked_.put_ns = std::max(walked_.put_ns, PutNs(entered.status));
    if (is_link) return Follow(entered.place);
    if (S_ISDIR(entered.status.st_mode) && ChangeableByOthers(entered.status))
      walked_.changeable = true;
    places_.push_back(std::move(entered));
    return places_.size() <= kDepthMax || Fail(ENAMETOOLONG);
  }

  bool Follow(const Fd& link) {
    char target[PATH_MAX];
    const ssize_t length = readlinkat(link.get(), "", target, sizeof(target));
    if (length <= 0) return Fail(length < 0 ? errno : ENOENT);
    if (++links_ > kLinksMax) return Fail(ELOOP);
    if (target[0] == '/') places_.erase(places_.begin() + 1, places_.end());
    Prepend(std::string(target, static_cast<size_t>(length)));
    return rest_.size() <= kComponentsMax || Fail(ENAMETOOLONG);
  }

  bool Step() {
    const std::string part = std::move(rest_.front());
    rest_.pop_front();
    if (!S_ISDIR(places_.back().status.st_mode)) return Fail(ENOTDIR);
    if (part == ".") return true;
    if (part == "..") {
      if (places_.size() > 1) places_.pop_back();
      return true;
    }
    return Enter(Fd(openat(places_.back().place.get(), part.c_str(), kPlaceFlags)));
  }

  Mounts* const mounts_;
  const u32 root_pid_;
  Walked walked_;
  std::vector<Place> places_;  // from the root to where the walk is
  std::deque<std::string> rest_;
  int links_ = 0;
};

}  // namespace

Walked WalkPath(Mounts* mounts, u32 root_pid, const std::string& path) {
  return Walk(mounts, root_pid).To(path);
}

}  // namespace freshet
