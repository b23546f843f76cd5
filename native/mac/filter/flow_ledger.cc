#include "mac/filter/flow_ledger.h"

#include <algorithm>
#include <cstring>

#include "mac/filter_protocol.h"

namespace freshet {
namespace {

constexpr u32 kClosedAtOnceMax = 1'000;

// `number` tells two flows of one UUID apart that begin at the same nanosecond.
u64 FlowId(const std::array<u8, 16>& uuid, u64 first_seen_ns, u64 number) {
  u64 words[4] = {0, 0, first_seen_ns, number};
  std::memcpy(words, uuid.data(), uuid.size());
  u64 hash = 0;
  for (const u64 word : words) {
    hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ (hash >> 29)) * 0x94d049bb133111eb;
    hash ^= hash >> 32;
  }
  return hash;
}

bool IsLive(const FlowRow& flow) {
  return flow.place == Place::kLiveTcp || flow.place == Place::kLiveOther;
}

// Whether it says that bytes passed for another process image than the flow's.
bool IsAnothers(const FlowRow& flow, const QueuedReport& report) {
  const bool grew = report.bytes_out > flow.bytes_out || report.bytes_in > flow.bytes_in;
  return grew && flow.app.pid != 0 && report.app.pid != 0 && report.app != flow.app;
}

Place LivePlace(const FlowRow& flow) {
  constexpr u8 kTcp = 6;
  return flow.protocol == kTcp ? Place::kLiveTcp : Place::kLiveOther;
}

}  // namespace

FlowLedger::FlowLedger(LedgerOptions options)
    : options_(std::move(options)),
      queue_(options_.queue_slots),
      rows_(options_.flows_max, options_.seed) {}

bool FlowLedger::Push(const FlowReport& report) {
  if (!is_on()) return false;
  pushed_.fetch_add(1, std::memory_order_relaxed);
  if (report.direction > k_direction_inbound || report.event > FlowEvent::kClosed ||
      report.bytes_out >= kBytesEnd || report.bytes_in >= kBytesEnd) {
    malformed_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  const auto claimed = queue_.Claim();
  if (claimed.value == nullptr) {
    queue_full_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  if (!claimed.value->Keep(report)) unreadable_endpoints_.fetch_add(1, std::memory_order_relaxed);
  if (claimed.value->app.pid == 0) without_process_.fetch_add(1, std::memory_order_relaxed);
  const u64 waiting = queue_.Publish(claimed);
  if (waiting > queue_.capacity() / 4 && options_.on_pressure &&
      !pressed_.exchange(true, std::memory_order_relaxed))
    options_.on_pressure();
  return true;
}

void FlowLedger::Collect(u64 now_ns) {
  pressed_.store(false, std::memory_order_relaxed);
  for (size_t count = 0; count < queue_.capacity(); count++) {
    const QueuedReport* report = queue_.Front();
    if (report == nullptr) break;
    Apply(*report);
    queue_.Pop();
  }
  Expire(now_ns);
}

void FlowLedger::Apply(const QueuedReport& report) {
  const u32 row = rows_.Find(report.uuid);
  if (row == FlowRows::kNone) return Open(report);
  const FlowRow& flow = rows_.at(row);
  if (report.event == FlowEvent::kNewFlow) {
    // Without a byte yet it is the same flow, asked about again.
    const bool untouched =
        IsLive(flow) && flow.epoch == 0 && flow.bytes_out == 0 && flow.bytes_in == 0;
    if (untouched) return Count(row, report);
    Supersede(row);
    return Open(report);
  }
  if (!IsLive(flow)) return ApplyToClosed(row, report);
  const bool fell =
      report.counts() && (report.bytes_out < flow.bytes_out || report.bytes_in < flow.bytes_in);
  if (!fell) {
    if (IsAnothers(flow, report)) return HandOver(row, report);
    return Count(row, report);
  }
  if (report.bytes_out == 0 && report.bytes_in == 0) return TakeZero(row, report);
  if (report.at_ns < flow.heard_ns + kOvertakenNs) {
    repeated_++;
    if (report.event == FlowEvent::kClosed) Close(row, 0);
    return;
  }
  OpenNextEpoch(row, report, false);
}

// What passed since the last report either image may have sent: it is the former's, which is
// closed as inexact.
void FlowLedger::HandOver(u32 row, const QueuedReport& report) {
  FlowRow& former = rows_.at(row);
  former.bytes_out = report.bytes_out;
  former.bytes_in = report.bytes_in;
  former.heard_ns = std::max(former.heard_ns, report.at_ns);
  OpenNextEpoch(row, report, true);
}

// The kernel reports a flow when its counters rose, and a new beginning has its first bytes: so
// zeros after bytes are no count. Of the last report of all they say that what it had to tell is
// gone.
void FlowLedger::TakeZero(u32 row, const QueuedReport& report) {
  if (report.event != FlowEvent::kClosed) {
    repeated_++;
    return;
  }
  FlowRow& flow = rows_.at(row);
  flow.heard_ns = std::max(flow.heard_ns, report.at_ns);
  flow.unsent++;
  Close(row, FlowRow::kInexact | FlowRow::kLost);
}

void FlowLedger::ApplyToClosed(u32 row, const QueuedReport& report) {
  FlowRow& flow = rows_.at(row);
  const bool is_less = report.bytes_out < flow.bytes_out || report.bytes_in < flow.bytes_in;
  const bool is_more = report.bytes_out > flow.bytes_out || report.bytes_in > flow.bytes_in;
  // One that was silent for long and taken for closed may be open.
  const u64 late_ns = (flow.bits & FlowRow::kInexact) != 0 ? kOvertakenNs : kLateNs;
  if (!report.counts()) {
    repeated_++;
  } else if (!is_less && !is_more) {
    flow.heard_ns = std::max(flow.heard_ns, report.at_ns);
    if (report.event == FlowEvent::kClosed) flow.bits &= static_cast<u8>(~FlowRow::kInexact);
    repeated_++;
  } else if (!is_less) {
    OpenNextEpoch(row, report, true);  // it was taken for closed
  } else if (report.at_ns < flow.heard_ns + late_ns) {
    repeated_++;
  } else {
    Supersede(row);  // the identifier was given again, and its new flow's beginning was missed
    Open(report);
  }
}

void FlowLedger::Open(const QueuedReport& report) {
  const u32 row = MakeRow();
  FlowRow& flow = rows_.at(row);
  flow.uuid = report.uuid;
  flow.began_ns = report.at_ns;
  flow.flow_id = FlowId(flow.uuid, flow.began_ns, opened_++);
  flow.protocol = report.protocol;
  rows_.Index(row);
  if (report.counts() && forgotten_ > 0) {
    // It may be one of those whose counters were forgotten: no byte is told twice.
    flow.base_out = report.bytes_out;
    flow.base_in = report.bytes_in;
  }
  if (WasOpenBefore(report)) {
    flow.bits |= FlowRow::kFound;
    flow.found_out = report.bytes_out;
    flow.found_in = report.bytes_in;
  }
  Count(row, report);
}

// Whether a flow that is heard of for the first time began before this ledger did, or was
// forgotten. Where beginnings were dropped it may just as well be new: then all it has counts.
bool FlowLedger::WasOpenBefore(const QueuedReport& report) const {
  if (!report.counts()) return false;
  return forgotten_ > 0 || queue_full_.load(std::memory_order_relaxed) == 0;
}

void FlowLedger::OpenNextEpoch(u32 row, const QueuedReport& report, bool counters_go_on) {
  const FlowRow former = rows_.at(row);
  char hostname[255];
  const size_t hostname_bytes = former.hostname_bytes;
  std::memcpy(hostname, rows_.hostname(row).data(), hostname_bytes);
  Supersede(row);
  const u32 next = MakeRow();
  FlowRow& flow = rows_.at(next);
  flow.uuid = former.uuid;
  flow.flow_id = former.flow_id;
  flow.epoch = former.epoch + 1;
  flow.began_ns = report.at_ns;
  flow.app = report.app.pid != 0 ? report.app : former.app;
  flow.maker = report.maker.pid != 0 ? report.maker : former.maker;
  flow.remote = former.remote;
  flow.local = former.local;
  flow.has_remote = former.has_remote;
  flow.has_local = former.has_local;
  flow.remote_port = former.remote_port;
  flow.local_port = former.local_port;
  flow.protocol = former.protocol;
  flow.direction = former.direction;
  if (counters_go_on) {
    flow.base_out = flow.found_out = former.bytes_out;
    flow.base_in = flow.found_in = former.bytes_in;
  }
  rows_.SetHostname(next, {hostname, hostname_bytes});
  rows_.Index(next);
  Count(next, report);
}

// Takes the report's counters and whatever it knows that the row did not.
void FlowLedger::Count(u32 row, const QueuedReport& report) {
  FlowRow& flow = rows_.at(row);
  const bool is_new = flow.place == Place::kFree;
  const bool learnt = rows_.FillIn(row, report);
  const bool grew =
      report.counts() && (report.bytes_out > flow.bytes_out || report.bytes_in > flow.bytes_in);
  if (grew) {
    flow.bytes_out = report.bytes_out;
    flow.bytes_in = report.bytes_in;
  }
  if (is_new || report.counts()) flow.heard_ns = std::max(flow.heard_ns, report.at_ns);
  rows_.Move(row, LivePlace(flow));
  const bool closes = report.event == FlowEvent::kClosed;
  if (is_new || learnt || grew || closes) {
    flow.unsent++;
    rows_.EnterTurn(row);
  } else {
    repeated_++;
  }
  if (closes) Close(row, 0);
}

void FlowLedger::Close(u32 row, u8 more_bits) {
  FlowRow& flow = rows_.at(row);
  flow.bits |= more_bits;
  rows_.Move(row, Place::kClosing);
  rows_.EnterTurn(row);
}

// Another row takes over the UUID; what this one has to tell is told first.
void FlowLedger::Supersede(u32 row) {
  rows_.Unindex(row);
  const FlowRow& flow = rows_.at(row);
  if (flow.place == Place::kGone)
    rows_.Free(row);
  else if (flow.place != Place::kClosing)
    Close(row, FlowRow::kInexact);
}

u32 FlowLedger::MakeRow() {
  if (rows_.full()) Evict();
  return rows_.Take();
}

// What costs least goes first: the memory of a flow that is told and closed, then a close that was
// not told, then the flow that was silent for longest.
void FlowLedger::Evict() {
  for (const Place place : {Place::kGone, Place::kClosing}) {
    const u32 row = rows_.Oldest(place);
    if (row != FlowRows::kNone) return Forget(row);
  }
  const u32 tcp = rows_.Oldest(Place::kLiveTcp);
  const u32 other = rows_.Oldest(Place::kLiveOther);
  const bool take_other =
      tcp == FlowRows::kNone ||
      (other != FlowRows::kNone && rows_.at(other).heard_ns < rows_.at(tcp).heard_ns);
  Forget(take_other ? other : tcp);
}

void FlowLedger::Forget(u32 row) {
  const FlowRow& flow = rows_.at(row);
  if (flow.unsent > 0 || IsLive(flow)) evicted_flows_++;
  table_full_ += flow.unsent;
  if (IsLive(flow) || (flow.bits & FlowRow::kInexact) != 0) forgotten_++;
  if ((flow.bits & FlowRow::kEnumerate) != 0) enumerating_--;
  rows_.Free(row);
}

void FlowLedger::Expire(u64 now_ns) {
  if (now_ns > options_.tcp_silent_ns)
    CloseSilent(Place::kLiveTcp, now_ns - options_.tcp_silent_ns);
  if (now_ns > options_.other_silent_ns)
    CloseSilent(Place::kLiveOther, now_ns - options_.other_silent_ns);
}

void FlowLedger::CloseSilent(Place place, u64 before_ns) {
  for (u32 count = 0; count < kClosedAtOnceMax; count++) {
    const u32 row = rows_.Oldest(place);
    if (row == FlowRows::kNone || rows_.at(row).heard_ns >= before_ns) return;
    Close(row, FlowRow::kInexact);
  }
}

void FlowLedger::CloseAll() {
  for (const Place place : {Place::kLiveTcp, Place::kLiveOther})
    while (rows_.Oldest(place) != FlowRows::kNone) Close(rows_.Oldest(place), FlowRow::kInexact);
}

void FlowLedger::BeginEnumeration() {
  begins_ = true;
  under_way_ = false;
  // Whoever is told of a close now may never have heard the name.
  for (u32 row = rows_.Oldest(Place::kClosing); row != FlowRows::kNone; row = rows_.After(row))
    rows_.at(row).bits &= static_cast<u8>(~FlowRow::kNamed);
  for (const Place place : {Place::kLiveTcp, Place::kLiveOther}) {
    for (u32 row = rows_.Oldest(place); row != FlowRows::kNone; row = rows_.After(row)) {
      FlowRow& flow = rows_.at(row);
      // One whose opening was not told yet is told as new anyway.
      if ((flow.bits & FlowRow::kOpened) == 0) continue;
      if ((flow.bits & FlowRow::kEnumerate) == 0) enumerating_++;
      flow.bits |= FlowRow::kEnumerate;
      flow.bits &= static_cast<u8>(~FlowRow::kNamed);
      rows_.EnterTurn(row);
    }
  }
}

void FlowLedger::TakeBatch(u64 now_ns, FlowBatch* batch) {
  batch->Clear();
  if (begins_) {
    batch->begins = true;
    begins_ = false;
    under_way_ = true;
  }
  for (u32 row = rows_.FirstTurn(); row != FlowRows::kNone && batch->HasRoom();) {
    const u32 next = rows_.NextTurn(row);
    const FlowRow& flow = rows_.at(row);
    const bool kept_back = !flow.has_remote && IsLive(flow) &&
                           (flow.bits & FlowRow::kOpened) == 0 && now_ns < flow.began_ns + kHoldNs;
    if (!kept_back) {
      batch->Add(flow, rows_.hostname(row), now_ns);
      Told(row, &batch->reports);
    }
    row = next;
  }
  if (under_way_ && enumerating_ == 0) {
    batch->ends = true;
    under_way_ = false;
  }
}

void FlowLedger::Told(u32 row, u64* reports) {
  FlowRow& flow = rows_.at(row);
  *reports += flow.unsent;
  told_ += flow.unsent;
  flow.unsent = 0;
  if ((flow.bits & FlowRow::kEnumerate) != 0) {
    flow.bits &= static_cast<u8>(~FlowRow::kEnumerate);
    enumerating_--;
  }
  flow.bits |= FlowRow::kOpened | FlowRow::kNamed;
  rows_.LeaveTurn(row);
  if (flow.place != Place::kClosing) return;
  if ((flow.bits & FlowRow::kIndexed) != 0)
    rows_.Move(row, Place::kGone);
  else
    rows_.Free(row);
}

FlowLedger::Counters FlowLedger::counters() const {
  return {pushed_.load(std::memory_order_relaxed),
          queue_full_.load(std::memory_order_relaxed),
          malformed_.load(std::memory_order_relaxed),
          table_full_,
          repeated_,
          told_,
          without_process_.load(std::memory_order_relaxed),
          unreadable_endpoints_.load(std::memory_order_relaxed),
          evicted_flows_};
}

}  // namespace freshet
