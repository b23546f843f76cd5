// The flows open now, and the records about them: from dumps of the sockets and from destroy
// messages, joined with what events said of each connection.
//
// A flow is a socket's cookie. Its counters never fall within an epoch; a socket that was
// disconnected and connected again begins its next epoch.
//
// Threads: one. Times are nanoseconds since boot.
#ifndef FRESHET_LINUX_FLOW_TABLE_H_
#define FRESHET_LINUX_FLOW_TABLE_H_

#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "linux/connection_table.h"
#include "linux/flow_hands.h"
#include "linux/kernel_event.h"
#include "linux/socket_diag.h"

namespace freshet {

class FlowTable {
 public:
  struct Options {
    size_t flows_max = 65536;
    bool own_only = false;  // owners of other users' sockets cannot be found: do not look
  };
  FlowTable(ProcessTable* processes, ConnectionTable* connections, Emitter* emitter,
            Options options)
      : processes_(processes), connections_(connections), emitter_(emitter), options_(options) {}

  // A dump of the sockets that exist, which began at `began_ns`. `complete`: what is not in it is
  // not open. `enumerating`: what is new was open before the source looked.
  void Dumped(const std::vector<DiagSocket>& sockets, bool complete, bool enumerating, u64 began_ns,
              u64 now_ns);
  // A destroy message.
  void Closed(const DiagSocket& socket, u64 now_ns);
  // The kernel tells a connection's final counters as it closes (kFinal): the flow is closed, in
  // whatever network namespace, and exact.
  void Final(const KernelEvent& event, u64 at_ns);
  // Another program writes to a socket, or a connection of MPTCP, from here on (kWriter): what it
  // sends beyond the bytes that were queued before is that program's.
  void Wrote(const KernelEvent& event, ProcessName writer);
  // A socket begins to carry a connection of MPTCP (kSubflow).
  void Joins(const KernelEvent& event);
  // A connection whose destroy message did not come: it is told as one whose counters are not
  // known, whether it was heard of or not. `messages_lost`: and that is why.
  void CloseLost(const Connection& connection, bool messages_lost);

  // From now on each close is told by Final.
  void SetFinals(bool finals) { has_finals_ = finals; }

  // After an overrun, or without destroy messages, a flow is closed as soon as dumps lack it.
  void SetClosesLost(bool lost) { closes_lost_ = lost; }

  // Emits a name and a flow record for every open flow.
  void EmitAll(u64 now_ns);
  size_t size() const { return flows_.size(); }

 private:
  struct Flow {
    Endpoints ends;
    ProcessName process;
    u64 bytes_out = 0;
    u64 bytes_in = 0;
    u32 epoch = 0;
    u32 inode = 0;
    u32 flags = 0;  // FLAG flow
    u8 direction = 0;
    u8 state = 0;
    u8 lookups = 0;             // for its owner in /proc
    bool is_mptcp = false;      // a subflow of MPTCP
    bool has_maker = false;     // `process` made it, as far as it has not changed hands since
    bool opened = false;        // the first record was emitted
    bool awaits_final = false;  // a dump shows the socket's next connection already
    u64 opened_ns = 0;
    u64 seen_ns = 0;  // by the last dump that had it
  };

  // How a socket's connection before this one ended.
  struct Finished {
    u32 epoch;
    u64 at_ns;
  };

  // A dump shows another connection of a socket whose flow is open: its final counters are on
  // their way, and only when the next dump shows that too they were lost.
  bool AwaitsFinal(const DiagSocket& socket);
  // FLAG flow inexact where nothing but the kernel's last word could tell what MPTCP sent again.
  static u32 FlagsOf(const Flow& flow) { return flow.is_mptcp ? u32{k_flow_inexact} : 0; }
  // Its counters rise to these: on the way it changes hands, each owner with the bytes up to there.
  void Rise(u64 cookie, Flow* flow, u64 bytes_out, u64 bytes_in, u64 at_ns);
  void Finish(u64 cookie, u64 at_ns, u32 more_flags);
  u64 CookieOf(const Connection& connection) const;
  Flow* FindOrAdd(const DiagSocket& socket, u64 now_ns);
  void Join(const Connection* connection, const DiagSocket& socket, Flow* flow);
  void LookUpOwners(const std::vector<u64>& cookies, u64 now_ns);
  void CloseVanished(u64 now_ns);
  void Open(u64 cookie, Flow* flow, u64 at_ns);
  void Emit(u64 cookie, const Flow& flow, u8 state, u64 at_ns, u32 more_flags);
  void Close(u64 cookie, u64 at_ns, u32 more_flags);

  ProcessTable* const processes_;
  ConnectionTable* const connections_;
  Emitter* const emitter_;
  const Options options_;
  std::unordered_map<u64, Flow> flows_;  // by cookie
  std::unordered_set<u64>
      closed_unseen_;  // cookies closed as vanished, whose message may still come
  FlowHands hands_;
  std::unordered_map<u64, Finished> finished_;      // by cookie
  std::deque<std::pair<u64, u64>> finished_order_;  // cookie, at_ns
  bool closes_lost_ = false;
  bool has_finals_ = false;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_FLOW_TABLE_H_
