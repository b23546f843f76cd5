// What the daemon makes of the filter's messages: who may speak, which batches are taken, and what
// of them goes to the ring. Decisions only; what carries the messages is the caller's
// (flow_listener.h).
//
// Threads: one at a time, the ring's producer. Every batch is answered at once: taken whole, or not
// at all. A batch that was taken is answered as a duplicate when it comes again, also over another
// connection, so that what it tells is told once.
#ifndef FRESHET_MAC_FLOW_INTAKE_H_
#define FRESHET_MAC_FLOW_INTAKE_H_

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "emitter.h"
#include "mac/filter_protocol.h"
#include "ring.h"

namespace freshet {

struct IntakeOptions {
  std::array<u8, 16> boot_id{};
  std::function<u64()> unix_ns;
  // What the filter is to report, asked with each answer: a change reaches it within its next
  // batch.
  std::function<Statistics()> statistics;
  // The process of a flow that opened, called from within Take; may be empty.
  std::function<void(u32 pid)> on_new_pid = {};
};

class FlowIntake {
 public:
  // Names a connection; never given twice, never 0.
  using Peer = u64;

  static constexpr size_t kPeersMax = 4;
  static constexpr u64 kHelloWithinNs = 10'000'000'000;
  // So long a filter may be away before it is said to be: it reconnects within seconds.
  static constexpr u64 kAwayNs = 15'000'000'000;
  // It sends a batch each five seconds, an empty one too: one that lets six pass hangs.
  static constexpr u64 kSilentNs = 30'000'000'000;
  // Ticks come each second: after so long without one this process did not run, or the Mac slept.
  static constexpr u64 kTickLateNs = 5'000'000'000;
  // Batches a peer may send at once, and again each second: a filter that was away for hours
  // catches up in a hundred.
  static constexpr u32 kBatchesAtOnce = 500;
  static constexpr u32 kBatchesPerSecond = 200;
  static constexpr u32 kMalformedMax = 8;

  struct Counters {
    u64 batches;         // taken
    u64 records;         // of them
    u64 duplicates;      // batches that had been taken before
    u64 busy;            // batches that found no room and come again
    u64 malformed;       // batches and messages that could not be read
    u64 refused_peers;   // beyond kPeersMax
    u64 stranger_peers;  // of other code than the filter's, or not root's
    u64 silent_peers;    // without a valid hello in time
    u64 flooding_peers;  // cancelled for sending too much, or too much that is malformed
    u64 refused_hellos;  // of another version or layout
    u64 replaced_peers;  // whose place a newer hello took
    u64 gaps;            // batches that a number says there were and that never came
    DropCounts dropped;  // what the filter says it dropped
  };

  // `cancel` ends a connection, from within these calls; Gone is not called for it.
  FlowIntake(Ring* ring, IntakeOptions options, std::function<void(Peer)> cancel);

  void Start(u64 now_ns);
  void Stop(u64 now_ns);
  // Asks the filter for all that is open; without one, says so at once.
  void Enumerate(u64 now_ns);

  // False: one too many, to be cancelled.
  bool Came(Peer peer, u64 now_ns);
  void Gone(Peer peer, u64 now_ns);
  // Gone, because it does not meet the code requirement; 0: one that was not let in for who it is.
  void Stranger(Peer peer, u64 now_ns);
  // Nobody can come: launchd does not give this process the service.
  void NoService(u64 now_ns);
  // The answer; nothing when the peer was cancelled instead.
  std::optional<AnswerMessage> Take(Peer peer, std::span<const std::byte> message, u64 now_ns);
  // About once a second.
  void Tick(u64 now_ns);

  const Counters& counters() const { return counters_; }
  bool connected() const { return Filter() != nullptr; }

 private:
  struct Connection {
    Peer peer = 0;  // 0: free
    u64 came_ns = 0;
    u16 version = 0;  // agreed; 0 before the hello
    u64 run = 0;
    u32 malformed = 0;
    u32 batches_left = kBatchesAtOnce;
    u64 refilled_ns = 0;
  };
  struct Run {
    u64 run = 0;
    u64 number = 0;  // of the last batch that was taken
  };

  const Connection* Filter() const;
  Connection* Find(Peer peer);
  std::optional<AnswerMessage> TakeHello(Connection* from, std::span<const std::byte> message,
                                         u64 now_ns);
  std::optional<AnswerMessage> TakeBatch(Connection* from, std::span<const std::byte> message,
                                         u64 now_ns);
  bool HasLeave(Connection* from, u64 now_ns);
  bool HasRoomFor(size_t bytes);
  Run* RunOf(u64 run);
  void CountDropped(const DropCounts& dropped);
  void HeedFlow(Bytes record);
  void Refuse(u64* counter);
  bool IsSilent(u64 now_ns) const;
  void Cancel(Connection* connection, u64 now_ns);
  void Clear(Connection* connection, u64 now_ns);
  // What is missing, as the mark(start) that says it has it.
  struct Lack {
    u32 gaps = 0;  // CODE gap, as a sum
    std::string note;
    bool operator==(const Lack&) const = default;
  };
  Lack WhatLacks(u64 now_ns) const;
  void Say(u32 kind, u64 now_ns);
  AnswerMessage Answer(FilterMessage kind, const Connection& to, FilterStatus status, u64 number);

  Ring* const ring_;
  const IntakeOptions options_;
  const std::function<void(Peer)> cancel_;
  Emitter emitter_;
  std::array<Connection, kPeersMax> connections_;
  std::array<Run, kPeersMax> runs_;  // the last ones, oldest first
  Counters counters_{};
  bool has_service_ = true;
  bool running_ = false;   // between Start and Stop: nothing else does anything outside
  std::string refusal_;    // why the last hello was refused; empty once one was taken
  Lack said_;              // by the last mark(start) that found room
  u64 away_since_ns_ = 0;  // no filter has been connected from then on
  u64 heard_ns_ = 0;       // when the filter last said something that could be read
  u64 ticked_ns_ = 0;
  bool wants_all_ = false;    // an enumeration was asked for and none has begun since
  bool enumerating_ = false;  // between one's first batch and its last
};

}  // namespace freshet

#endif  // FRESHET_MAC_FLOW_INTAKE_H_
