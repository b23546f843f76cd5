#include "linux/flow_table.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "linux/clock.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

constexpr u8 kLookupsMax = 2;
constexpr size_t kClosedUnseenMax = 4096;
constexpr size_t kFinishedMax = 65536;
// A flow that no dump has shown for so long is closed, although no message said so.
constexpr u64 kVanishedNs = 30 * kNsPerSecond;
// The same when messages were lost; longer than a message that is on its way takes.
constexpr u64 kVanishedAfterLossNs = 2 * kNsPerSecond;

// Application bytes received: tcpi_bytes_received counts a FIN as one, and a socket that got no
// segment with data got nothing.
u64 BytesIn(const DiagSocket& socket, bool fin_received) {
  if (socket.data_segs_in == 0 || socket.bytes_in == 0) return 0;
  return socket.bytes_in - (fin_received ? 1 : 0);
}

bool FinReceived(const DiagSocket& socket, const Connection* connection) {
  if (socket.state == kTcpCloseWait || socket.state == kTcpLastAck || socket.state == kTcpClosing)
    return true;
  // In the other states of a dump it has not come; a destroyed socket is in CLOSE and says nothing.
  return socket.state == kTcpClose && connection != nullptr && connection->fin_received;
}

}  // namespace

FlowTable::Flow* FlowTable::FindOrAdd(const DiagSocket& socket, u64 now_ns) {
  const auto found = flows_.find(socket.cookie);
  if (found != flows_.end()) {
    Flow& flow = found->second;
    if (flow.ends == socket.ends) return &flow;
    // connect(2) with AF_UNSPEC and then again: the same socket, another connection.
    const u32 epoch = flow.epoch + 1;
    emitter_->CountLoss(k_loss_flow_counters, 1);
    Emit(socket.cookie, flow, k_flow_state_closed, now_ns, k_flow_inexact | k_flow_counters_lost);
    connections_->Forget(0, flow.ends);
    hands_.Forget(socket.cookie);
    flow = Flow{};
    flow.epoch = epoch;
    flow.ends = socket.ends;
    return &flow;
  }
  if (flows_.size() >= options_.flows_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return nullptr;
  }
  Flow& flow = flows_[socket.cookie];
  flow.ends = socket.ends;
  const auto before = finished_.find(socket.cookie);
  if (before != finished_.end()) flow.epoch = before->second.epoch + 1;
  return &flow;
}

void FlowTable::Join(const Connection* connection, const DiagSocket& socket, Flow* flow) {
  if (socket.inode != 0) flow->inode = socket.inode;
  if (socket.is_mptcp || (connection != nullptr && connection->is_mptcp)) flow->is_mptcp = true;
  if (connection != nullptr) {
    // A doubtful owner stands until the first record, as what is known by then.
    if (flow->process.pid == 0 || !flow->opened) {
      // Who closed an accepted one is told by what it wrote.
      const bool has_writer = connection->maker.pid != 0 && hands_.Has(socket.cookie);
      flow->process = has_writer ? connection->maker : connection->process;
      flow->has_maker = flow->process.pid != 0 && flow->process == connection->maker;
    }
    if (connection->direction != k_direction_unknown) flow->direction = connection->direction;
    if (flow->opened_ns == 0) flow->opened_ns = connection->opened_ns;
  }
  if (flow->direction != k_direction_unknown) return;
  const bool listening = connections_->IsListening(socket.ends.local, socket.ends.local_port);
  flow->direction = listening ? k_direction_inbound : k_direction_outbound;
}

void FlowTable::Rise(u64 cookie, Flow* flow, u64 bytes_out, u64 bytes_in, u64 at_ns) {
  if (std::vector<FlowHands::Hand>* const hands = hands_.Find(cookie)) {
    size_t passed = 0;
    for (; passed < hands->size() && (*hands)[passed].queued < bytes_out; passed++) {
      const auto [queued, process] = (*hands)[passed];
      if (process == flow->process) continue;
      // Also of who made it and sent nothing: what others send by it they send for that one.
      const bool is_told = flow->opened || queued > 0 || flow->has_maker;
      if (is_told) {
        if (!flow->opened) Open(cookie, flow, at_ns);
        flow->bytes_out = std::max(flow->bytes_out, queued);
        if (queued > 0) Emit(cookie, *flow, k_flow_state_report, at_ns, 0);
      }
      flow->process = process;
      if (is_told) Emit(cookie, *flow, k_flow_state_report, at_ns, 0);
    }
    hands->erase(hands->begin(), hands->begin() + static_cast<ptrdiff_t>(passed));
  }
  flow->bytes_out = std::max(flow->bytes_out, bytes_out);
  flow->bytes_in = std::max(flow->bytes_in, bytes_in);
}

void FlowTable::Wrote(const KernelEvent& event, ProcessName writer) {
  if (writer.pid == 0) return;
  const auto sent_of = [this](u64 cookie) {
    const auto flow = flows_.find(cookie);
    return flow == flows_.end() ? 0 : flow->second.bytes_out;
  };
  const FlowHands::Hand hand{event.queued, writer};
  const bool is_noted = event.is_mptcp ? hands_.AddToSubflows(event.skaddr, hand, sent_of)
                                       : hands_.Add(event.cookie, hand);
  if (!is_noted) emitter_->CountLoss(k_loss_table_full, 1);
}

void FlowTable::Joins(const KernelEvent& event) {
  if (!hands_.AddSubflow(event.skaddr, event.cookie)) emitter_->CountLoss(k_loss_table_full, 1);
}

void FlowTable::Final(const KernelEvent& event, u64 at_ns) {
  const Connection* connection = connections_->Finish(event.skaddr, event.ends);
  DiagSocket socket;
  socket.cookie = event.cookie;
  socket.ends = event.ends;
  socket.state = kTcpClose;
  if (closed_unseen_.erase(socket.cookie) > 0 || socket.ends.remote_port == 0) return;
  Flow* flow = FindOrAdd(socket, at_ns);
  if (flow == nullptr) return;
  const bool is_new = !flow->opened;
  Join(connection, socket, flow);
  // Whoever lets go of an accepted connection is its owner, whoever listened.
  const bool has_writer = event.bytes_out > 0 && hands_.Has(event.cookie);
  const bool doubtful = flow->process.pid == 0 || (connection != nullptr && is_new && !has_writer &&
                                                   flow->direction == k_direction_inbound);
  const ProcessName holder = doubtful ? processes_->NameOf(event.pid) : ProcessName{};
  if (holder.pid != 0) flow->process = holder;
  Rise(event.cookie, flow, event.bytes_out, 0, at_ns);
  if (!flow->opened) {
    const Flow counted = *flow;
    flow->bytes_out = flow->bytes_in = 0;
    Open(event.cookie, flow, at_ns);
    flow->bytes_out = counted.bytes_out;
  }
  // What a dump took for bytes may have been the peer's FIN: the kernel's word is final, but a
  // count that was told never falls.
  flow->bytes_in = std::max(flow->bytes_in, event.bytes_in);
  Finish(event.cookie, at_ns,
         event.is_mptcp ? (event.is_inexact ? u32{k_flow_inexact} : 0) : FlagsOf(*flow));
}

void FlowTable::Finish(u64 cookie, u64 at_ns, u32 more_flags) {
  const Flow& flow = flows_.at(cookie);
  if (finished_order_.size() >= kFinishedMax) {
    const auto& [oldest, oldest_ns] = finished_order_.front();
    const auto found = finished_.find(oldest);
    if (found != finished_.end() && found->second.at_ns == oldest_ns) finished_.erase(found);
    finished_order_.pop_front();
  }
  finished_[cookie] = {flow.epoch, at_ns};
  finished_order_.emplace_back(cookie, at_ns);
  Close(cookie, at_ns, more_flags);
}

bool FlowTable::AwaitsFinal(const DiagSocket& socket) {
  const auto found = flows_.find(socket.cookie);
  if (!has_finals_ || found == flows_.end() || found->second.ends == socket.ends) return false;
  return !std::exchange(found->second.awaits_final, true);
}

void FlowTable::Dumped(const std::vector<DiagSocket>& sockets, bool complete, bool enumerating,
                       u64 began_ns, u64 now_ns) {
  const u32 own_uid = geteuid();
  std::vector<u64> without_owner;
  std::vector<u64> changed;
  for (const DiagSocket& socket : sockets) {
    if (!socket.has_counters || socket.ends.remote_port == 0)
      continue;  // TIME_WAIT; never connected
    if (closed_unseen_.contains(socket.cookie)) continue;
    // A connection of this socket has been told as closed since the dump began: whether the dump
    // shows that one, an earlier or a later one, or part of each, cannot be known.
    const auto finished = finished_.find(socket.cookie);
    if (finished != finished_.end() && finished->second.at_ns >= began_ns) continue;
    if (AwaitsFinal(socket)) continue;
    Flow* flow = FindOrAdd(socket, now_ns);
    if (flow == nullptr) continue;
    const Connection* connection = connections_->Find(socket.cookie, socket.ends);
    const bool is_new = !flow->opened;
    if (is_new || flow->process.pid == 0) {
      Join(connection, socket, flow);
      if (is_new && enumerating && connection == nullptr) flow->flags |= k_flow_enumerated;
      const bool doubtful =
          flow->process.pid == 0 || (is_new && connection != nullptr && connection->owner_doubtful);
      if (doubtful && !hands_.Has(socket.cookie) && flow->lookups < kLookupsMax &&
          flow->inode != 0 && (!options_.own_only || socket.uid == own_uid)) {
        flow->lookups++;
        without_owner.push_back(socket.cookie);
      }
    }
    if (socket.is_mptcp) flow->is_mptcp = true;
    flow->seen_ns = now_ns;
    flow->state = socket.state;
    const u64 bytes_out = std::max(flow->bytes_out, socket.bytes_out);
    const u64 bytes_in = std::max(flow->bytes_in, BytesIn(socket, FinReceived(socket, connection)));
    if (!is_new && bytes_out == flow->bytes_out && bytes_in == flow->bytes_in) continue;
    Rise(socket.cookie, flow, bytes_out, bytes_in, now_ns);
    changed.push_back(socket.cookie);
  }
  LookUpOwners(without_owner, now_ns);
  for (const u64 cookie : changed) {
    Flow& flow = flows_.at(cookie);
    if (flow.opened) {
      Emit(cookie, flow, k_flow_state_report, now_ns, 0);
    } else {
      Open(cookie, &flow, now_ns);
    }
  }
  if (complete) CloseVanished(now_ns);
}

void FlowTable::LookUpOwners(const std::vector<u64>& cookies, u64 now_ns) {
  if (cookies.empty()) return;
  std::unordered_set<u64> inodes;
  for (const u64 cookie : cookies) inodes.insert(flows_.at(cookie).inode);
  const auto owners = FindSocketOwners(inodes);
  for (const u64 cookie : cookies) {
    Flow& flow = flows_.at(cookie);
    const auto owner = owners.find(flow.inode);
    if (owner != owners.end()) {
      flow.process = processes_->NameOf(owner->second);
      if (flow.opened) Emit(cookie, flow, k_flow_state_report, now_ns, 0);
    } else if (flow.process.pid == 0 && flow.direction == k_direction_inbound) {
      flow.process = connections_->ListenerOf(flow.ends.local, flow.ends.local_port);
    }
  }
}

void FlowTable::CloseVanished(u64 now_ns) {
  std::vector<u64> gone;
  for (const auto& [cookie, flow] : flows_) {
    if (flow.seen_ns == now_ns) continue;
    // Its process may hold a socket that both sides have closed: no dump shows it, its message
    // comes when the process lets go of it.
    if (!closes_lost_ && connections_->Find(cookie, flow.ends) != nullptr) continue;
    if (now_ns - flow.seen_ns < (closes_lost_ ? kVanishedAfterLossNs : kVanishedNs)) continue;
    gone.push_back(cookie);
  }
  for (const u64 cookie : gone) {
    if (closed_unseen_.size() >= kClosedUnseenMax) closed_unseen_.clear();
    closed_unseen_.insert(cookie);
    Close(cookie, now_ns, k_flow_inexact);
  }
}

void FlowTable::Closed(const DiagSocket& socket, u64 now_ns) {
  if (closed_unseen_.erase(socket.cookie) > 0) return;
  const Connection* connection = connections_->Find(socket.cookie, socket.ends);
  const auto found = flows_.find(socket.cookie);
  const bool is_known = found != flows_.end();
  DiagSocket final = socket;
  // A reset or disconnected socket has lost its ends; they are the flow's, or the connection's.
  if (socket.ends.remote_port == 0 && is_known) final.ends = found->second.ends;
  if (socket.ends.remote_port == 0 && !is_known && connection != nullptr &&
      connection->established && connection->cookie == socket.cookie)
    final.ends = connection->ends;
  // Listeners and sockets that never connected are destroyed too. With finals what nobody told of
  // was closed before we looked.
  if (final.ends.remote_port == 0 || (connection != nullptr && connection->told && !is_known) ||
      (!is_known && has_finals_ && (connection == nullptr || finished_.contains(socket.cookie)))) {
    finished_.erase(socket.cookie);
    connections_->Forget(socket.cookie, socket.ends);
    return;
  }
  const bool is_lost =
      final.is_zeroed && (is_known || (connection != nullptr && connection->established));
  Flow* flow = FindOrAdd(final, now_ns);
  if (flow == nullptr) {
    connections_->Forget(socket.cookie, socket.ends);
    return;
  }
  Join(connection, final, flow);
  const u64 closed_ns =
      connection != nullptr && connection->closed_ns != 0 ? connection->closed_ns : now_ns;
  if (is_lost) emitter_->CountLoss(k_loss_flow_counters, 1);
  if (final.has_counters && !is_lost) Rise(socket.cookie, flow, final.bytes_out, 0, closed_ns);
  if (!flow->opened) {
    const u64 bytes_out = std::exchange(flow->bytes_out, 0);
    Open(socket.cookie, flow, closed_ns);
    flow->bytes_out = bytes_out;
  }
  if (final.has_counters && !is_lost)
    flow->bytes_in = std::max(flow->bytes_in, BytesIn(final, FinReceived(final, connection)));
  const u32 flags = FlagsOf(*flow) | (final.has_counters ? 0 : u32{k_flow_inexact});
  Close(socket.cookie, closed_ns, is_lost ? k_flow_inexact | k_flow_counters_lost : flags);
  connections_->Forget(socket.cookie, socket.ends);
}

// A socket that was disconnected and connected again told of no cookie: its flow's, where a dump
// has seen it, else a number that no cookie is.
u64 FlowTable::CookieOf(const Connection& connection) const {
  if (connection.cookie != 0) return connection.cookie;
  // A later connection may have the same ends.
  for (const auto& [cookie, flow] : flows_)
    if (flow.ends == connection.ends && flow.opened_ns < connection.closed_ns) return cookie;
  return u64{1} << 63 | (EndpointsHash{}(connection.ends) ^ connection.opened_ns) >> 1;
}

void FlowTable::CloseLost(const Connection& connection, bool messages_lost) {
  const u64 cookie = CookieOf(connection);
  const u32 flags = k_flow_inexact | (messages_lost ? 0 : k_flow_counters_lost);
  const bool is_known = flows_.contains(cookie);
  if (!is_known && (connection.ends.remote_port == 0 || !connection.established ||
                    closed_unseen_.contains(cookie)))
    return;
  if (!messages_lost) emitter_->CountLoss(k_loss_flow_counters, 1);
  if (is_known) return Close(cookie, connection.closed_ns, flags);
  DiagSocket socket;
  socket.cookie = cookie;
  socket.ends = connection.ends;
  socket.state = kTcpClose;
  Flow* flow = FindOrAdd(socket, connection.closed_ns);
  if (flow == nullptr) return;
  Join(&connection, socket, flow);
  Open(socket.cookie, flow, connection.closed_ns);
  Close(socket.cookie, connection.closed_ns, flags);
}

void FlowTable::Open(u64 cookie, Flow* flow, u64 at_ns) {
  flow->opened = true;
  if (flow->opened_ns == 0) flow->opened_ns = at_ns;
  name_record name{};
  name.flow_id = cookie;
  name.epoch = flow->epoch;
  name.local_port = flow->ends.local_port;
  std::copy(flow->ends.local.begin(), flow->ends.local.end(), name.local_addr);
  emitter_->Emit(name, flow->opened_ns, "");
  const bool since_opening = (flow->flags & k_flow_enumerated) == 0 && flow->opened_ns < at_ns;
  if (!since_opening) return Emit(cookie, *flow, k_flow_state_opened, at_ns, 0);
  // What was counted since belongs to now, not to the opening.
  Flow empty = *flow;
  empty.bytes_out = empty.bytes_in = 0;
  Emit(cookie, empty, k_flow_state_opened, flow->opened_ns, 0);
  if (flow->bytes_out + flow->bytes_in > 0) Emit(cookie, *flow, k_flow_state_report, at_ns, 0);
}

void FlowTable::Emit(u64 cookie, const Flow& flow, u8 state, u64 at_ns, u32 more_flags) {
  flow_record record{};
  record.flow_id = cookie;
  record.bytes_out = flow.bytes_out;
  record.bytes_in = flow.bytes_in;
  record.epoch = flow.epoch;
  record.pid = flow.process.pid;
  record.pidversion = flow.process.version;
  record.flags = flow.flags | more_flags;
  std::copy(flow.ends.remote.begin(), flow.ends.remote.end(), record.remote_addr);
  record.remote_port = flow.ends.remote_port;
  record.local_port = flow.ends.local_port;
  record.protocol = IPPROTO_TCP;
  record.direction = flow.direction;
  record.state = state;
  emitter_->Emit(record, at_ns);
}

void FlowTable::Close(u64 cookie, u64 at_ns, u32 more_flags) {
  Emit(cookie, flows_.at(cookie), k_flow_state_closed, at_ns, more_flags);
  flows_.erase(cookie);
  hands_.Forget(cookie);
}

void FlowTable::EmitAll(u64 now_ns) {
  for (auto& [cookie, flow] : flows_) {
    flow.flags |= k_flow_enumerated;
    Open(cookie, &flow, now_ns);
  }
}

}  // namespace freshet
