// The book of flows: one row a source of the framework, from its added block to its removed one,
// and what of each is told.
//
// Counters are cumulative for the socket's life, so a row holds what the kernel counted and what
// of it former epochs told. What the kernel sent again is taken off bytes_out where the framework
// keeps it apart, else the flow is marked at_most: xnu's tcp_output adds a retransmission's length
// to txbytes as well.
//
// A flow's process is whom it acts for (EPID), its maker whose socket it is (PID): the same two as
// the filter's app and process token. Another process that uses the socket, or the same after an
// exec, has what is counted from then on. What passed between two counts, between which it changed
// hands, any of those who had it may have sent: it is told for the one whom the least vouches for,
// by the kernel's flags, and of several for the first; from then on the flow is marked as guessed.
// Who had it between two looks and never at one is not known at all.
//
// A flow's id is a hash of this boot, when its socket was made and its provider: the same after a
// restart of the agent, so that an engine knows what of it was counted. A socket that the framework
// lets go of and tells of again goes on in the next epoch with what it counted since.
//
// Not told: listeners, TCP sockets without a peer, UDP sockets without a peer and without bytes
// (one with bytes is one flow without a remote address, whoever it spoke to). What a provider of
// another name tells is told as TCP where it has that one's states, else as QUIC, and at most. What
// had bytes and could not be told counts as malformed when it goes. Of a QUIC flow and
// the UDP flow that carries it the one that is told first tells the bytes of both (flow_twins.cc).
//
// A full table lets go of what moved nothing first, then of what was silent for longest; each is
// counted as table_full, and closed as inexact where it was told. Bytes of it that follow are lost.
//
// Threads: one.
#ifndef FRESHET_MAC_STATISTICS_FLOW_BOOK_H_
#define FRESHET_MAC_STATISTICS_FLOW_BOOK_H_

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "emitter.h"
#include "mac/statistics/flow_row.h"

namespace freshet {

struct BookOptions {
  // Rows. About 500 bytes each, used as they come. More sockets than a Mac has: kern.maxfiles is
  // 49,152 on one of 8 GB.
  u32 flows_max = 65'536;
  std::array<u8, 16> boot_id{};
  FlowOwners::Look numbers_of;
  // Its name (utun3). Nothing: no such interface.
  std::function<std::optional<std::string>(u32 index)> interface_of;
  // Of mach_continuous_time since boot.
  std::function<u64(u64 ticks)> ns_of;
  // Called with the pid of each new flow's process, and its maker's, as soon as it is described:
  // who sends is looked at while it sends. May be empty.
  std::function<void(u32 pid)> on_new_pid;
};

class FlowBook {
 public:
  using FlowSource = StatisticsApi::FlowSource;

  FlowBook(Emitter* emitter, BookOptions options);
  FlowBook(const FlowBook&) = delete;

  // Forgets every row. Flows whose sockets are older than `now_ns` were open already; so were,
  // where nothing says when a socket was made, those that are added until Looked.
  void Begin(u64 now_ns);
  void Looked() { is_looking_ = false; }

  void Added(FlowSource source, u64 now_ns);
  // `is_asked`: a query waits for its answer, so these may be no final counts.
  void Described(FlowSource source, const FlowDescription& description, bool is_asked, u64 now_ns);
  void Counted(FlowSource source, const FlowDescription& counts, bool is_asked, u64 now_ns);
  void Removed(FlowSource source, u64 now_ns);

  // Processes may have executed other programs, interfaces may be others.
  void Tick(u64 now_ns);
  // Another query begins: its counts are of now, or later.
  void Asked() { asked_++; }
  // This one has: its flows are its new program's from here on. True where the counts of now are to
  // be asked for, which part what was the former's from that.
  bool Executed(u32 pid, u64 now_ns);
  // So many have that each is looked at.
  bool ManyExecuted(u64 now_ns);

  // Whether each row has been described and counted.
  bool is_complete() const { return incomplete_ == 0; }
  // Every open flow anew, as already open.
  void TellAll(u64 now_ns);

  size_t rows() const { return rows_.size(); }

  static constexpr size_t kClosedMax = 4096;
  // Ticks for which a flow does not look like the twin of another before it is told for itself.
  static constexpr u32 kApartTicks = 5;

 private:
  using Row = StatisticsRow;
  // What a UDP flow and the QUIC flow in it have in common.
  struct Ends {
    u16 local_port = 0;
    SocketAddress remote;
    bool operator<(const Ends& other) const {
      return local_port != other.local_port ? local_port < other.local_port : remote < other.remote;
    }
  };

  Row* Find(FlowSource source);
  void Hear(Row* row, const FlowDescription& heard, bool is_asked, u64 now_ns);
  void TakeIdentity(Row* row, const FlowDescription& heard, u64 now_ns);
  void TakeEnds(Row* row, const FlowDescription& heard, u64 now_ns);
  void TakeOwners(Row* row, const FlowDescription& heard, u64 now_ns);
  void TakeCounts(Row* row, const FlowDescription& heard, bool is_asked, u64 now_ns);
  void TakeAgain(Row* row, u64 again);
  bool LookAtOwners(Row* row, u64 now_ns);
  bool LookAtExecuted(Row* row, u64 now_ns);
  bool Inherit(Row* row, const Row::Owners& next, u64 now_ns);
  static size_t HeirOfCounts(const Row& row);
  void PassOn(Row* row, size_t heirs, u64 now_ns);
  void Count(Row* row, u64 now_ns);
  void SetPeerless(Row* row, bool is_peerless);
  bool IsTunnel(u32 index);
  u64 MakeFlowId(const Row& row) const;
  u64 MetAt(const Row& row, u64 now_ns) const;

  // flow_twins.cc
  bool HasTwin(Row* row, u64 now_ns);
  Row* FindTwin(const Row& row, const Ends& ends, bool has_told_as_much);
  void WaitFor(Row* row, Row* teller);
  bool WaitForAnother(Row* row);
  void CompareFromNow(Row* row);
  void CompareFromTheBeginning(const Row& counted);
  void LookAtTwins(u64 now_ns);
  void LetTwinGo(Row* row, u64 now_ns);
  void IsNoTwin(Row* row, u64 now_ns);
  void StopWaiting(Row* row, const Row& teller, u64 now_ns);
  bool Lingers(Row* row);

  // flow_telling.cc
  bool IsToBeTold(const Row& row) const;
  void End(Row* row, u64 now_ns);
  void Tell(Row* row, u64 now_ns);
  bool Open(Row* row, u64 now_ns);
  void Close(Row* row, u32 flags, u64 now_ns);
  void NextEpoch(Row* row, u32 close_flags, bool counts_go_on, u64 now_ns);
  void Rename(Row* row, const Row::Owners& next, u64 now_ns);
  bool EmitName(Row* row, u64 now_ns);
  bool EmitFlow(Row* row, u8 state, u32 flags, Row::Bytes bytes, u64 now_ns);
  u8 DirectionOf(const Row& row) const;

  void Move(Row* row);
  void MakeRoom(u64 now_ns);
  void Forget(Row* row, u64 now_ns);

  Emitter* const emitter_;
  const BookOptions options_;
  FlowOwners owners_;
  u64 began_ns_ = 0;
  bool is_looking_ = false;
  std::unordered_map<FlowSource, Row> rows_;
  std::unordered_map<u64, FlowSource> ids_;  // flow ids in use
  // Oldest first.
  std::list<Row*> idle_;   // nothing passed
  std::list<Row*> moved_;  // in the order in which something last did
  size_t incomplete_ = 0;
  std::map<std::pair<u8, u16>, u32> peerless_;       // by IANA protocol and local port: how many
  std::map<Ends, std::vector<FlowSource>> tellers_;  // of UDP and QUIC flows, those that are told
  std::set<FlowSource> waiting_;                     // for a teller
  FlowSource last_over_ = FlowSource{1} << 63;  // what is over has a number that no source is given
  struct KnownInterface {
    bool is_tunnel = false;
    u64 looked = 0;
  };
  std::unordered_map<u32, KnownInterface> interfaces_;
  u64 ticks_ = 1;
  u32 asked_ = 1;  // queries
  // Of flows that were closed, the last kClosedMax: how far they were counted.
  struct Closed {
    u32 epoch = 0;
    Row::Bytes counted;
  };
  std::unordered_map<u64, Closed> closed_;  // by flow id
  std::deque<u64> closed_order_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_FLOW_BOOK_H_
