// What the kernel says of a program at the moment of its exec, before it ran: the file that was
// executed and the first of its arguments. Told by our own BPF program (kernel_programs.h); where
// that cannot be loaded there is none, and nothing here is ever guessed.
//
// Threads: one.
#ifndef FRESHET_LINUX_KERNEL_EXEC_H_
#define FRESHET_LINUX_KERNEL_EXEC_H_

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "record.h"

namespace freshet {

struct KernelExec {
  static constexpr size_t kArgvBytesMax = 1024;

  u32 pid = 0;    // thread group
  u64 at_ns = 0;  // CLOCK_MONOTONIC, as of perf events; within microseconds of its kExec event
  // The file that the kernel executed (of a script: its interpreter), as makedev(3) has devices:
  // the file system's own, which on overlayfs and btrfs is not the one that stat(2) shows.
  u64 dev = 0;
  u64 ino = 0;
  // Its working directory then, with devices as above.
  u64 folder_dev = 0;
  u64 folder_ino = 0;
  u32 uid = 0xffffffff;  // effective user
  u32 count = 0;         // of all arguments, the name it was called by first
  u32 argv_bytes = 0;    // of all of them, each with its NUL
  u32 kept_bytes = 0;    // of `text`: at most kArgvBytesMax; 0 when they could not be read
  std::array<char, kArgvBytesMax> text{};

  // The arguments as far as they are kept, each ended by one NUL but the last where it is cut.
  std::string_view argv() const { return {text.data(), kept_bytes}; }
  bool has_argv() const { return kept_bytes > 0 || argv_bytes == 0; }
  bool is_cut() const { return kept_bytes < argv_bytes; }
};

// Keeps the last of them until the events of their moment have been put in order.
class KernelExecs {
 public:
  void Keep(const KernelExec& one) {
    if (kept_.size() < kKeptMax) {
      kept_.push_back(one);
    } else {
      kept_[next_] = one;
    }
    next_ = (next_ + 1) % kKeptMax;
  }

  // That of the exec of `pid` that perf tells of at `at_ns` (CLOCK_MONOTONIC): both come from one
  // tracepoint. nullptr when it was not told, or too many came since. `is_nearest(at_ns)`: whether
  // perf tells of no exec of that process nearer to that time. It is another's place with the next
  // Keep.
  template <typename IsNearest>
  const KernelExec* Find(u32 pid, u64 at_ns, IsNearest is_nearest) const {
    const KernelExec* nearest = nullptr;
    u64 nearest_ns = kApartNsMax;
    for (const KernelExec& one : kept_) {
      const u64 apart_ns = std::max(one.at_ns, at_ns) - std::min(one.at_ns, at_ns);
      if (one.pid != pid || apart_ns >= nearest_ns) continue;
      nearest = &one;
      nearest_ns = apart_ns;
    }
    return nearest != nullptr && is_nearest(nearest->at_ns) ? nearest : nullptr;
  }

 private:
  static constexpr size_t kKeptMax = 256;  // some 280 KB
  // An interrupt may come between the two, and on a virtual machine its host may take the
  // processor: with a load of 14 on two of them 3 of 500 were further apart than 0.1 ms. Two execs
  // of one process may be nearer than that (of 3,000 of a small static program by itself 308,000
  // ns), so each goes to the nearest.
  static constexpr u64 kApartNsMax = 50'000'000;

  std::vector<KernelExec> kept_;
  size_t next_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_EXEC_H_
