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

#include "linux/fd.h"
#include "linux/perf_record.h"

namespace freshet {

class PerfReader {
 public:
  // Opens what it may: of process events and tracepoints each, all CPUs or none. `layouts` outlives
  // it.
  explicit PerfReader(const TraceLayouts* layouts);
  ~PerfReader();
  PerfReader(const PerfReader&) = delete;
  PerfReader& operator=(const PerfReader&) = delete;

  bool has_process_events() const { return has_process_events_; }
  bool has_exec_names() const { return has_exec_names_; }
  bool has_socket_events() const { return has_socket_events_; }
  // Why what is missing is missing: errno of the first refusal, 0 when nothing is.
  int error() const { return error_; }

  // Descriptors that become readable with the first tracepoint since they were drained, or when a
  // ring is half full.
  std::vector<int> descriptors() const;

  // Moves everything that is in the rings into memory. Bounded by the rings' size a call, and
  // refuses to hold more than kHeldBytesMax: what is over is dropped and counted.
  void Drain();

  // Hands out what was taken up to `horizon_ns` (CLOCK_MONOTONIC), in order. The views die with the
  // next Drain.
  template <typename Handle>
  void Take(u64 horizon_ns, Handle handle) {
    Sort();
    while (next_ < held_.size() && held_[next_].at_ns <= horizon_ns) {
      const Held& one = held_[next_++];
      handle(ParsePerfRecord(std::span(bytes_).subspan(one.offset, one.size), *layouts_));
    }
    if (next_ == held_.size()) Clear();
  }

  bool holds() const { return next_ < held_.size(); }
  // Records dropped because too many were held, since the last call.
  u64 TakeDropped() { return std::exchange(dropped_, 0); }

 private:
  static constexpr size_t kHeldBytesMax = 64 << 20;

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
  bool Redirect(u16 tracepoint);
  void Unmap();
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
