// bpf(2), as far as it is used here: maps, programs that are attached to a tracepoint by its BTF
// type, and the ring buffer that they write to. No library: linux/bpf.h is the interface.
#ifndef FRESHET_LINUX_BPF_CALLS_H_
#define FRESHET_LINUX_BPF_CALLS_H_

#include <linux/bpf.h>

#include <cstddef>
#include <span>
#include <string>

#include "fd.h"
#include "record.h"

namespace freshet {

// A map; no descriptor, with errno, when the kernel refuses.
Fd CreateBpfMap(bpf_map_type type, u32 key_bytes, u32 value_bytes, u32 entries_max, u32 flags = 0);

// Whether there was an element; its value is copied. `key` and `value` are of the map's sizes.
bool LookUpBpfMap(int map, const void* key, void* value);
bool DeleteFromBpfMap(int map, const void* key);
// The key after `key` (nullptr: the first) in no certain order; false at the end.
bool NextBpfKey(int map, const void* key, void* next);

// Loads a program for the tracepoint whose typedef is `btf_type` (btf_trace_NAME) and attaches it;
// it is detached with the descriptor. No descriptor when the kernel refuses: `why` is then its
// error and the end of what the verifier says.
Fd AttachBpfProgram(const char* name, std::span<const bpf_insn> program, u32 btf_type, Fd* loaded,
                    std::string* why);

// How often the kernel left out a run of it, as it was in one already on that CPU (Linux 5.12).
u64 MissedRuns(int program);

// BPF_MAP_TYPE_RINGBUF, mapped. Layout: Documentation/bpf/ringbuf.rst of the kernel.
//
// Threads: one.
class BpfRing {
 public:
  // `bytes`: a power of two, at least a page.
  explicit BpfRing(u32 bytes);
  ~BpfRing();
  BpfRing(const BpfRing&) = delete;
  BpfRing& operator=(const BpfRing&) = delete;

  bool ok() const { return data_ != nullptr; }
  int descriptor() const { return map_.get(); }

  // Hands out what is there, in order, at most the ring's size a call. The views die with the call
  // of `handle`.
  template <typename Handle>
  void Take(Handle handle) {
    const u64 until = TakenMax();
    for (std::span<const std::byte> one; Next(until, &one); Let(one)) handle(one);
  }

 private:
  // Where a call ends: what comes while it runs is the next one's.
  u64 TakenMax() const;
  bool Next(u64 until, std::span<const std::byte>* record);
  void Let(std::span<const std::byte> record);

  const u32 bytes_;
  Fd map_;
  u64* consumer_ = nullptr;
  const u64* producer_ = nullptr;
  const std::byte* data_ = nullptr;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_BPF_CALLS_H_
