#include "linux/perf_record.h"

#include <linux/perf_event.h>
#include <netinet/in.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <optional>

namespace freshet {
namespace {

using Record = std::span<const std::byte>;

template <typename T>
T Load(Record record, size_t offset) {
  T value;
  std::memcpy(&value, record.data() + offset, sizeof(value));
  return value;
}

// The text that begins at `offset`, up to its zero or the end.
std::string_view Text(Record record, size_t offset) {
  const char* begin = reinterpret_cast<const char*>(record.data()) + offset;
  return {begin, strnlen(begin, record.size() - offset)};
}

// struct sample_id of the records that are not samples: u32 pid, u32 tid, u64 time.
constexpr size_t kSampleIdBytes = 16;
// What a sample begins with: the header, u32 pid, u32 tid, u64 time, u32 size of the raw data.
constexpr size_t kSamplePidAt = sizeof(perf_event_header);
constexpr size_t kSampleTimeAt = kSamplePidAt + 8;
constexpr size_t kSampleRawSizeAt = kSampleTimeAt + 8;
constexpr size_t kSampleRawAt = kSampleRawSizeAt + 4;
// PERF_RECORD_MMAP2: u32 pid, tid; u64 addr, len, pgoff; u32 maj, min; u64 ino, ino_generation;
// u32 prot, flags; the path.
constexpr size_t kMapMajorAt = sizeof(perf_event_header) + 32;
constexpr size_t kMapInodeAt = kMapMajorAt + 8;
constexpr size_t kMapPathAt = kMapInodeAt + 24;
// PERF_RECORD_FORK and _EXIT: u32 pid, ppid, tid, ptid; u64 time.
constexpr size_t kTaskBytes = sizeof(perf_event_header) + 24;

void ParseSample(Record record, const TraceLayouts& layouts, PerfEvent* event) {
  using Kind = PerfEvent::Kind;
  event->kind = Kind::kMalformed;
  if (record.size() < kSampleRawAt + 8) return;
  event->pid = Load<u32>(record, kSamplePidAt);
  event->tid = Load<u32>(record, kSamplePidAt + 4);
  const u32 raw_bytes = Load<u32>(record, kSampleRawSizeAt);
  if (raw_bytes > record.size() - kSampleRawAt) return;
  const Record raw = record.subspan(kSampleRawAt, raw_bytes);
  const u16 id = raw.size() >= 2 ? Load<u16>(raw, 0) : 0;
  if (id == 0) return;
  if (id == layouts.state.id) {
    const auto& at = layouts.state;
    if (raw.size() < at.bytes) return;
    const u32 protocol =
        at.protocol_bytes == 1 ? Load<u8>(raw, at.protocol) : Load<u16>(raw, at.protocol);
    if (protocol != IPPROTO_TCP && protocol != kProtocolMptcp) {
      event->kind = Kind::kOther;
      return;
    }
    event->skaddr = Load<u64>(raw, at.skaddr);
    event->old_state = static_cast<u8>(Load<u32>(raw, at.old_state));
    event->new_state = static_cast<u8>(Load<u32>(raw, at.new_state));
    event->ends.local_port = Load<u16>(raw, at.local_port);
    event->ends.remote_port = Load<u16>(raw, at.remote_port);
    event->ends.local = Load<Address>(raw, at.local);
    event->ends.remote = Load<Address>(raw, at.remote);
    event->kind = protocol == IPPROTO_TCP ? Kind::kSocketState : Kind::kMptcpState;
  } else if (id == layouts.destroy.id) {
    if (raw.size() < layouts.destroy.bytes) return;
    event->skaddr = Load<u64>(raw, layouts.destroy.skaddr);
    event->cookie = Load<u64>(raw, layouts.destroy.cookie);
    event->kind = Kind::kDestroySocket;
  } else if (id == layouts.exec.id) {
    if (raw.size() < layouts.exec.filename + 4u) return;
    const u16 offset = Load<u16>(raw, layouts.exec.filename);
    if (offset >= raw.size()) return;
    event->path = Text(raw, offset);
    event->kind = Kind::kExec;
  }
}

void ParseMap(Record record, PerfEvent* event) {
  if (record.size() < kMapPathAt + 8 + kSampleIdBytes) return;
  event->pid = Load<u32>(record, sizeof(perf_event_header));
  event->tid = Load<u32>(record, sizeof(perf_event_header) + 4);
  event->dev = makedev(Load<u32>(record, kMapMajorAt), Load<u32>(record, kMapMajorAt + 4));
  event->ino = Load<u64>(record, kMapInodeAt);
  event->path = Text(record.first(record.size() - kSampleIdBytes), kMapPathAt);
  event->kind = PerfEvent::Kind::kMap;
}

void ParseTask(Record record, PerfEvent::Kind kind, PerfEvent* event) {
  if (record.size() < kTaskBytes) return;
  event->pid = Load<u32>(record, sizeof(perf_event_header));
  event->parent_pid = Load<u32>(record, sizeof(perf_event_header) + 4);
  event->tid = Load<u32>(record, sizeof(perf_event_header) + 8);
  event->kind = kind;
}

}  // namespace

TraceLayouts ReadTraceLayouts(const Tracefs& tracefs) {
  TraceLayouts layouts;
  if (!tracefs.ok()) return layouts;
  if (const auto exec = tracefs.Read("sched/sched_process_exec")) {
    const auto filename = exec->OffsetOf("filename", 4);
    if (filename) layouts.exec = {exec->id, *filename};
  }
  if (const auto state = tracefs.Read("sock/inet_sock_set_state")) {
    const auto skaddr = state->OffsetOf("skaddr", 8);
    const auto old_state = state->OffsetOf("oldstate", 4);
    const auto new_state = state->OffsetOf("newstate", 4);
    const auto local_port = state->OffsetOf("sport", 2);
    const auto remote_port = state->OffsetOf("dport", 2);
    const auto local = state->OffsetOf("saddr_v6", 16);
    const auto remote = state->OffsetOf("daddr_v6", 16);
    // One byte before Linux 5.6, two since.
    const auto narrow = state->OffsetOf("protocol", 1);
    const auto wide = state->OffsetOf("protocol", 2);
    if (skaddr && old_state && new_state && local_port && remote_port && local && remote &&
        (narrow || wide)) {
      layouts.state = {state->id,
                       *skaddr,
                       *old_state,
                       *new_state,
                       *local_port,
                       *remote_port,
                       narrow ? *narrow : *wide,
                       static_cast<u16>(narrow ? 1 : 2),
                       *local,
                       *remote,
                       0};
      for (const auto& [name, field] : state->fields)
        layouts.state.bytes =
            std::max<u16>(layouts.state.bytes, static_cast<u16>(field.offset + field.size));
    }
  }
  if (const auto destroy = tracefs.Read("tcp/tcp_destroy_sock")) {
    const auto skaddr = destroy->OffsetOf("skaddr", 8);
    const auto cookie = destroy->OffsetOf("sock_cookie", 8);
    if (skaddr && cookie)
      layouts.destroy = {destroy->id, *skaddr, *cookie,
                         static_cast<u16>(std::max(*skaddr, *cookie) + 8)};
  }
  return layouts;
}

u64 PerfRecordTimeNs(Record record) {
  if (record.size() < sizeof(perf_event_header) + kSampleIdBytes) return 0;
  const auto header = Load<perf_event_header>(record, 0);
  return Load<u64>(record,
                   header.type == PERF_RECORD_SAMPLE ? kSampleTimeAt : record.size() - sizeof(u64));
}

PerfEvent ParsePerfRecord(Record record, const TraceLayouts& layouts) {
  using Kind = PerfEvent::Kind;
  PerfEvent event;
  event.kind = Kind::kMalformed;
  event.at_ns = PerfRecordTimeNs(record);
  if (event.at_ns == 0) return event;
  const auto header = Load<perf_event_header>(record, 0);
  switch (header.type) {
    case PERF_RECORD_SAMPLE:
      ParseSample(record, layouts, &event);
      break;
    case PERF_RECORD_MMAP2:
      ParseMap(record, &event);
      break;
    case PERF_RECORD_FORK:
      ParseTask(record, Kind::kFork, &event);
      break;
    case PERF_RECORD_EXIT:
      ParseTask(record, Kind::kExit, &event);
      break;
    case PERF_RECORD_COMM:
      event.pid = Load<u32>(record, sizeof(header));
      event.tid = Load<u32>(record, sizeof(header) + 4);
      event.kind = (header.misc & PERF_RECORD_MISC_COMM_EXEC) != 0 ? Kind::kImage : Kind::kOther;
      break;
    case PERF_RECORD_LOST:
      if (record.size() < sizeof(header) + 16 + kSampleIdBytes) break;
      event.lost = Load<u64>(record, sizeof(header) + 8);
      event.kind = Kind::kLost;
      break;
    default:
      event.kind = Kind::kOther;
  }
  return event;
}

}  // namespace freshet
