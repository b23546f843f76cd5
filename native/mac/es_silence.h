// Whether a client that tells nothing is dead: programs begin and it does not say so. Apple names
// no call that tells, and silence alone proves nothing on a Mac at rest.
//
// While nothing is heard, the processes alive are looked at now and then. One that was not there at
// the look before began unheard. Its message may be under way still, so it counts only when nothing
// was heard a moment later either. A program that begins and ends between two looks is not noticed.
//
// Threads: one.
#ifndef FRESHET_MAC_ES_SILENCE_H_
#define FRESHET_MAC_ES_SILENCE_H_

#include <algorithm>
#include <vector>

#include "record.h"

namespace freshet {

class EsSilence {
 public:
  // A name of an image.
  static u64 ImageOf(u32 pid, u32 pidversion) { return u64{pid} << 32 | pidversion; }

  // `look_ns`: between two looks; `sure_ns`: how long a message may be under way.
  EsSilence(u64 look_ns, u64 sure_ns) : look_ns_(look_ns), sure_ns_(sure_ns) {}

  // A message came, or the client is new.
  void Heard(u64 now_ns) {
    began_ns_ = now_ns;
    known_.clear();
    has_looked_ = false;
    unheard_ = 0;
  }

  bool IsDue(u64 now_ns) const {
    return now_ns >= began_ns_ + (unheard_ > 0 ? sure_ns_ : look_ns_);
  }

  // With the images alive: how many began unheard, once it is certain that they did; 0 otherwise.
  // REQUIRES: IsDue.
  u64 Look(u64 now_ns, std::vector<u64> alive) {
    began_ns_ = now_ns;
    if (unheard_ > 0) return unheard_;
    std::sort(alive.begin(), alive.end());
    if (has_looked_)
      for (const u64 image : alive)
        if (!std::binary_search(known_.begin(), known_.end(), image)) unheard_++;
    known_ = std::move(alive);
    has_looked_ = true;
    return 0;
  }

 private:
  const u64 look_ns_;
  const u64 sure_ns_;
  u64 began_ns_ = 0;  // of this silence, or its last look
  std::vector<u64> known_;
  bool has_looked_ = false;
  u64 unheard_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_SILENCE_H_
