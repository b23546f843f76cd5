// The NetworkStatistics framework's calls as values: all of it that the source uses
// (framework_statistics.cc), and what a test's double stands for.
//
// The kernel counts every TCP, UDP and QUIC flow (xnu bsd/net/ntstat.c); the framework, which
// nettop is made of, tells of each as a source with dictionaries. Its keys have kept their meaning
// from 10.13 to 26 while the kernel's own protocol changed with each release.
#ifndef FRESHET_MAC_STATISTICS_STATISTICS_API_H_
#define FRESHET_MAC_STATISTICS_STATISTICS_API_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "record.h"

namespace freshet {

// kNStatProvider*.
enum class StatisticsProvider : u8 { kNotSaid, kTcp, kUdp, kQuic, kAnother };

// kNStatSrcTCPState*: those that a decision hangs on.
enum class StatisticsTcpState : u8 { kNotSaid, kListen, kSynSent, kSynReceived, kAnother };

// One dictionary of a source. A key that is not there, or whose value is not of its type, is empty:
// which are there differs between releases, and between a description and counts. Everything is
// borrowed for the call that is given it.
struct FlowDescription {
  StatisticsProvider provider = StatisticsProvider::kNotSaid;
  StatisticsTcpState tcp_state = StatisticsTcpState::kNotSaid;
  // Who used the socket last (xnu's so->last_pid), its owner here: pid, and a number that is unique
  // within this boot.
  std::optional<int64_t> pid;
  std::optional<int64_t> upid;
  // Whom it acts for (nsurlsessiond, WebKit's networking); the owner itself where it acts for none.
  std::optional<int64_t> epid;
  std::optional<int64_t> eupid;
  std::string_view process_name;  // the owner's
  std::string_view uuid;          // LC_UUID of the owner's main executable, as text
  std::string_view euuid;         // the same of whom it acts for
  std::span<const u8> local;      // a sockaddr
  std::span<const u8> remote;
  // Cumulative over the socket's life.
  std::optional<int64_t> bytes_out;  // what was sent again counts again
  std::optional<int64_t> bytes_in;
  std::optional<int64_t>
      bytes_again;  // of bytes_out, what was sent again; older kernels keep 32 bits
  std::optional<int64_t> interface;    // its index
  std::optional<int64_t> start_ticks;  // mach_continuous_time when the socket was made
};

// Threads: Start, Post and Stop are the source's owner's; all else is called on the framework's one
// queue, from within the handler's calls or what was posted.
class StatisticsApi {
 public:
  // A number that the adapter gives each source: unlike the framework's pointer it is never given
  // again.
  using FlowSource = u64;

  // Called one at a time, on the framework's queue. None blocks.
  class Handler {
   public:
    virtual ~Handler() = default;
    // The first call. `missing`: what cannot be had of the framework, for a person to read; empty
    // when it works. Nothing but ticks follows then.
    virtual void Began(std::string_view missing) = 0;
    // A flow; those that are open already follow Began. Its description is asked for by then.
    virtual void Added(FlowSource source) = 0;
    virtual void Described(FlowSource source, const FlowDescription& description) = 0;
    virtual void Counted(FlowSource source, const FlowDescription& counts) = 0;
    // Nothing more comes of it. Its final counts, where the framework has any, came just before.
    virtual void Removed(FlowSource source) = 0;
    // Every flow has been described and counted since Query was called.
    virtual void Answered() = 0;
    // Each interval.
    virtual void Tick() = 0;
    // The last call.
    virtual void Ended() = 0;
  };

  virtual ~StatisticsApi() = default;

  // Begins to call `handler`, which outlives it or is let go of by Stop. False, with errno set,
  // when there is no queue to be had.
  virtual bool Start(Handler* handler, u32 interval_ms) = 0;
  // Runs `task` as the handler's calls are run.
  virtual void Post(std::function<void()> task) = 0;
  // Asks for description and counts of all flows.
  virtual void Query() = 0;
  // Calls Ended after all that was posted, and nobody any more. Not from within the handler's
  // calls.
  virtual void Stop() = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_STATISTICS_API_H_
