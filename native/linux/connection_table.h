// What tracepoints say about TCP sockets: who connected or listened, and whether the peer's FIN
// came.
//
// A socket is known by its kernel address (skaddr) from its first event until it is destroyed; then
// by its cookie, until the destroy message that carries its final counters is handled. Dumps find
// it by its ends. Of about one connection in a hundred the kernel gives no event of its end, and no
// PERF_RECORD_LOST either (6.18; those events are of a softirq): when its address is used again, it
// is kept by its ends until its message comes.
//
// Threads: one. Times are nanoseconds since boot.
#ifndef FRESHET_LINUX_CONNECTION_TABLE_H_
#define FRESHET_LINUX_CONNECTION_TABLE_H_

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "linux/endpoint.h"
#include "linux/perf_record.h"
#include "linux/process_table.h"
#include "record.h"

namespace freshet {

struct Connection {
  Endpoints ends;
  ProcessName process;  // who connected, or whose listener accepted
  ProcessName maker;    // the same, where that is certain: who closes it is not
  u8 direction = 0;     // CODE direction
  u8 state = 0;
  bool has_ends = false;        // ends is complete and indexed
  bool fin_received = false;    // tcpi_bytes_received counts one byte for it
  bool established = false;     // ever
  bool told = false;            // its final counters came from the kernel as it closed
  bool is_mptcp = false;        // a subflow of MPTCP
  bool owner_doubtful = false;  // accepted through a listener that several processes may share
  u64 opened_ns = 0;
  u64 closed_ns = 0;   // when it reached CLOSE, then when it was destroyed; 0 before
  u32 closed_tid = 0;  // the thread in whose context it reached CLOSE
  u64 cookie = 0;      // once it is destroyed
};

class ConnectionTable {
 public:
  struct Options {
    size_t connections_max = 65536;
    size_t destroyed_max = 65536;
    size_t listeners_max = 8192;
  };
  ConnectionTable(ProcessTable* processes, Emitter* emitter, Options options)
      : processes_(processes), emitter_(emitter), options_(options) {}

  // sock:inet_sock_set_state; `at_ns` is the event's time since boot.
  void State(const PerfEvent& event, u64 at_ns);
  // sock:inet_sock_set_state of MPTCP: the connection with these ends is its first subflow.
  void Mptcp(const PerfEvent& event);
  // tcp:tcp_destroy_sock.
  void Destroyed(const PerfEvent& event, u64 at_ns);

  // Its final counters are told: no message about it is waited for. The socket may have begun its
  // next connection by then, which has other ends. nullptr when no event told of it; valid until
  // the next event.
  const Connection* Finish(u64 skaddr, const Endpoints& ends);

  // A listener found by a dump; `process` may be unknown.
  void AddListener(const Address& address, u16 port, ProcessName process);
  // Whether a local address is listened on; whoever accepted there did not connect.
  bool IsListening(const Address& address, u16 port) const;
  ProcessName ListenerOf(const Address& address, u16 port) const;

  // The connection a dump or a destroy message tells of. nullptr when no event told of it.
  const Connection* Find(u64 cookie, const Endpoints& ends) const;
  // Forgets a destroyed connection. (Without tcp:tcp_destroy_sock it is found by its ends.)
  void Forget(u64 cookie, const Endpoints& ends);

  // Hands out and forgets the connections that were destroyed before `before_ns` without a message,
  // and those whose socket was disconnected and connected again (they have no cookie).
  template <typename Handle>
  void ForgetOverdue(u64 before_ns, Handle handle) {
    for (auto at = destroyed_.begin(); at != destroyed_.end();) {
      if (at->second.closed_ns >= before_ns) {
        ++at;
        continue;
      }
      handle(at->second);
      at = destroyed_.erase(at);
    }
    // One whose end was not seen either is another namespace's, or an overrun that was counted.
    const auto forget = [&](const Connection& one) {
      if (one.state == kTcpClose) handle(one);
    };
    std::ranges::for_each(std::exchange(outlived_, {}), forget);
    std::erase_if(replaced_, [&](const auto& one) {
      if (one.second.closed_ns >= before_ns) return false;
      forget(one.second);
      return true;
    });
  }
  size_t size() const {
    return by_skaddr_.size() + destroyed_.size() + replaced_.size() + outlived_.size();
  }

 private:
  struct Listener {
    u64 skaddr;  // 0: found by a dump
    Address address;
    ProcessName process;
  };

  using BySkaddr = std::unordered_map<u64, Connection>;

  // The address is used again without the end of `old` having been seen.
  void Replace(BySkaddr::iterator old, u64 at_ns);
  void Establish(u64 skaddr, const PerfEvent& event, Connection* connection);
  void Listen(const PerfEvent& event);
  void Unlisten(const PerfEvent& event);
  const Listener* FindListener(const Address& address, u16 port, bool* shared) const;

  ProcessTable* const processes_;
  Emitter* const emitter_;
  const Options options_;
  BySkaddr by_skaddr_;
  std::unordered_map<Endpoints, u64, EndpointsHash> skaddr_by_ends_;
  std::unordered_map<u64, Connection> destroyed_;  // by cookie
  std::unordered_map<Endpoints, Connection, EndpointsHash> replaced_;
  std::vector<Connection> outlived_;  // of replaced_, until a later one had the same ends
  Connection finished_;               // was in replaced_ until Finish
  std::unordered_map<u16, std::vector<Listener>> listeners_;  // by port
  size_t listener_count_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_CONNECTION_TABLE_H_
