#include "mac/statistics/flow_book.h"

#include <algorithm>
#include <utility>

#include "boot_id.h"

namespace freshet {
namespace {

// Counters from here on no disk, memory or network reaches, and the engine takes none.
constexpr int64_t kBytesEnd = int64_t{1} << 53;
// A socket is connected soon after it was made, and told of within two looks.
constexpr u64 kYoungNs = 5'000'000'000;
constexpr u64 kWrap = u64{1} << 32;
// Interfaces come and go seldom: with a VPN.
constexpr u64 kInterfaceTicks = 10;
constexpr size_t kInterfacesMax = 1024;

bool IsNamed(const std::string& name, std::string_view kind) {
  return name.size() > kind.size() && name.starts_with(kind) && name[kind.size()] >= '0' &&
         name[kind.size()] <= '9';
}

bool IsComplete(const StatisticsRow& row) { return row.is_described && row.is_counted; }

// Whether counters fell so far that they must have begun again. A little less than before was read
// earlier and came later, and what rose has not begun again: no byte is told twice.
bool BeganAgain(StatisticsRow::Bytes now, StatisticsRow::Bytes before) {
  return now.out <= before.out && now.in <= before.in &&
         (now.out < before.out / 2 || now.in < before.in / 2);
}

}  // namespace

FlowBook::FlowBook(Emitter* emitter, BookOptions options)
    : emitter_(emitter), options_(std::move(options)), owners_(options_.numbers_of) {}

void FlowBook::Begin(u64 now_ns) {
  began_ns_ = now_ns;
  is_looking_ = true;
  rows_.clear();
  ids_.clear();
  idle_.clear();
  moved_.clear();
  incomplete_ = 0;
  peerless_.clear();
  tellers_.clear();
  waiting_.clear();
  closed_.clear();
  closed_order_.clear();
}

void FlowBook::Added(FlowSource source, u64 now_ns) {
  if (rows_.contains(source)) return;
  if (rows_.size() >= options_.flows_max) MakeRoom(now_ns);
  Row& row = rows_[source];
  row.source = source;
  row.added_ns = row.moved_ns = now_ns;
  row.is_early = is_looking_;
  row.place = idle_.insert(idle_.end(), &row);
  incomplete_++;
}

void FlowBook::Described(FlowSource source, const FlowDescription& description, bool is_asked,
                         u64 now_ns) {
  if (Row* const row = Find(source)) Hear(row, description, is_asked, now_ns);
}

void FlowBook::Counted(FlowSource source, const FlowDescription& counts, bool is_asked,
                       u64 now_ns) {
  if (Row* const row = Find(source)) Hear(row, counts, is_asked, now_ns);
}

FlowBook::Row* FlowBook::Find(FlowSource source) {
  const auto found = rows_.find(source);
  return found == rows_.end() ? nullptr : &found->second;
}

// Newer systems have all keys in both dictionaries: what is there is used.
void FlowBook::Hear(Row* row, const FlowDescription& heard, bool is_asked, u64 now_ns) {
  const bool was_complete = IsComplete(*row);
  if (!row->is_described && heard.provider != StatisticsProvider::kNotSaid)
    TakeIdentity(row, heard, now_ns);
  if (heard.tcp_state != StatisticsTcpState::kNotSaid && !row->was_opened && !row->has_state) {
    IsNoTwin(row, now_ns);
    row->has_state = true;
  }
  if (heard.tcp_state == StatisticsTcpState::kListen) row->listens = true;
  // Who connects says so first; later states are the same at both ends.
  if (heard.tcp_state == StatisticsTcpState::kSynSent && !row->is_opened)
    row->direction = k_direction_outbound;
  if (heard.tcp_state == StatisticsTcpState::kSynReceived && !row->is_opened)
    row->direction = k_direction_inbound;
  if (heard.interface && *heard.interface > 0 && *heard.interface <= 0xffff)
    row->is_tunnelled = IsTunnel(static_cast<u32>(*heard.interface));
  // Who has the socket now has what is counted from now on, and so has whom it speaks to.
  TakeOwners(row, heard, now_ns);
  TakeEnds(row, heard, now_ns);
  TakeCounts(row, heard, is_asked, now_ns);
  if (!was_complete && IsComplete(*row)) incomplete_--;
  Tell(row, now_ns);
}

void FlowBook::TakeIdentity(Row* row, const FlowDescription& heard, u64 now_ns) {
  row->is_described = true;
  row->provider = heard.provider;
  if (heard.start_ticks && *heard.start_ticks > 0)
    row->start_ns = std::min(options_.ns_of(static_cast<u64>(*heard.start_ticks)), now_ns);
  row->flow_id = MakeFlowId(*row);
  ids_[row->flow_id] = row->source;
  row->is_found = row->start_ns != 0 ? row->start_ns <= began_ns_ : row->is_early;
  const auto closed = closed_.find(row->flow_id);
  if (closed == closed_.end()) return;
  row->epoch = closed->second.epoch + 1;
  row->base = closed->second.counted;
  row->is_found = false;
}

// When it first had a peer, or bytes: just now, unless its socket is hardly older.
u64 FlowBook::MetAt(const Row& row, u64 now_ns) const {
  const bool is_young = row.start_ns > began_ns_ && row.start_ns + kYoungNs > now_ns;
  return is_young ? row.start_ns : now_ns;
}

u64 FlowBook::MakeFlowId(const Row& row) const {
  u64 words[5] = {0, 0, row.start_ns, static_cast<u64>(row.provider), 0};
  std::memcpy(words, options_.boot_id.data(), options_.boot_id.size());
  // Two sockets of one instant, or none that says when it was made: numbered apart.
  if (row.start_ns == 0) words[4] = row.source ^ row.added_ns;
  for (;; words[4] += row.source + 1) {
    u64 hash = 0;
    for (const u64 word : words) {
      hash = (hash ^ word) * 0xbf58476d1ce4e5b9;
      hash = (hash ^ (hash >> 29)) * 0x94d049bb133111eb;
      hash ^= hash >> 32;
    }
    if (hash != 0 && !ids_.contains(hash)) return hash;
  }
}

void FlowBook::TakeEnds(Row* row, const FlowDescription& heard, u64 now_ns) {
  const auto local = ReadSocketAddress(heard.local);
  const bool moves = local && local->port != 0 && local->port != row->local.port;
  if (moves) SetPeerless(row, false);
  // Where it was bound stays known after its socket was closed.
  if (local && local->port != 0) row->local.port = local->port;
  if (local && local->address != decltype(local->address){}) row->local.address = local->address;
  const auto remote = ReadSocketAddress(heard.remote);
  if (remote && remote->is_whole() && *remote != row->remote) {
    LetTwinGo(row, now_ns);
    if (row->is_opened) NextEpoch(row, k_flow_inexact, true, now_ns);
    row->remote = *remote;
    row->met_ns = MetAt(*row, now_ns);
  }
  if (!row->is_described) return;
  SetPeerless(row, row->listens || (row->provider == StatisticsProvider::kUdp &&
                                    !row->remote.is_whole() && row->local.port != 0));
}

// Ends that others connect to: what tells an accepted flow from one that was made here.
void FlowBook::SetPeerless(Row* row, bool is_peerless) {
  if (row->is_peerless == is_peerless) return;
  row->is_peerless = is_peerless;
  const std::pair<u8, u16> key{row->is_tcp() ? 6 : 17, row->local.port};
  u32& count = peerless_[key];
  count += is_peerless ? 1 : -1;
  if (count == 0) peerless_.erase(key);
}

void FlowBook::TakeCounts(Row* row, const FlowDescription& heard, bool is_asked, u64 now_ns) {
  const auto is_count = [](std::optional<int64_t> said) {
    return !said || (*said >= 0 && *said < kBytesEnd);
  };
  if (!is_count(heard.bytes_out) || !is_count(heard.bytes_in) || !is_count(heard.bytes_again))
    return emitter_->CountLoss(k_loss_malformed, 1);
  if (!heard.bytes_out && !heard.bytes_in) return;
  row->is_final = !is_asked;
  const u64 out = heard.bytes_out ? static_cast<u64>(*heard.bytes_out) : row->raw_out;
  const u64 in = heard.bytes_in ? static_cast<u64>(*heard.bytes_in) : row->raw_in;
  // An older socket that was not used before is as good as new.
  const bool was_counted = std::exchange(row->is_counted, true);
  if (!was_counted && out + in == 0 && !row->remote.is_whole()) row->is_found = false;
  // Less than the flow of its id had: it is another after all.
  if (!was_counted && (out < row->base.out || in < row->base.in)) row->base = {};
  // Zeros after bytes are no count: what there was to tell is gone.
  row->is_zeroed = out == 0 && in == 0 && row->raw_out + row->raw_in > 0;
  if (row->is_zeroed) return;
  if (out != row->raw_out || in != row->raw_in) LookAtOwners(row, now_ns);
  // An answer that was under way as somebody executed another program may have been counted before.
  const bool changes_hands = !row->heirs.empty() && !(is_asked && row->heirs_after == asked_);
  if (changes_hands) PassOn(row, HeirOfCounts(*row), now_ns);
  if (BeganAgain({out, in}, {row->raw_out, row->raw_in})) {
    NextEpoch(row, k_flow_inexact, false, now_ns);
    row->raw_out = row->raw_in = row->again = row->again_read = 0;
  }
  const Row::Bytes before = row->bytes;
  row->raw_out = std::max(out, row->raw_out);
  row->raw_in = std::max(in, row->raw_in);
  if (heard.bytes_again) TakeAgain(row, static_cast<u64>(*heard.bytes_again));
  Count(row, now_ns);
  row->counted_ns = now_ns;
  if (row->is_stale) CompareFromNow(row);
  if (!was_counted) CompareFromTheBeginning(*row);
  if (!changes_hands) return;
  row->is_shared |= row->bytes != before;
  Tell(row, now_ns);
  PassOn(row, row->heirs.size(), now_ns);
}

// Kernels up to macOS 15 keep it in 32 bits (nstat_counts.nstat_txretransmit): it wraps.
void FlowBook::TakeAgain(Row* row, u64 again) {
  if (!row->has_again) {
    row->has_again = true;
    // How often it had wrapped before nobody knows.
    row->may_lack_again = again < kWrap && row->raw_out >= kWrap;
    row->again = again;
  } else if (again < row->again_read && row->again_read - again > kWrap / 2 &&
             row->again_read < kWrap) {
    row->again += kWrap - row->again_read + again;
  } else if (again > row->again_read) {
    row->again += again - row->again_read;
  }
  row->again_read = again;
}

void FlowBook::Count(Row* row, u64 now_ns) {
  const u64 once = row->raw_out - std::min(row->again, row->raw_out);
  const Row::Bytes before = row->bytes;
  // What was found to be sent again only later was told already: a count never falls.
  row->bytes.out = std::max(before.out, once - std::min(row->base.out, once));
  row->bytes.in = std::max(before.in, row->raw_in - std::min(row->base.in, row->raw_in));
  if (row->bytes == before) return;
  row->moved_ns = now_ns;
  if (row->met_ns == 0) row->met_ns = MetAt(*row, now_ns);
  Move(row);
}

bool FlowBook::IsTunnel(u32 index) {
  const auto found = interfaces_.find(index);
  if (found != interfaces_.end() && ticks_ < found->second.looked + kInterfaceTicks)
    return found->second.is_tunnel;
  if (interfaces_.size() >= kInterfacesMax) interfaces_.clear();
  const std::optional<std::string> name = options_.interface_of(index);
  KnownInterface& known = interfaces_[index];
  known.looked = ticks_;
  // What goes into ipsec or ppp the kernel itself sends on, as ESP (xnu bsd/net/if_ipsec.c) or over
  // a line: no flow has it once more.
  known.is_tunnel = name && IsNamed(*name, "utun");
  return known.is_tunnel;
}

void FlowBook::Tick(u64 now_ns) {
  ticks_++;
  owners_.Tick();
  LookAtTwins(now_ns);
}

void FlowBook::Removed(FlowSource source, u64 now_ns) {
  Row* const row = Find(source);
  if (row == nullptr) return;
  if (!IsComplete(*row)) incomplete_--;
  if (!row->is_counted) row->is_counted = row->is_described;
  // Nothing said what it is, or whom it spoke to.
  if (!row->was_opened && !row->listens && !IsToBeTold(*row) && row->raw().any())
    emitter_->CountLoss(k_loss_malformed, 1);
  if (!Lingers(row)) End(row, now_ns);
}

// To the end of the list of those that moved something.
void FlowBook::Move(Row* row) {
  moved_.splice(moved_.end(), row->has_moved ? moved_ : idle_, row->place);
  row->has_moved = true;
}

void FlowBook::Forget(Row* row, u64 now_ns) {
  LetTwinGo(row, now_ns);
  SetPeerless(row, false);
  const auto found = ids_.find(row->flow_id);
  if (found != ids_.end() && found->second == row->source) ids_.erase(found);
  if (row->was_opened) {
    const Row::Bytes counted{row->base.out + row->bytes.out, row->base.in + row->bytes.in};
    if (closed_.insert_or_assign(row->flow_id, Closed{row->epoch, counted}).second)
      closed_order_.push_back(row->flow_id);
    if (closed_order_.size() > kClosedMax) {
      closed_.erase(closed_order_.front());
      closed_order_.pop_front();
    }
  }
  (row->has_moved ? moved_ : idle_).erase(row->place);
  rows_.erase(row->source);
}

void FlowBook::MakeRoom(u64 now_ns) {
  Row* const row = idle_.empty() ? moved_.front() : idle_.front();
  emitter_->CountLoss(k_loss_table_full, 1);
  if (!IsComplete(*row)) incomplete_--;
  // One that is over is forgotten as it stops to wait.
  const bool is_over = row->is_over;
  LetTwinGo(row, now_ns);
  if (is_over) return;
  if (row->is_opened) Close(row, k_flow_inexact, now_ns);
  Forget(row, now_ns);
}

}  // namespace freshet
