// The perf rings of every CPU as one stream of records in the order of time.
//
// One ring a CPU: a software dummy event that reports execs, mappings, forks and exits owns it, and
// the tracepoints are redirected into it. A record's time is taken before it is visible, so what
// was taken up to a moment is complete only a little later: Drain collects, Take hands out up to a
// horizon.
//
// Threads: one.
#ifndef FRESHET_LINUX_PERF_READER_H_
#define FRESHET_LINUX_PERF_READER_H_

#include <linux/perf_event.h>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "fd.h"
#include "linux/perf_record.h"

namespace freshet {

class PerfReader {
 public:
  // Opens what it may: of process events and tracepoints each, all CPUs or none. `layouts` outlives
  // it. `ring_bytes` a CPU: a power of two, at least a page; 0 chooses.
  PerfReader(const TraceLayouts* layouts, size_t ring_bytes);
  ~PerfReader();
  PerfReader(const PerfReader&) = delete;
  PerfReader& operator=(const PerfReader&) = delete;

  bool has_process_events() const { return has_process_events_; }
  bool has_exec_names() const { return has_exec_names_; }
  bool has_socket_events() const { return has_socket_events_; }
  // Why what is missing is missing: errno of the first refusal, 0 when nothing is.
  int error() const { return error_; }

  // Descriptors that become readable with the first exec since they were looked at, or when a ring
  // is half full. Connections wake nobody: they are read when another thing does.
  std::vector<int> descriptors() const;

  // Moves everything that is in the rings into memory, and shows each record once as it comes, in
  // its CPU's order. Bounded by the rings' size a call, and refuses to hold more than
  // kHeldBytesMax: what is over is dropped and counted. The views die with the call.
  template <typename See>
  void Collect(See see) {
    const size_t before = CollectRings();
    for (size_t index = before; index < held_.size(); index++) see(Parse(held_[index]));
  }

  // Hands out what was taken up to `horizon_ns` (CLOCK_MONOTONIC), in order. The views die with the
  // next Collect.
  template <typename Handle>
  void Take(u64 horizon_ns, Handle handle) {
    Sort();
    while (next_ < held_.size() && held_[next_].at_ns <= horizon_ns) {
      handle(Parse(held_[next_++]));
    }
    if (next_ == held_.size()) Clear();
  }

  bool holds() const { return next_ < held_.size(); }
  // Records dropped because too many were held, since the last call.
  u64 TakeDropped() { return std::exchange(dropped_, 0); }

 private:
  static constexpr size_t kHeldBytesMax = 64 << 20;
  static constexpr size_t kKeptBytesMax = 1 << 20;

  struct CpuRing {
    int cpu = 0;
    Fd owner;
    std::vector<Fd> redirected;
    perf_event_mmap_page* page = nullptr;
    size_t data_bytes = 0;
  };
  struct Held {
    u64 at_ns;
    u32 offset;  // into bytes_
    u32 size;
  };

  bool OpenRing(int cpu, size_t data_pages);
  bool Redirect(u16 tracepoint, bool wakes);
  void Unmap();
  PerfEvent Parse(const Held& one) const {
    return ParsePerfRecord(std::span(bytes_).subspan(one.offset, one.size), *layouts_);
  }
  // Moves what is in the rings into held_; the index of the first that is new.
  size_t CollectRings();
  void DrainRing(CpuRing& ring);
  void Sort();
  void Clear();
  void Compact();

  const TraceLayouts* const layouts_;
  std::vector<CpuRing> rings_;
  bool has_process_events_ = false;
  bool has_exec_names_ = false;
  bool has_socket_events_ = false;
  int error_ = 0;
  std::vector<std::byte> bytes_;
  std::vector<Held> held_;
  size_t next_ = 0;  // first of held_ that was not handed out
  bool sorted_ = true;
  u64 dropped_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_PERF_READER_H_
