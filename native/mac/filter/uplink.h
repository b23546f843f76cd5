// The filter's way to the daemon: hello, then batches of the ledger, one in flight, each again
// until it is answered. While the daemon is away the ledger goes on counting within its bounds and
// the network never notices: nothing here is called by, or waited for by, the provider's threads.
//
// Decisions only; what carries the messages is the caller's (xpc_transport.cc, or a test's double).
//
// Threads: one at a time, the ledger's. The transport calls back on the same, never from within
// Connect, Send or Cancel.
#ifndef FRESHET_MAC_FILTER_UPLINK_H_
#define FRESHET_MAC_FILTER_UPLINK_H_

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "mac/filter/flow_batch.h"
#include "mac/filter/flow_ledger.h"
#include "mac/filter_protocol.h"

namespace freshet {

// One connection to the daemon at a time.
class UplinkTransport {
 public:
  virtual ~UplinkTransport() = default;
  // Begins a connection; there is none before. Whether anyone is there shows with the first
  // message.
  virtual void Connect() = 0;
  // Sends a message and takes its answer to Uplink::Answered, or the end of the connection to
  // Uplink::Lost. `parts` are borrowed for the call. REQUIRES: connected, no answer awaited.
  virtual void Send(std::array<std::span<const std::byte>, 2> parts) = 0;
  // Ends the connection; neither Answered nor Lost comes for it any more.
  virtual void Cancel() = 0;
};

struct UplinkOptions {
  u64 run = 0;  // random, not 0: names this run of the extension
  std::string extension_version;
  // Told when the daemon's answer changes it, from within Answered. kOff: the ledger is switched
  // off already; the provider is to ask the kernel for no reports.
  std::function<void(Statistics)> on_statistics;
};

class Uplink {
 public:
  static constexpr u64 kBatchNs = 5'000'000'000;
  static constexpr u64 kAnswerWithinNs = 10'000'000'000;
  // Between attempts to connect: doubled from the first to the last.
  static constexpr u64 kRetryFirstNs = 250'000'000;
  static constexpr u64 kRetryLastNs = 5'000'000'000;
  // After the daemon has refused the hello: it takes another version of one of the two.
  static constexpr u64 kRefusedNs = 60'000'000'000;
  static constexpr u64 kBusyNs = 1'000'000'000;

  struct Counters {
    u64 connections;        // begun
    u64 lost;               // connections that ended, or did not answer in time
    u64 refused_hellos;     // by the daemon
    u64 batches;            // answered as taken
    u64 records;            // of them
    u64 delivered_reports;  // of them
    u64 resent;             // batches that were sent again
    u64 refused_batches;    // given up as malformed; their reports are told as dropped
    u64 refused_reports;
    u64 busy;  // answers that the daemon had no room
  };

  // Both outlive it.
  Uplink(FlowLedger* ledger, UplinkTransport* transport, UplinkOptions options);

  // About once a second, and when the ledger says that its queue fills: takes in what was pushed,
  // connects, sends what is due.
  void Tick(u64 now_ns);
  // The filter stops, and perhaps its program with it: what is open is told as it stands, now.
  void Stopped(u64 now_ns);
  void Answered(std::span<const std::byte> message, u64 now_ns);
  void Lost(u64 now_ns);

  bool connected() const { return state_ == State::kReady || state_ == State::kSent; }
  Statistics statistics() const { return statistics_; }
  const Counters& counters() const { return counters_; }

 private:
  enum class State {
    kAway,      // no connection; the next attempt is due at next_ns_
    kGreeting,  // the hello's answer is awaited
    kReady,     // nothing is in flight
    kSent,      // the batch's answer is awaited
  };

  void Greet(u64 now_ns);
  void Welcomed(const AnswerMessage& answer, u64 now_ns);
  void Receipted(const AnswerMessage& answer, u64 now_ns);
  void Heed(const AnswerMessage& answer);
  void SendDue(u64 now_ns);
  void SendBatch(u64 now_ns);
  void Fail(u64 now_ns, u64 wait_ns);
  DropCounts Undelivered() const;

  FlowLedger* const ledger_;
  UplinkTransport* const transport_;
  const UplinkOptions options_;
  State state_ = State::kAway;
  u64 next_ns_ = 0;  // when to act next: connect, or send the batch again
  u64 retry_ns_ = kRetryFirstNs;
  u64 sent_ns_ = 0;  // when what awaits its answer was sent
  u64 batch_due_ns_ = 0;
  u16 version_ = kFilterVersion;
  Statistics statistics_ = Statistics::kLow;
  FlowBatch batch_;
  u64 number_ = 0;       // of the batch; its first is 1
  bool holds_ = false;   // the batch is not answered yet
  bool more_ = false;    // it was full: the next follows at once
  DropCounts told_;      // what batches that were taken have told of drops
  DropCounts in_batch_;  // what this one tells
  Counters counters_{};
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_UPLINK_H_
