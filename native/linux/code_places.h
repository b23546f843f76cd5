// Whether the files that processes map to run come from places that others than root can change.
//
// Threads: one.
#ifndef FRESHET_LINUX_CODE_PLACES_H_
#define FRESHET_LINUX_CODE_PLACES_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "record.h"

namespace freshet {

struct CodePlace {
  bool is_roots_alone = false;  // also false where it cannot be told
  u32 owner_uid = 0xffffffff;   // of the file; 4294967295 when not known
  std::string path;             // without the " (deleted)" that the kernel appends
};

class CodePlaces {
 public:
  // Places that are remembered. A desktop has some 3,000 libraries; each is some 200 bytes here.
  static constexpr size_t kRememberedMax = 4096;
  // For so long one is believed without a look: a loop of short programs maps the same five
  // libraries each time, and an administrator's chmod is heeded in the time a person takes.
  static constexpr u64 kBelievedNs = 5'000'000'000;

  // Of a file that `pid` has mapped, by the path that the kernel gave. What cannot be looked at any
  // more is as it was when it last could.
  CodePlace Of(u32 pid, std::string_view path, u64 dev, u64 ino, u64 now_ns);
  // How often a place was looked at: that is what costs.
  u64 looks() const { return looks_; }

 private:
  struct Known {
    u64 dev = 0;
    u64 ino = 0;
    u64 until_ns = 0;
    bool is_by_ours = false;  // by our own root, that of the process having gone
    CodePlace place;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view path) const { return std::hash<std::string_view>()(path); }
  };
  // By path as the kernel gave it.
  std::unordered_map<std::string, Known, Hash, std::equal_to<>> known_;
  u64 looks_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_CODE_PLACES_H_
