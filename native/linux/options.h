// How large the Linux source is and what it stands on. The defaults are what runs; tests choose
// smaller ones to reach the ends of them.
#ifndef FRESHET_LINUX_OPTIONS_H_
#define FRESHET_LINUX_OPTIONS_H_

#include <functional>
#include <span>

#include "linux/clock.h"
#include "linux/tracefs.h"

namespace freshet {

struct LinuxOptions {
  size_t perf_ring_bytes = 0;           // a CPU, a power of two of at least a page; 0: by the CPUs
  int destroy_buffer_bytes = 16 << 20;  // some 20,000 messages
  size_t processes_max = 32768;
  size_t flows_max = 65536;
  std::span<const char* const> tracefs_mounts = Tracefs::kMountPoints;
  bool may_mount_tracefs = true;
  const char* btf_path = "/sys/kernel/btf/vmlinux";  // the kernel's types, for our programs in it
  std::function<u64()> unix_ns = RealtimeNs;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_OPTIONS_H_
