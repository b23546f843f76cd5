#include "linux/flow_table.h"

#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>

#include "linux/clock.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

constexpr u8 kLookupsMax = 2;
constexpr size_t kClosedUnseenMax = 4096;
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
    Emit(socket.cookie, flow, k_flow_state_closed, now_ns, k_flow_inexact);
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
  return &flow;
}

void FlowTable::Join(const Connection* connection, const DiagSocket& socket, Flow* flow) {
  if (socket.inode != 0) flow->inode = socket.inode;
  if (connection != nullptr) {
    // A doubtful owner stands until the first record, as what is known by then.
    if (flow->process.pid == 0 || !flow->opened) flow->process = connection->process;
    if (connection->direction != k_direction_unknown) flow->direction = connection->direction;
    if (flow->opened_ns == 0) flow->opened_ns = connection->opened_ns;
  }
  if (flow->direction != k_direction_unknown) return;
  const bool listening = connections_->IsListening(socket.ends.local, socket.ends.local_port);
  flow->direction = listening ? k_direction_inbound : k_direction_outbound;
}

void FlowTable::Dumped(const std::vector<DiagSocket>& sockets, bool complete, bool enumerating,
                       u64 now_ns) {
  const u32 own_uid = geteuid();
  std::vector<u64> without_owner;
  std::vector<u64> changed;
  for (const DiagSocket& socket : sockets) {
    if (!socket.has_counters || socket.ends.remote_port == 0)
      continue;  // TIME_WAIT; never connected
    if (closed_unseen_.contains(socket.cookie)) continue;
    Flow* flow = FindOrAdd(socket, now_ns);
    if (flow == nullptr) continue;
    const Connection* connection = connections_->Find(socket.cookie, socket.ends);
    const bool is_new = !flow->opened;
    if (is_new || flow->process.pid == 0) {
      Join(connection, socket, flow);
      if (is_new && enumerating && connection == nullptr) flow->flags |= k_flow_enumerated;
      const bool doubtful =
          flow->process.pid == 0 || (is_new && connection != nullptr && connection->owner_doubtful);
      if (doubtful && flow->lookups < kLookupsMax && flow->inode != 0 &&
          (!options_.own_only || socket.uid == own_uid)) {
        flow->lookups++;
        without_owner.push_back(socket.cookie);
      }
    }
    flow->seen_ns = now_ns;
    flow->state = socket.state;
    const u64 bytes_out = std::max(flow->bytes_out, socket.bytes_out);
    const u64 bytes_in = std::max(flow->bytes_in, BytesIn(socket, FinReceived(socket, connection)));
    if (!is_new && bytes_out == flow->bytes_out && bytes_in == flow->bytes_in) continue;
    flow->bytes_out = bytes_out;
    flow->bytes_in = bytes_in;
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
  // Listeners and sockets that never connected are destroyed too.
  if (found == flows_.end() && socket.ends.remote_port == 0) {
    connections_->Forget(socket.cookie, socket.ends);
    return;
  }
  DiagSocket final = socket;
  // A disconnected socket has lost its ends; they are the flow's.
  if (found != flows_.end() && socket.ends.remote_port == 0) final.ends = found->second.ends;
  Flow* flow = FindOrAdd(final, now_ns);
  if (flow == nullptr) {
    connections_->Forget(socket.cookie, socket.ends);
    return;
  }
  Join(connection, final, flow);
  const u64 closed_ns =
      connection != nullptr && connection->closed_ns != 0 ? connection->closed_ns : now_ns;
  if (!flow->opened) Open(socket.cookie, flow, closed_ns);
  if (final.has_counters) {
    flow->bytes_out = std::max(flow->bytes_out, final.bytes_out);
    flow->bytes_in = std::max(flow->bytes_in, BytesIn(final, FinReceived(final, connection)));
  }
  Close(socket.cookie, closed_ns, final.has_counters ? 0 : k_flow_inexact);
  connections_->Forget(socket.cookie, socket.ends);
}

void FlowTable::CloseLost(const Connection& connection, bool announce) {
  if (flows_.contains(connection.cookie)) {
    Close(connection.cookie, connection.closed_ns, k_flow_inexact);
    return;
  }
  if (!announce || connection.ends.remote_port == 0 || closed_unseen_.contains(connection.cookie))
    return;
  DiagSocket socket;
  socket.cookie = connection.cookie;
  socket.ends = connection.ends;
  socket.state = kTcpClose;
  Flow* flow = FindOrAdd(socket, connection.closed_ns);
  if (flow == nullptr) return;
  Join(&connection, socket, flow);
  Open(socket.cookie, flow, connection.closed_ns);
  Close(socket.cookie, connection.closed_ns, k_flow_inexact);
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
}

void FlowTable::EmitAll(u64 now_ns) {
  for (auto& [cookie, flow] : flows_) {
    flow.flags |= k_flow_enumerated;
    Open(cookie, &flow, now_ns);
  }
}

}  // namespace freshet
