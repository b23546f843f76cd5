#include "linux/perf_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "give_back.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

int OpenPerf(perf_event_attr* attr, int cpu) {
  return static_cast<int>(syscall(SYS_perf_event_open, attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC));
}

perf_event_attr CommonAttributes() {
  perf_event_attr attr{};
  attr.size = sizeof(attr);
  attr.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME;
  attr.sample_id_all = 1;
  attr.use_clockid = 1;
  attr.clockid = CLOCK_MONOTONIC;
  return attr;
}

// "0-3,6" -> 0 1 2 3 6.
std::vector<int> OnlineCpus() {
  std::vector<int> cpus;
  std::string text;
  if (!ReadFileAt(AT_FDCWD, "/sys/devices/system/cpu/online", 4096, &text)) {
    for (long cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN); cpu++)
      cpus.push_back(static_cast<int>(cpu));
    return cpus;
  }
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int first = 0;
    const auto from = std::from_chars(at, end, first);
    if (from.ec != std::errc()) break;
    int last = first;
    at = from.ptr;
    if (at < end && *at == '-') at = std::from_chars(at + 1, end, last).ptr;
    for (int cpu = first; cpu <= last; cpu++) cpus.push_back(cpu);
    at++;
  }
  return cpus;
}

}  // namespace

PerfReader::PerfReader(const TraceLayouts* layouts, size_t ring_bytes) : layouts_(layouts) {
  const std::vector<int> cpus = OnlineCpus();
  const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (ring_bytes == 0) {
    // 16 MiB in all, between 128 KiB and 1 MiB a CPU; a power of two as the kernel wants it.
    const size_t share = (16u << 20) / std::max<size_t>(cpus.size(), 1);
    ring_bytes = std::bit_floor(std::clamp<size_t>(share, 128 << 10, 1 << 20));
  }
  rings_.reserve(cpus.size());
  for (const int cpu : cpus) {
    if (OpenRing(cpu, ring_bytes / page_bytes) || errno == ENODEV)
      continue;  // ENODEV: went offline
    error_ = errno;
    Unmap();
    return;
  }
  has_process_events_ = true;
  has_exec_names_ = Redirect(layouts->exec.id, true);
  has_socket_events_ = Redirect(layouts->state.id, false);
  if (has_socket_events_) Redirect(layouts->destroy.id, false);
  for (const CpuRing& ring : rings_) {
    ioctl(ring.owner.get(), PERF_EVENT_IOC_ENABLE, 0);
    for (const Fd& fd : ring.redirected) ioctl(fd.get(), PERF_EVENT_IOC_ENABLE, 0);
  }
}

PerfReader::~PerfReader() { Unmap(); }

void PerfReader::Unmap() {
  const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const CpuRing& ring : rings_)
    if (ring.page != nullptr) munmap(ring.page, page_bytes + ring.data_bytes);
  rings_.clear();
}

bool PerfReader::OpenRing(int cpu, size_t data_pages) {
  perf_event_attr attr = CommonAttributes();
  attr.type = PERF_TYPE_SOFTWARE;
  attr.config = PERF_COUNT_SW_DUMMY;
  attr.disabled = 1;
  attr.mmap = 1;
  attr.mmap2 = 1;
  attr.comm = 1;
  attr.comm_exec = 1;
  attr.task = 1;
  attr.watermark = 1;
  const size_t page_bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  attr.wakeup_watermark = static_cast<u32>(data_pages * page_bytes / 2);
  CpuRing ring;
  ring.cpu = cpu;
  ring.owner = Fd(OpenPerf(&attr, cpu));
  if (!ring.owner) return false;
  void* mapped = mmap(nullptr, (1 + data_pages) * page_bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
                      ring.owner.get(), 0);
  if (mapped == MAP_FAILED) return false;
  ring.page = static_cast<perf_event_mmap_page*>(mapped);
  ring.data_bytes = data_pages * page_bytes;
  rings_.push_back(std::move(ring));
  return true;
}

bool PerfReader::Redirect(u16 tracepoint, bool wakes) {
  if (tracepoint == 0) return false;
  perf_event_attr attr = CommonAttributes();
  attr.type = PERF_TYPE_TRACEPOINT;
  attr.config = tracepoint;
  attr.disabled = 1;
  attr.sample_type |= PERF_SAMPLE_RAW;
  attr.sample_period = 1;
  // In the ring of another event the watermark is that event's (perf_output_begin of the kernel).
  attr.watermark = wakes ? 0 : 1;
  attr.wakeup_events = 1;
  std::vector<Fd> opened;
  for (const CpuRing& ring : rings_) {
    Fd fd(OpenPerf(&attr, ring.cpu));
    if (!fd || ioctl(fd.get(), PERF_EVENT_IOC_SET_OUTPUT, ring.owner.get()) != 0) {
      if (error_ == 0) error_ = errno;
      return false;
    }
    opened.push_back(std::move(fd));
  }
  for (size_t index = 0; index < rings_.size(); index++)
    rings_[index].redirected.push_back(std::move(opened[index]));
  return true;
}

std::vector<int> PerfReader::descriptors() const {
  std::vector<int> all;
  for (const CpuRing& ring : rings_) all.push_back(ring.owner.get());
  return all;
}

size_t PerfReader::CollectRings() {
  Compact();
  const size_t before = held_.size();
  for (CpuRing& ring : rings_) DrainRing(ring);
  return before;
}

void PerfReader::DrainRing(CpuRing& ring) {
  // perf_event_open(2), "MMAP layout": data_head is read with acquire, data_tail written with
  // release.
  const u64 head = __atomic_load_n(&ring.page->data_head, __ATOMIC_ACQUIRE);
  u64 tail = ring.page->data_tail;
  const std::byte* const data =
      reinterpret_cast<const std::byte*>(ring.page) + ring.page->data_offset;
  while (head - tail >= sizeof(perf_event_header)) {
    const size_t offset = tail & (ring.data_bytes - 1);
    perf_event_header header;
    std::memcpy(&header, data + offset, sizeof(header));  // never across the end: 8-byte steps
    if (header.size < sizeof(header) || header.size > head - tail) {
      tail = head;  // the kernel never does this; what is left cannot be cut into records
      dropped_++;
      break;
    }
    if (bytes_.size() + header.size > kHeldBytesMax) {
      dropped_++;
    } else {
      const size_t at = bytes_.size();
      bytes_.resize(at + header.size);
      const size_t first = std::min<size_t>(header.size, ring.data_bytes - offset);
      std::memcpy(&bytes_[at], data + offset, first);
      if (first < header.size) std::memcpy(&bytes_[at + first], data, header.size - first);
      const u64 at_ns = PerfRecordTimeNs(std::span(bytes_).subspan(at, header.size));
      if (!held_.empty() && at_ns < held_.back().at_ns) sorted_ = false;
      held_.push_back({at_ns, static_cast<u32>(at), header.size});
    }
    tail += header.size;
  }
  __atomic_store_n(&ring.page->data_tail, tail, __ATOMIC_RELEASE);
}

void PerfReader::Sort() {
  if (sorted_) return;
  // Stable: records of one CPU with equal times stay in their order.
  std::stable_sort(held_.begin() + static_cast<ptrdiff_t>(next_), held_.end(),
                   [](const Held& a, const Held& b) { return a.at_ns < b.at_ns; });
  sorted_ = true;
}

void PerfReader::Clear() {
  // A storm's memory is given back.
  if (bytes_.capacity() > kKeptBytesMax) {
    GiveBack(&bytes_);
    GiveBack(&held_);
  }
  bytes_.clear();
  held_.clear();
  next_ = 0;
  sorted_ = true;
}

// Forgets what was handed out once it is most of what is held.
void PerfReader::Compact() {
  if (next_ == 0 || next_ < held_.size() / 2) return;
  std::vector<std::byte> bytes;
  std::vector<Held> held;
  for (size_t index = next_; index < held_.size(); index++) {
    const Held& one = held_[index];
    held.push_back({one.at_ns, static_cast<u32>(bytes.size()), one.size});
    bytes.insert(bytes.end(), bytes_.begin() + one.offset, bytes_.begin() + one.offset + one.size);
  }
  bytes_.swap(bytes);
  held_.swap(held);
  next_ = 0;
}

}  // namespace freshet
