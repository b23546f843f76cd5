// Who writes to each socket, from which byte on, until so many bytes have been sent. A connection
// of MPTCP is written to as a whole, and counted by the sockets that carry it (its subflows).
//
// Threads: one.
#ifndef FRESHET_LINUX_FLOW_HANDS_H_
#define FRESHET_LINUX_FLOW_HANDS_H_

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "linux/process_table.h"

namespace freshet {

class FlowHands {
 public:
  static constexpr size_t kSocketsMax = 65536;
  static constexpr size_t kHandsMax = 256;  // of one socket between two looks at it
  static constexpr size_t kSubflowsMax = 8192;

  // Who writes from a count of bytes queued on.
  struct Hand {
    u64 queued;
    ProcessName process;
  };

  // False where there is no room.
  bool Add(u64 cookie, const Hand& hand) {
    const auto found = hands_.find(cookie);
    if (found == hands_.end() && hands_.size() >= kSocketsMax) return false;
    std::vector<Hand>& hands = found == hands_.end() ? hands_[cookie] : found->second;
    if (hands.size() >= kHandsMax) return false;
    hands.push_back(hand);
    return true;
  }

  // In order; nothing where none was heard of.
  std::vector<Hand>* Find(u64 cookie) {
    const auto found = hands_.find(cookie);
    return found == hands_.end() ? nullptr : &found->second;
  }
  bool Has(u64 cookie) const { return hands_.contains(cookie); }

  // A subflow begins. False where there is no room.
  bool AddSubflow(u64 connection, u64 cookie) {
    if (connection_of_.size() >= kSubflowsMax) return false;
    if (!connection_of_.try_emplace(cookie, connection).second) return true;
    Connection& whole = connections_[connection];
    whole.subflows.push_back(cookie);
    // What another carried before is not known of this one.
    if (whole.writer) Add(cookie, {0, *whole.writer});
    return true;
  }

  // Somebody writes to a connection of MPTCP; of one whose subflows were there before we looked
  // nothing is noted. `sent_of` tells what a subflow has sent so far: with several of them nothing
  // tells which carries what, and from there on it is the writer's. False where there is no room.
  template <typename SentOf>
  bool AddToSubflows(u64 connection, const Hand& hand, SentOf sent_of) {
    const auto found = connections_.find(connection);
    if (found == connections_.end()) return true;
    Connection& whole = found->second;
    whole.writer = hand.process;
    const bool is_one = whole.subflows.size() == 1;
    for (const u64 cookie : whole.subflows)
      if (!Add(cookie, {is_one ? hand.queued : sent_of(cookie), hand.process})) return false;
    return true;
  }

  void Forget(u64 cookie) {
    hands_.erase(cookie);
    const auto found = connection_of_.find(cookie);
    if (found == connection_of_.end()) return;
    auto& [subflows, writer] = connections_.at(found->second);
    std::erase(subflows, cookie);
    if (subflows.empty()) connections_.erase(found->second);
    connection_of_.erase(found);
  }

 private:
  struct Connection {
    std::vector<u64> subflows;  // cookies
    std::optional<ProcessName> writer;
  };

  std::unordered_map<u64, std::vector<Hand>> hands_;  // by cookie
  std::unordered_map<u64, Connection> connections_;   // by the kernel's address of mptcp_sock
  std::unordered_map<u64, u64> connection_of_;        // a subflow's cookie, that address
};

}  // namespace freshet

#endif  // FRESHET_LINUX_FLOW_HANDS_H_
