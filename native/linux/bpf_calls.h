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

// Loads a program for the kernel's walk through its tasks, whose function is `btf_type`
// (bpf_iter_task); it is gone with the descriptor. No descriptor, with errno, when the kernel
// refuses.
Fd LoadBpfTaskWalk(const char* name, std::span<const bpf_insn> program, u32 btf_type);
// What that program writes of the task of this number (of our pid namespace): how many bytes; 0:
// nothing, or the kernel cannot walk to one alone (before Linux 6.1).
size_t AskBpfTaskWalk(int program, u32 pid, std::span<std::byte> answer);

// How often the kernel left out a run of it, as it was in one already on that CPU (Linux 5.12).
u64 MissedRuns(int program);

// The records in the memory of a ring buffer, in the order of their writing. One that is still
// being written (reserved, and not submitted) ends a call: it and what came behind it are the next
// call's, and nothing is passed over. Layout: Documentation/bpf/ringbuf.rst of the kernel.
//
// Threads: one, beside whoever writes.
class RingRecords {
 public:
  // Of no ring: there are none.
  RingRecords() = default;
  // `data` is there twice, one behind the other, so that no record is cut. REQUIRES: `bytes` is a
  // power of two; the memory outlives it.
  RingRecords(u64* consumer, const u64* producer, const std::byte* data, u32 bytes)
      : consumer_(consumer), producer_(producer), data_(data), bytes_(bytes) {}

  // Hands out what is there, at most the ring's size a call. The views die with the call of
  // `handle`.
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

  u64* consumer_ = nullptr;
  const u64* producer_ = nullptr;
  const std::byte* data_ = nullptr;
  u32 bytes_ = 0;
};

// BPF_MAP_TYPE_RINGBUF, mapped.
//
// Threads: one.
class BpfRing {
 public:
  // `bytes`: a power of two, at least a page.
  explicit BpfRing(u32 bytes);
  ~BpfRing();
  BpfRing(const BpfRing&) = delete;
  BpfRing& operator=(const BpfRing&) = delete;

  bool ok() const { return producer_ != nullptr; }
  int descriptor() const { return map_.get(); }

  template <typename Handle>
  void Take(Handle handle) {
    records_.Take(handle);
  }

 private:
  const u32 bytes_;
  Fd map_;
  void* consumer_ = nullptr;
  void* producer_ = nullptr;  // a page, and the data behind it
  RingRecords records_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_BPF_CALLS_H_
