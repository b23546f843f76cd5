// A UDP flow that carries QUIC is counted by both providers: the one that is told first tells the
// bytes of both, and the other waits.
//
// Nothing says which two are one, so they are known by what they have in common: other providers,
// the same peer, local port and process, and no other local address. A program can have all of
// that in two sockets, one idle and one that sends: so the one that waits is held against its
// teller, and is told for itself, whole, when it moves far more.
#include <algorithm>
#include <utility>

#include "mac/statistics/flow_book.h"

namespace freshet {
namespace {

// Sockets with one local port and peer; one more is told without a twin.
constexpr size_t kTellersMax = 64;
// QUIC's own headers, lost packets and acknowledgements are in UDP's count alone.
constexpr u64 kAheadTimes = 2, kAheadBytes = 64 << 10;

bool HasProcess(const StatisticsRow::Owners& owners, u32 pid) {
  return pid != 0 && (owners.process.process.pid == pid || owners.maker.process.pid == pid);
}

bool MayBeTwins(const StatisticsRow& one, const StatisticsRow& other) {
  constexpr decltype(SocketAddress::address) kNone{};
  const auto &own = one.local.address, &its = other.local.address;
  const StatisticsRow::Owners& owners = one.now();
  return one.provider != other.provider && (own == its || own == kNone || its == kNone) &&
         (HasProcess(other.now(), owners.process.process.pid) ||
          HasProcess(other.now(), owners.maker.process.pid));
}

// Whether it has moved, since it waits, far more than its teller.
bool IsAhead(const StatisticsRow& row, const StatisticsRow& teller) {
  // Counts that began again meanwhile are below what they were.
  const auto since = [](u64 now, u64 from) { return now - std::min(now, from); };
  const auto is_far = [](u64 own, u64 its) { return own > kAheadTimes * its + kAheadBytes; };
  return is_far(since(row.raw_out, row.waited_from.out),
                since(teller.raw_out, row.teller_from.out)) ||
         is_far(since(row.raw_in, row.waited_from.in), since(teller.raw_in, row.teller_from.in));
}

}  // namespace

bool FlowBook::HasTwin(Row* row) {
  if (!row->is_udp_like() || !row->remote.is_whole() || row->tells_twin) return false;
  // What is told for itself goes on so, whoever comes later.
  if (row->is_opened) return false;
  if (row->teller) return true;
  const Ends ends{row->local.port, row->remote};
  std::vector<FlowSource>& tellers = tellers_[ends];
  if (Row* const teller = row->is_apart ? nullptr : FindTwin(*row, tellers)) {
    row->teller = teller->source;
    row->waited_from = row->raw();
    row->teller_from = teller->raw();
    row->ticks_apart = 0;
    teller->waiters.push_back(row->source);
    waiting_.insert(row->source);
    return true;
  }
  if (tellers.size() >= kTellersMax) return false;
  tellers.push_back(row->source);
  row->tells_twin = true;
  row->twin_port = ends.local_port;
  row->twin_remote = ends.remote;
  return false;
}

FlowBook::Row* FlowBook::FindTwin(const Row& row, const std::vector<FlowSource>& tellers) {
  for (const FlowSource source : tellers)
    if (Row* const teller = Find(source); MayBeTwins(row, *teller)) return teller;
  return nullptr;
}

// Each is counted when the framework likes, a second apart or more: no moment alone says anything.
void FlowBook::LookAtTwins(u64 now_ns) {
  for (const FlowSource source : std::vector(waiting_.begin(), waiting_.end())) {
    Row* const row = Find(source);
    if (row == nullptr || !row->teller) continue;
    const Row& teller = *Find(*row->teller);
    const bool is_apart = !MayBeTwins(*row, teller) || IsAhead(*row, teller);
    row->ticks_apart = is_apart ? row->ticks_apart + 1 : 0;
    if (row->ticks_apart >= kApartTicks || (row->is_over && !is_apart)) LetTwinGo(row, now_ns);
  }
}

void FlowBook::LetTwinGo(Row* row, u64 now_ns) {
  if (row->teller) {
    Row* const teller = Find(*row->teller);
    std::erase(teller->waiters, row->source);
    return StopWaiting(row, *teller, now_ns);
  }
  if (!row->tells_twin) return;
  row->tells_twin = false;
  const auto found = tellers_.find(Ends{row->twin_port, row->twin_remote});
  std::erase(found->second, row->source);
  if (found->second.empty()) tellers_.erase(found);
  for (const FlowSource source : std::exchange(row->waiters, {}))
    StopWaiting(Find(source), *row, now_ns);
}

// What turns out to be no flow of UDP has told, and was told, of none: it is told whole.
void FlowBook::IsNoTwin(Row* row, u64 now_ns) {
  if (!row->teller) return LetTwinGo(row, now_ns);
  std::erase(Find(*row->teller)->waiters, row->source);
  row->teller.reset();
  waiting_.erase(row->source);
}

// It goes on from here, as what passed until now was told by its teller; or that was no twin, and
// it is told whole.
void FlowBook::StopWaiting(Row* row, const Row& teller, u64 now_ns) {
  const bool is_ahead = IsAhead(*row, teller);
  row->teller.reset();
  waiting_.erase(row->source);
  if (is_ahead) {
    row->is_apart = true;
    if (row->is_found) {
      // What it was found with, and then what it has moved since.
      const Row::Bytes now =
          std::exchange(row->bytes, {std::min(row->bytes.out, row->waited_from.out),
                                     std::min(row->bytes.in, row->waited_from.in)});
      Tell(row, now_ns);
      row->bytes = now;
    }
    Tell(row, now_ns);
  } else {
    row->is_found = false;
    row->base = {row->base.out + row->bytes.out, row->base.in + row->bytes.in};
    row->bytes = {};
  }
  if (!row->is_over) return;
  if (is_ahead) return End(row, now_ns);
  Forget(row, now_ns);
}

// What was removed while it is ahead waits on for its teller's next counts, under a number that the
// framework gives no source.
bool FlowBook::Lingers(Row* row) {
  if (!row->teller || !IsAhead(*row, *Find(*row->teller))) return false;
  row->is_over = true;
  const FlowSource former = row->source, number = ++last_over_;
  auto node = rows_.extract(former);
  node.key() = row->source = number;
  rows_.insert(std::move(node));
  waiting_.erase(former);
  waiting_.insert(number);
  auto& waiters = Find(*row->teller)->waiters;
  std::replace(waiters.begin(), waiters.end(), former, number);
  const auto id = ids_.find(row->flow_id);
  if (id != ids_.end() && id->second == former) id->second = number;
  SetPeerless(row, false);
  return true;
}

}  // namespace freshet
