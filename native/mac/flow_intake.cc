#include "mac/flow_intake.h"

#include <algorithm>

namespace freshet {
namespace {

constexpr u32 kConnectedCapabilities =
    k_capability_connect_events | k_capability_flow_closes | k_capability_all_processes;
constexpr u64 kNsPerSecond = 1'000'000'000;

}  // namespace

FlowIntake::FlowIntake(Ring* ring, IntakeOptions options, std::function<void(Peer)> cancel)
    : ring_(ring),
      options_(std::move(options)),
      cancel_(std::move(cancel)),
      emitter_(ring, k_source_filter) {}

void FlowIntake::Start(u64 now_ns) {
  running_ = true;
  has_service_ = true;
  away_since_ns_ = now_ns;
  Say(k_mark_start, now_ns);
}

void FlowIntake::Stop(u64 now_ns) {
  for (Connection& connection : connections_)
    if (connection.peer != 0) Cancel(&connection, now_ns);
  running_ = false;
  Say(k_mark_stop, now_ns);
}

void FlowIntake::Enumerate(u64 now_ns) {
  wants_all_ = true;
  if (!connected()) Say(k_mark_start, now_ns);
}

bool FlowIntake::Came(Peer peer, u64 now_ns) {
  if (!running_) return false;  // before mark(start), or after mark(stop): it tries again
  Connection* const free = Find(0);
  if (free == nullptr) {
    Refuse(&counters_.refused_peers);
    return false;
  }
  *free = Connection{};
  free->peer = peer;
  free->came_ns = free->refilled_ns = now_ns;
  return true;
}

void FlowIntake::Gone(Peer peer, u64 now_ns) {
  Connection* const connection = Find(peer);
  if (peer == 0 || connection == nullptr) return;
  Clear(connection, now_ns);
}

void FlowIntake::Stranger(Peer peer, u64 now_ns) {
  if (!running_ || (peer != 0 && Find(peer) == nullptr)) return;
  Refuse(&counters_.stranger_peers);
  Gone(peer, now_ns);
}

void FlowIntake::NoService(u64 now_ns) {
  has_service_ = false;
  if (running_) Say(k_mark_start, now_ns);
}

std::optional<AnswerMessage> FlowIntake::Take(Peer peer, std::span<const std::byte> message,
                                              u64 now_ns) {
  Connection* const from = Find(peer);
  if (peer == 0 || from == nullptr) return std::nullopt;
  const std::optional<FilterMessage> kind = KindOf(message);
  if (kind == FilterMessage::kHello) return TakeHello(from, message, now_ns);
  if (kind == FilterMessage::kBatch) return TakeBatch(from, message, now_ns);
  Refuse(&counters_.malformed);
  Cancel(from, now_ns);
  return std::nullopt;
}

std::optional<AnswerMessage> FlowIntake::TakeHello(Connection* from,
                                                   std::span<const std::byte> message, u64 now_ns) {
  const std::optional<Hello> hello = ReadHello(message);
  if (!hello) {
    Refuse(&counters_.malformed);
    Cancel(from, now_ns);
    return std::nullopt;
  }
  // A later filter speaks this daemon's version too; an earlier one than the last does not.
  const bool is_known = hello->version >= kFilterVersionBefore;
  if (!is_known || hello->layout != FlowLayout()) {
    Refuse(&counters_.refused_hellos);
    refusal_ = "The network filter that runs (version " + std::string(hello->extension_version) +
               ", protocol " + std::to_string(hello->version) +
               ") is not understood by this agent: restart this Mac, so that the installed filter "
               "takes its place.";
    const Peer peer = from->peer;
    const u64 came_ns = from->came_ns;
    Clear(from, now_ns);
    from->peer = peer;
    from->came_ns = came_ns;
    return Answer(FilterMessage::kWelcome, *from,
                  is_known ? FilterStatus::kLayout : FilterStatus::kVersion, 0);
  }
  // One filter at a time: the newest.
  for (Connection& other : connections_) {
    if (&other == from || other.peer == 0 || other.version == 0) continue;
    counters_.replaced_peers++;
    Cancel(&other, now_ns);
  }
  from->version = std::min(hello->version, kFilterVersion);
  from->run = hello->run;
  heard_ns_ = now_ns;
  refusal_.clear();
  // Whatever an earlier connection had begun to enumerate is begun anew.
  wants_all_ = true;
  enumerating_ = false;
  return Answer(FilterMessage::kWelcome, *from, FilterStatus::kOk, 0);
}

std::optional<AnswerMessage> FlowIntake::TakeBatch(Connection* from,
                                                   std::span<const std::byte> message, u64 now_ns) {
  if (!HasLeave(from, now_ns)) {
    Refuse(&counters_.flooding_peers);
    Cancel(from, now_ns);
    return std::nullopt;
  }
  const auto receipt = [&](FilterStatus status, u64 number) {
    return Answer(FilterMessage::kReceipt, *from, status, number);
  };
  if (from->version == 0) return receipt(FilterStatus::kNoHello, 0);
  const std::optional<Batch> batch = ReadBatch(message);
  if (!batch || batch->version != from->version ||
      !AreFilterRecords(batch->bytes, batch->records, now_ns)) {
    Refuse(&counters_.malformed);
    if (++from->malformed < kMalformedMax)
      return receipt(FilterStatus::kMalformed, batch ? batch->number : 0);
    Refuse(&counters_.flooding_peers);
    Cancel(from, now_ns);
    return std::nullopt;
  }
  // What it told before it hung may be over: all that is open is asked for.
  if (IsSilent(now_ns)) wants_all_ = true;
  heard_ns_ = now_ns;
  Run* const run = RunOf(from->run);
  if (batch->number <= run->number) {
    counters_.duplicates++;
    return receipt(FilterStatus::kDuplicate, batch->number);
  }
  if (!HasRoomFor(batch->bytes.size())) {
    counters_.busy++;
    return receipt(FilterStatus::kBusy, batch->number);
  }
  // A daemon that has just started has seen none of the numbers before.
  if (run->number != 0) counters_.gaps += batch->number - run->number - 1;
  run->number = batch->number;
  CountDropped(batch->dropped);
  if (batch->begins) {
    wants_all_ = false;
    enumerating_ = true;
    Say(k_mark_start, now_ns);
  }
  for (std::span<const std::byte> rest = batch->bytes; !rest.empty();) {
    u32 size;
    std::memcpy(&size, rest.data(), sizeof(size));
    emitter_.Forward(rest.first(size));
    HeedFlow(rest.first(size));
    rest = rest.subspan(size);
  }
  if (batch->ends && enumerating_) {
    enumerating_ = false;
    Say(k_mark_enumerated, now_ns);
  }
  emitter_.EmitLosses(now_ns);
  counters_.batches++;
  counters_.records += batch->records;
  return receipt(FilterStatus::kOk, batch->number);
}

void FlowIntake::Tick(u64 now_ns) {
  if (!running_) return;
  for (Connection& connection : connections_) {
    if (connection.peer == 0 || connection.version != 0 ||
        now_ns < connection.came_ns + kHelloWithinNs)
      continue;
    Refuse(&counters_.silent_peers);
    Cancel(&connection, now_ns);
  }
  if (now_ns > ticked_ns_ + kTickLateNs) heard_ns_ = now_ns;
  ticked_ns_ = now_ns;
  if (IsSilent(now_ns)) enumerating_ = false;
  // A mark(start) within an enumeration would begin it anew and leave out what it has told.
  if (!enumerating_ && WhatLacks(now_ns) != said_) Say(k_mark_start, now_ns);
  emitter_.EmitLosses(now_ns);
  ring_->Release();
}

const FlowIntake::Connection* FlowIntake::Filter() const {
  for (const Connection& connection : connections_)
    if (connection.peer != 0 && connection.version != 0) return &connection;
  return nullptr;
}

FlowIntake::Connection* FlowIntake::Find(Peer peer) {
  for (Connection& connection : connections_)
    if (connection.peer == peer) return &connection;
  return nullptr;
}

bool FlowIntake::HasLeave(Connection* from, u64 now_ns) {
  const u64 seconds = now_ns > from->refilled_ns ? (now_ns - from->refilled_ns) / kNsPerSecond : 0;
  if (seconds > 0) {
    from->refilled_ns = now_ns;
    from->batches_left = static_cast<u32>(
        std::min<u64>(kBatchesAtOnce, from->batches_left + seconds * kBatchesPerSecond));
  }
  if (from->batches_left == 0) return false;
  from->batches_left--;
  return true;
}

// Beside the batch there is to be room for two marks and what was lost. A ring that is too small
// for it even when it is empty takes what it can: the rest is counted.
bool FlowIntake::HasRoomFor(size_t bytes) {
  constexpr size_t kBeside = 2 * RecordSize<mark_record>(mark_record::k_note_max) + 1024;
  return ring_->Room() >= bytes + kBeside || ring_->counters().waiting_bytes == 0;
}

FlowIntake::Run* FlowIntake::RunOf(u64 run) {
  for (Run& one : runs_)
    if (one.run == run) return &one;
  std::rotate(runs_.begin(), runs_.begin() + 1, runs_.end());
  runs_.back() = {run, 0};
  return &runs_.back();
}

void FlowIntake::CountDropped(const DropCounts& dropped) {
  counters_.dropped.queue_full += dropped.queue_full;
  counters_.dropped.table_full += dropped.table_full;
  counters_.dropped.malformed += dropped.malformed;
  emitter_.CountLoss(k_loss_filter_queue, dropped.queue_full);
  emitter_.CountLoss(k_loss_table_full, dropped.table_full);
  emitter_.CountLoss(k_loss_malformed, dropped.malformed);
}

// Counters that were lost are counted beside the flag at the flow itself, since the count is shown.
// The process of one that opened is asked for.
void FlowIntake::HeedFlow(Bytes record) {
  flow_record flow;
  std::memcpy(&flow.header, record.data(), sizeof(flow.header));
  if (flow.header.type != flow_record::kType) return;
  std::memcpy(&flow, record.data(), sizeof(flow));
  if ((flow.flags & k_flow_counters_lost) != 0) emitter_.CountLoss(k_loss_flow_counters, 1);
  if (flow.state == k_flow_state_opened && flow.pid != 0 && options_.on_new_pid)
    options_.on_new_pid(flow.pid);
}

void FlowIntake::Refuse(u64* counter) {
  (*counter)++;
  emitter_.CountLoss(k_loss_filter_refused, 1);
}

bool FlowIntake::IsSilent(u64 now_ns) const {
  return connected() && now_ns >= heard_ns_ + kSilentNs;
}

void FlowIntake::Cancel(Connection* connection, u64 now_ns) {
  const Peer peer = connection->peer;
  Clear(connection, now_ns);
  cancel_(peer);
}

void FlowIntake::Clear(Connection* connection, u64 now_ns) {
  if (connection->version != 0) {
    away_since_ns_ = now_ns;
    enumerating_ = false;
  }
  *connection = Connection{};
}

FlowIntake::Lack FlowIntake::WhatLacks(u64 now_ns) const {
  if (options_.statistics() == Statistics::kOff)
    return {k_gap_filter_off,
            "Network flows are not seen: the network filter is switched off on this Mac by the "
            "file filter-off."};
  if (IsSilent(now_ns))
    return {k_gap_filter_silent,
            "Network flows are not seen: the network filter is connected and has sent nothing for "
            "half a minute, not even that it lives."};
  if (connected()) return {};
  if (!has_service_)
    return {k_gap_filter_service,
            "Network flows are not seen: launchd does not give the agent the service that the "
            "network filter connects to."};
  if (now_ns < away_since_ns_ + kAwayNs) return {};
  if (!refusal_.empty()) return {k_gap_filter_version, refusal_};
  return {k_gap_filter,
          "Network flows are not seen: the network filter is not connected. Open Freshet from the "
          "menu bar and allow its filter in System Settings."};
}

void FlowIntake::Say(u32 kind, u64 now_ns) {
  mark_record mark{};
  mark.kind = kind;
  std::copy(options_.boot_id.begin(), options_.boot_id.end(), mark.boot_id);
  mark.layout = kRecordLayout;
  mark.unix_ns = options_.unix_ns();
  Lack lack = WhatLacks(now_ns);
  mark.gaps = lack.gaps;
  // One that is switched off, or hangs, can do nothing, and another source is believed.
  mark.capabilities = connected() && lack.gaps == 0 ? kConnectedCapabilities : 0;
  if (kind == k_mark_stop) return emitter_.End(mark, now_ns);
  if (kind != k_mark_start) lack.note.clear();
  // One that found no room is said with the next tick.
  if (emitter_.Emit(mark, now_ns, lack.note) && kind == k_mark_start) said_ = std::move(lack);
}

AnswerMessage FlowIntake::Answer(FilterMessage kind, const Connection& to, FilterStatus status,
                                 u64 number) {
  const u16 version = to.version == 0 ? kFilterVersion : to.version;
  return MakeAnswer(kind, version, status, number, options_.statistics(), wants_all_);
}

}  // namespace freshet
