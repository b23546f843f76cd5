// What is known of one flow, and what of it was told.
#ifndef FRESHET_MAC_STATISTICS_FLOW_ROW_H_
#define FRESHET_MAC_STATISTICS_FLOW_ROW_H_

#include <array>
#include <list>
#include <string>
#include <vector>

#include "mac/statistics/flow_owners.h"
#include "mac/statistics/socket_address.h"
#include "mac/statistics/statistics_api.h"

namespace freshet {

struct StatisticsRow {
  static constexpr size_t kHeirsMax = 4;

  // Who a process was when it was last looked at. Once known, a name stays after its process has
  // gone.
  struct Owner {
    FlowProcess process;
    FlowOwners::Name name;
    bool is_same_image(const Owner& other) const {
      return process.pid == other.process.pid && name.pidversion == other.name.pidversion;
    }
  };
  struct Owners {
    Owner process;  // whom it acts for
    Owner maker;    // whose socket it is
  };
  struct Bytes {
    u64 out = 0;
    u64 in = 0;
    bool operator==(const Bytes&) const = default;
    bool any() const { return out != 0 || in != 0; }
  };

  StatisticsApi::FlowSource source = 0;
  u64 flow_id = 0;
  u32 epoch = 0;
  u64 start_ns = 0;  // when its socket was made; 0 when nothing says
  u64 added_ns = 0;
  u64 counted_ns = 0;
  u64 met_ns = 0;  // when it had first what it is told for: a peer, or bytes
  u64 moved_ns = 0;

  StatisticsProvider provider = StatisticsProvider::kNotSaid;
  SocketAddress local;
  SocketAddress remote;
  Owners owners;
  // Who has had it since it was counted last, in that order; the last has it now. Never more than
  // kHeirsMax.
  std::vector<Owners> heirs;
  u32 heirs_after = 0;  // counts of this query may be older than the first of them
  std::string process_name;
  std::array<u8, 16> uuid{};
  std::array<u8, 16> effective_uuid{};
  u8 direction = k_direction_unknown;

  bool is_described = false;
  bool is_counted = false;
  bool is_early = false;      // it was added while we looked for the first time
  bool is_found = false;      // it was open before we looked
  bool has_moved = false;     // in the list of those that moved something
  bool has_state = false;     // of TCP; none that came after its opening
  bool listens = false;       // a TCP listener: told of never
  bool is_peerless = false;   // indexed as an end that others may connect to
  bool is_tunnelled = false;  // its interface is a tunnel's
  // Of UDP and QUIC (flow_twins.cc).
  bool tells_twin = false;  // it is told, and found by these ends
  u16 twin_port = 0;
  SocketAddress twin_remote;
  std::vector<StatisticsApi::FlowSource> waiters;   // whose bytes it tells too
  std::optional<StatisticsApi::FlowSource> teller;  // who tells its bytes
  std::vector<StatisticsApi::FlowSource> no_twins;  // who did until it moved far more
  Bytes waited_from;                                // its raw counts as it began to wait
  Bytes own_from;                                   // from which it is held against its teller,
  Bytes teller_from;                                // and its teller's
  u32 ticks_apart = 0;          // so long it has not looked like its teller's twin
  bool is_stale = false;        // it began to wait with counts of before
  bool is_apart = false;        // nor is it one
  bool is_over = false;         // it was removed, and its teller may not have been counted yet
  bool is_zeroed = false;       // its last counts were zeros after bytes
  bool is_final = false;        // its last counts came unasked: they are the last of all
  bool has_again = false;       // what was sent again is told apart
  bool may_lack_again = false;  // more may have been sent again than a wrapped count says
  bool is_opened = false;       // its opening was told
  bool was_opened = false;      // of any epoch
  bool owner_lost = false;      // counted as one whose owner had gone
  bool is_shared = false;       // several had it between two counts: which of them sent is a guess

  // As the kernel counts them, over the socket's life.
  u64 raw_out = 0;
  u64 raw_in = 0;
  u64 again = 0;       // of raw_out; wraps of 32 bits added up
  u64 again_read = 0;  // as it was last read
  Bytes base;          // of the counts, what was told in epochs before
  Bytes bytes;         // of this epoch
  Bytes told;          // of these, what a record says

  // Who has it, as far as is known.
  const Owners& now() const { return heirs.empty() ? owners : heirs.back(); }
  // A provider whose text is not known is one of those that were asked for: TCP's has states.
  bool is_another() const { return provider == StatisticsProvider::kAnother; }
  bool is_tcp() const {
    return provider == StatisticsProvider::kTcp || (is_another() && has_state);
  }
  Bytes raw() const { return {raw_out, raw_in}; }
  bool is_udp_like() const {
    return provider == StatisticsProvider::kUdp || provider == StatisticsProvider::kQuic ||
           (is_another() && !has_state);
  }

  std::list<StatisticsRow*>::iterator place;  // in the list of its kind (FlowBook)
};

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_FLOW_ROW_H_
