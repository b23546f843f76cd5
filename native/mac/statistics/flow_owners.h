// Whose a flow is, as everywhere: the kernel's number of a process (p_uniqueid, as the framework
// tells it: UPID) translated into the pidversion of its audit token, which every other source has.
#ifndef FRESHET_MAC_STATISTICS_FLOW_OWNERS_H_
#define FRESHET_MAC_STATISTICS_FLOW_OWNERS_H_

#include <functional>
#include <optional>
#include <unordered_map>

#include "record.h"

namespace freshet {

// Who stands behind an image, by the kernel's code-signing flags. Nobody, too, of one that has
// gone. It decides nothing but which of two processes has bytes that either of them may have sent.
enum class CodeStanding : u8 { kNobody, kDeveloper, kSystem };

// Of the flags that csops gives (xnu osfmk/kern/cs_blobs.h).
constexpr CodeStanding StandingOf(u32 codesign_flags) {
  constexpr u32 kValid = 0x1, kAdhoc = 0x2, kPlatformBinary = 0x4000000;
  if ((codesign_flags & kValid) == 0) return CodeStanding::kNobody;
  if ((codesign_flags & kPlatformBinary) != 0) return CodeStanding::kSystem;
  return (codesign_flags & kAdhoc) != 0 ? CodeStanding::kNobody : CodeStanding::kDeveloper;
}

// What PROC_PIDUNIQIDENTIFIERINFO says of a process (xnu bsd/sys/proc_info_private.h).
struct ProcessNumbers {
  u64 unique_id = 0;   // of its life: an exec keeps it, and no other process of this boot has it
  u32 pidversion = 0;  // of its image: an exec gives another
  CodeStanding standing = CodeStanding::kNobody;
};

// A process as the framework names it.
struct FlowProcess {
  u32 pid = 0;              // 0: not said
  std::optional<u64> upid;  // nothing: the framework does not say
  bool operator==(const FlowProcess&) const = default;
};

// Threads: one. The kernel is asked for a process once between two ticks, and never more than
// kKnownMax are remembered.
class FlowOwners {
 public:
  // Nothing: no such process, or it may not be looked at.
  using Look = std::function<std::optional<ProcessNumbers>(u32 pid)>;

  struct Name {
    u32 pidversion = 0;       // 0: it has gone
    bool is_guessed = false;  // nothing proves that it is this image
    CodeStanding standing = CodeStanding::kNobody;
    bool operator==(const Name&) const = default;
  };

  explicit FlowOwners(Look look) : look_(std::move(look)) {}

  // The image that `process` runs. Of one that has gone meanwhile, the last that was seen.
  Name NameOf(const FlowProcess& process);

  // From here on what is known may be old: the process may have executed another program.
  void Tick() { now_++; }
  // The same of one process; false when nobody asked for it.
  bool Outdate(u32 pid);
  size_t known() const { return known_.size(); }

  static constexpr size_t kKnownMax = 4096;

 private:
  struct Known {
    ProcessNumbers numbers;
    u64 looked = 0;  // the tick
    bool is_alive = false;
  };
  const Known& Find(u32 pid);

  const Look look_;
  std::unordered_map<u32, Known> known_;
  u64 now_ = 1;
};

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_FLOW_OWNERS_H_
