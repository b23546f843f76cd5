#include "linux/code_places.h"

#include "linux/process_root.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

// Whether it could be looked at; what it is by then.
bool Judge(const ProcessRoot& root, std::string_view path, u64 dev, u64 ino, CodePlace* place) {
  place->path = path;
  FileSeen file;
  FileSeen above;
  if (root.Look(path, &file) && file.ino == ino && file.dev == dev) {
    place->owner_uid = file.uid;
    place->is_roots_alone = !file.ChangeableByOthers() && root.IsBelowRootsAlone(path, &above);
    return true;
  }
  place->path = WithoutDeleted(path);
  if (place->path.size() == path.size()) return false;
  // One without a name, as after an update. It lay in this directory, where only root could have
  // put it, if the directory is on its file system. A memfd's has none.
  place->is_roots_alone =
      root.is_its_own() && root.IsBelowRootsAlone(place->path, &above) && above.dev == dev;
  return root.is_its_own();
}

}  // namespace

CodePlace CodePlaces::Of(u32 pid, std::string_view path, u64 dev, u64 ino, u64 now_ns) {
  const auto found = known_.find(path);
  const bool is_it = found != known_.end() && found->second.dev == dev && found->second.ino == ino;
  // That others can change a place is looked at anew: in a mount namespace of its own a user can
  // make it look so, and nobody else's programs are to be told by that.
  const bool is_fresh = is_it && now_ns < found->second.until_ns;
  if (is_fresh && found->second.place.is_roots_alone) return found->second.place;
  const ProcessRoot root(pid);
  // But by our own root it is as we see it, and so was the process's that has gone.
  if (is_fresh && found->second.is_by_ours && !root.is_its_own()) return found->second.place;
  CodePlace place;
  looks_++;
  if (!Judge(root, path, dev, ino, &place)) return is_it ? found->second.place : place;
  if (known_.size() >= kRememberedMax && found == known_.end()) known_.clear();
  known_[std::string(path)] = {dev, ino, now_ns + kBelievedNs, !root.is_its_own(), place};
  return place;
}

}  // namespace freshet
