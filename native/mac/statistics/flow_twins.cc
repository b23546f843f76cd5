// A UDP flow that carries QUIC is counted by both providers: the one that is told first tells the
// bytes of both, and the other waits.
//
// Nothing says which two are one, so they are known by what they have in common: other providers,
// the same peer, local port and process, and no other local address; of several the one that began
// at the same time. A program can have all of that in two sockets, one idle and one that sends: so
// the one that waits is held against its teller, and when it moves far more it waits for another of
// which that is not so; where there is none it is told for itself, whole.
#include <algorithm>
#include <utility>

#include "mac/statistics/flow_book.h"

namespace freshet {
namespace {

// Sockets with one local port and peer; one more is told without a twin.
constexpr size_t kTellersMax = 64;
// QUIC's own headers, lost packets and acknowledgements are in UDP's count alone.
constexpr u64 kAheadTimes = 2, kAheadBytes = 64 << 10;
// A socket and what it carries begin within what opening both takes.
constexpr u64 kAtOnceNs = 5'000'000'000;

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

bool IsFar(StatisticsRow::Bytes own, StatisticsRow::Bytes its) {
  const auto is_far = [](u64 one, u64 other) { return one > kAheadTimes * other + kAheadBytes; };
  return is_far(own.out, its.out) || is_far(own.in, its.in);
}

StatisticsRow::Bytes Since(StatisticsRow::Bytes now, StatisticsRow::Bytes from) {
  // Counts that began again meanwhile are below what they were.
  const auto since = [](u64 one, u64 before) { return one - std::min(one, before); };
  return {since(now.out, from.out), since(now.in, from.in)};
}

// Whether it has moved, since it waits, far more than its teller.
bool IsAhead(const StatisticsRow& row, const StatisticsRow& teller) {
  return IsFar(Since(row.raw(), row.own_from), Since(teller.raw(), row.teller_from));
}

u64 ApartAtStart(const StatisticsRow& one, const StatisticsRow& other) {
  const auto began = [](const StatisticsRow& row) {
    return row.start_ns != 0 ? row.start_ns : row.added_ns;
  };
  return std::max(began(one), began(other)) - std::min(began(one), began(other));
}

bool BeganAtOnce(const StatisticsRow& one, const StatisticsRow& other) {
  return ApartAtStart(one, other) <= kAtOnceNs;
}

// From where on its raw counts are held against the other's: all of them where both began at once,
// else those of the present epoch.
StatisticsRow::Bytes FromOf(const StatisticsRow& row, const StatisticsRow& other) {
  return BeganAtOnce(row, other) ? StatisticsRow::Bytes{} : row.base;
}

bool HasToldAsMuch(const StatisticsRow& teller, const StatisticsRow& row) {
  return !IsFar(Since(row.raw(), FromOf(row, teller)), Since(teller.raw(), FromOf(teller, row)));
}

}  // namespace

bool FlowBook::HasTwin(Row* row, u64 now_ns) {
  if (!row->is_udp_like() || !row->remote.is_whole() || row->tells_twin) return false;
  // What is told for itself goes on so, whoever comes later.
  if (row->is_opened) return false;
  if (row->teller) return true;
  const Ends ends{row->local.port, row->remote};
  if (Row* const teller = row->is_apart ? nullptr : FindTwin(*row, ends, false)) {
    WaitFor(row, teller);
    row->waited_from = row->raw();
    CompareFromNow(row);
    row->is_stale = row->is_counted && row->counted_ns != now_ns;
    return true;
  }
  std::vector<FlowSource>& tellers = tellers_[ends];
  if (tellers.size() >= kTellersMax) return false;
  tellers.push_back(row->source);
  row->tells_twin = true;
  row->twin_port = ends.local_port;
  row->twin_remote = ends.remote;
  return false;
}

// Of those that are told. `has_told_as_much`: and have had about as much as it.
FlowBook::Row* FlowBook::FindTwin(const Row& row, const Ends& ends, bool has_told_as_much) {
  const auto found = tellers_.find(ends);
  if (found == tellers_.end() || row.no_twins.size() >= kTellersMax) return nullptr;
  Row* nearest = nullptr;
  for (const FlowSource source : found->second) {
    Row* const teller = Find(source);
    if (!MayBeTwins(row, *teller) || row.teller == source) continue;
    if (std::find(row.no_twins.begin(), row.no_twins.end(), source) != row.no_twins.end()) continue;
    if (has_told_as_much && !HasToldAsMuch(*teller, row)) continue;
    if (nearest == nullptr || ApartAtStart(row, *teller) < ApartAtStart(row, *nearest))
      nearest = teller;
  }
  return nearest;
}

void FlowBook::WaitFor(Row* row, Row* teller) {
  row->teller = teller->source;
  row->ticks_apart = 0;
  teller->waiters.push_back(row->source);
  waiting_.insert(row->source);
}

// Its teller, of which it is ahead, is none of its own: some other may be, which has told all that
// it had itself until now. REQUIRES: its teller has its place, or has just left it.
bool FlowBook::WaitForAnother(Row* row) {
  Row* const teller = Find(*row->teller);
  if (!IsAhead(*row, *teller)) return false;
  Row* const another = FindTwin(*row, {teller->twin_port, teller->twin_remote}, true);
  if (another == nullptr) return false;
  std::erase(teller->waiters, row->source);
  row->no_twins.push_back(teller->source);
  row->own_from = FromOf(*row, *another);
  row->teller_from = FromOf(*another, *row);
  row->is_stale = false;
  WaitFor(row, another);
  return true;
}

// What it moved before it was counted last is not held against a teller that was counted since.
void FlowBook::CompareFromNow(Row* row) {
  row->is_stale = false;
  if (!row->teller) return;
  row->own_from = row->raw();
  row->teller_from = Find(*row->teller)->raw();
}

// Counted for the first time, after one of the two had been described and before the other was:
// what they had by then is held against each other as well where both began at once.
void FlowBook::CompareFromTheBeginning(const Row& counted) {
  const auto compare = [](Row* row, const Row& teller) {
    if (BeganAtOnce(*row, teller)) row->own_from = row->teller_from = {};
  };
  if (counted.teller) compare(Find(counted.source), *Find(*counted.teller));
  for (const FlowSource waiter : counted.waiters) compare(Find(waiter), counted);
}

// Each is counted when the framework likes, a second apart or more: no moment alone says anything.
void FlowBook::LookAtTwins(u64 now_ns) {
  for (const FlowSource source : std::vector(waiting_.begin(), waiting_.end())) {
    Row* const row = Find(source);
    if (row == nullptr || !row->teller) continue;
    const Row& teller = *Find(*row->teller);
    const bool is_apart = !MayBeTwins(*row, teller) || IsAhead(*row, teller);
    row->ticks_apart = is_apart ? row->ticks_apart + 1 : 0;
    if (row->ticks_apart >= kApartTicks && WaitForAnother(row)) continue;
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
  for (const FlowSource source : std::vector(row->waiters))
    if (Row* const waiter = Find(source); !WaitForAnother(waiter))
      StopWaiting(waiter, *row, now_ns);
  row->waiters.clear();
}

// What turns out to be no flow of UDP has told, and was told, of none: it is told whole.
void FlowBook::IsNoTwin(Row* row, u64 now_ns) {
  if (!row->teller) return LetTwinGo(row, now_ns);
  std::erase(Find(*row->teller)->waiters, row->source);
  row->teller.reset();
  waiting_.erase(row->source);
}

// It goes on from here, as what passed until now was told by its teller or another; or none was its
// twin, and it is told whole.
void FlowBook::StopWaiting(Row* row, const Row& teller, u64 now_ns) {
  const bool is_ahead = IsAhead(*row, teller) &&
                        FindTwin(*row, {teller.twin_port, teller.twin_remote}, true) == nullptr;
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
