#include "linux/connection_table.h"

#include <algorithm>

namespace freshet {
namespace {

// From FIN_WAIT2 a socket reaches CLOSE in two ways. Nobody holds it any more (or it is let go of
// just now): the kernel destroys it in the same breath, in the same context, and no FIN has come.
// Or its process still holds it: the FIN came, in whatever context, and it is destroyed later, by
// its process. A FIN in the very segment that acknowledges ours looks like the first: it is counted
// as a byte.
constexpr u64 kSameBreathNs = 1'000'000;

}  // namespace

void ConnectionTable::State(const PerfEvent& event, u64 at_ns) {
  if (event.new_state == kTcpListen) return Listen(event);
  if (event.old_state == kTcpListen && event.new_state == kTcpClose) return Unlisten(event);
  const bool begins = event.new_state == kTcpSynSent && event.old_state == kTcpClose;
  const bool accepted = event.new_state == kTcpSynRecv && event.old_state == kTcpListen;
  auto found = by_skaddr_.find(event.skaddr);
  if (found != by_skaddr_.end() && (begins || accepted)) {
    Replace(found, at_ns);
    found = by_skaddr_.end();
  }
  if (found == by_skaddr_.end()) {
    if (by_skaddr_.size() >= options_.connections_max) {
      emitter_->CountLoss(k_loss_table_full, 1);
      return;
    }
    found = by_skaddr_.emplace(event.skaddr, Connection{}).first;
    found->second.opened_ns = at_ns;
  }
  Connection& connection = found->second;
  if (event.new_state == kTcpEstablished || event.old_state == kTcpEstablished ||
      event.new_state == kTcpCloseWait)
    connection.established = true;
  if (begins) {
    // In connect(2): the calling thread is the connecting process. The local port is not chosen
    // yet.
    connection.direction = k_direction_outbound;
    connection.process = connection.maker = processes_->NameOf(event.pid);
    connection.ends = event.ends;
  } else if (accepted || event.old_state == kTcpSynRecv) {
    if (connection.direction == k_direction_unknown) connection.direction = k_direction_inbound;
  }
  if (!connection.has_ends && event.new_state != kTcpSynSent && event.new_state != kTcpSynRecv)
    Establish(event.skaddr, event, &connection);
  // Who closes an accepted connection is who accepted it, whoever listened: the last holder of its
  // descriptor. These two transitions are made by close(2), shutdown(2) or the end of a process.
  const bool closed_by_process =
      (event.old_state == kTcpEstablished && event.new_state == kTcpFinWait1) ||
      (event.old_state == kTcpCloseWait && event.new_state == kTcpLastAck);
  if (closed_by_process &&
      (connection.direction == k_direction_inbound || connection.process.pid == 0)) {
    const ProcessName closer = processes_->NameOf(event.pid);
    if (closer.pid != 0) {
      connection.process = closer;
      connection.owner_doubtful = false;
    }
  }
  if (event.new_state == kTcpCloseWait || event.new_state == kTcpClosing ||
      event.new_state == kTcpLastAck)
    connection.fin_received = true;
  if (event.new_state == kTcpClose) {
    connection.closed_ns = at_ns;
    connection.closed_tid = event.tid;
  }
  connection.state = event.new_state == kTcpClose && event.old_state == kTcpFinWait2
                         ? kTcpTimeWait  // or destroyed in FIN_WAIT2: Destroyed tells them apart
                         : event.new_state;
}

void ConnectionTable::Mptcp(const PerfEvent& event) {
  const auto indexed = skaddr_by_ends_.find(event.ends);
  if (indexed == skaddr_by_ends_.end()) return;
  const auto found = by_skaddr_.find(indexed->second);
  if (found != by_skaddr_.end()) found->second.is_mptcp = true;
}

void ConnectionTable::Replace(BySkaddr::iterator old, u64 at_ns) {
  Connection& connection = old->second;
  const auto indexed = skaddr_by_ends_.find(connection.ends);
  if (indexed != skaddr_by_ends_.end() && indexed->second == old->first)
    skaddr_by_ends_.erase(indexed);
  if (connection.told) {
    by_skaddr_.erase(old);
    return;
  }
  if (connection.has_ends && replaced_.size() + outlived_.size() >= options_.destroyed_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
  } else if (connection.has_ends) {
    connection.closed_ns = at_ns;
    const auto [same, is_first] = replaced_.try_emplace(connection.ends, connection);
    if (!is_first) outlived_.push_back(std::exchange(same->second, connection));
  }
  by_skaddr_.erase(old);
}

void ConnectionTable::Establish(u64 skaddr, const PerfEvent& event, Connection* connection) {
  connection->ends = event.ends;
  connection->has_ends = true;
  skaddr_by_ends_[event.ends] = skaddr;
  if (connection->direction != k_direction_inbound) return;
  bool shared = false;
  const Listener* listener = FindListener(event.ends.local, event.ends.local_port, &shared);
  if (listener != nullptr) connection->process = listener->process;
  // systemd listens for others (pid 1), and a listener that forked may be gone.
  connection->owner_doubtful =
      shared || connection->process.pid <= 1 || !processes_->IsAlive(connection->process);
  if (!connection->owner_doubtful) connection->maker = connection->process;
}

void ConnectionTable::Destroyed(const PerfEvent& event, u64 at_ns) {
  const auto found = by_skaddr_.find(event.skaddr);
  if (found == by_skaddr_.end()) return;  // it never connected
  Connection connection = found->second;
  by_skaddr_.erase(found);
  const auto indexed = skaddr_by_ends_.find(connection.ends);
  if (indexed != skaddr_by_ends_.end() && indexed->second == event.skaddr)
    skaddr_by_ends_.erase(indexed);
  const bool same_breath =
      event.tid == connection.closed_tid && at_ns - connection.closed_ns < kSameBreathNs;
  if (connection.state == kTcpTimeWait && !same_breath) connection.fin_received = true;
  connection.closed_ns = at_ns;
  connection.cookie = event.cookie;
  if (event.cookie == 0 || connection.told) return;
  if (destroyed_.size() >= options_.destroyed_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return;
  }
  destroyed_[event.cookie] = connection;
}

const Connection* ConnectionTable::Finish(u64 skaddr, const Endpoints& ends) {
  const auto found = by_skaddr_.find(skaddr);
  const bool is_known = found != by_skaddr_.end();
  if (!is_known || !found->second.has_ends || found->second.ends != ends) {
    if (const auto replaced = replaced_.find(ends); replaced != replaced_.end()) {
      finished_ = replaced->second;
      replaced_.erase(replaced);
      return &finished_;
    }
    if (!is_known || found->second.has_ends) return nullptr;
  }
  found->second.told = true;
  return &found->second;
}

const Connection* ConnectionTable::Find(u64 cookie, const Endpoints& ends) const {
  const auto destroyed = destroyed_.find(cookie);
  if (destroyed != destroyed_.end()) return &destroyed->second;
  const auto indexed = skaddr_by_ends_.find(ends);
  if (indexed != skaddr_by_ends_.end()) {
    const auto found = by_skaddr_.find(indexed->second);
    if (found != by_skaddr_.end()) return &found->second;
  }
  const auto replaced = replaced_.find(ends);
  return replaced == replaced_.end() ? nullptr : &replaced->second;
}

void ConnectionTable::Forget(u64 cookie, const Endpoints& ends) {
  if (destroyed_.erase(cookie) > 0 || replaced_.erase(ends) > 0) return;
  const auto indexed = skaddr_by_ends_.find(ends);
  if (indexed == skaddr_by_ends_.end()) return;
  const auto found = by_skaddr_.find(indexed->second);
  if (found != by_skaddr_.end() && found->second.closed_ns == 0) return;  // a new one, same ends
  if (found != by_skaddr_.end()) by_skaddr_.erase(found);
  skaddr_by_ends_.erase(indexed);
}

void ConnectionTable::Listen(const PerfEvent& event) {
  const ProcessName process = processes_->NameOf(event.pid);
  auto& listeners = listeners_[event.ends.local_port];
  for (Listener& known : listeners) {
    if (known.skaddr != event.skaddr) continue;
    known.process = process;
    return;
  }
  if (listener_count_ >= options_.listeners_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return;
  }
  listeners.push_back({event.skaddr, event.ends.local, process});
  listener_count_++;
}

void ConnectionTable::Unlisten(const PerfEvent& event) {
  const auto found = listeners_.find(event.ends.local_port);
  if (found == listeners_.end()) return;
  auto& listeners = found->second;
  auto gone = std::find_if(listeners.begin(), listeners.end(),
                           [&](const Listener& one) { return one.skaddr == event.skaddr; });
  if (gone == listeners.end())
    gone = std::find_if(listeners.begin(), listeners.end(), [&](const Listener& one) {
      return one.skaddr == 0 && one.address == event.ends.local;
    });
  if (gone == listeners.end()) return;
  listeners.erase(gone);
  listener_count_--;
  if (listeners.empty()) listeners_.erase(found);
}

void ConnectionTable::AddListener(const Address& address, u16 port, ProcessName process) {
  auto& listeners = listeners_[port];
  for (Listener& known : listeners) {
    if (known.address != address) continue;
    if (known.process.pid == 0) known.process = process;
    return;
  }
  if (listener_count_ >= options_.listeners_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return;
  }
  listeners.push_back({0, address, process});
  listener_count_++;
}

const ConnectionTable::Listener* ConnectionTable::FindListener(const Address& address, u16 port,
                                                               bool* shared) const {
  const auto found = listeners_.find(port);
  if (found == listeners_.end()) return nullptr;
  const Listener* best = nullptr;
  for (const Listener& one : found->second) {
    if (one.address != address && !IsAnyAddress(one.address)) continue;
    if (best != nullptr && best->address == one.address && !(best->process == one.process))
      *shared = true;
    if (best == nullptr || one.address == address) best = &one;
  }
  return best;
}

bool ConnectionTable::IsListening(const Address& address, u16 port) const {
  bool shared = false;
  return FindListener(address, port, &shared) != nullptr;
}

ProcessName ConnectionTable::ListenerOf(const Address& address, u16 port) const {
  bool shared = false;
  const Listener* listener = FindListener(address, port, &shared);
  return listener == nullptr || shared ? ProcessName{} : listener->process;
}

}  // namespace freshet
