// What runs on Endpoint Security's own queue: each message becomes a record in a ring of its own,
// the handover, which the source's thread empties into the source's ring.
//
// Why two rings: a ring has one producer. Ticks, marks and the enumeration are the source's
// thread's, messages come on the client's serial queue, and a lock between the two would let a slow
// enumeration hold up the kernel's events. So the handler's whole work is one decode, one copy and,
// once a burst, a bell. No lock, no allocation, no I/O, no call into JavaScript. A full handover
// drops and counts.
//
// Lifetime: shared by the source's thread and the client's block. Apple does not say whether a
// handler still runs when es_delete_client has returned; if one does, it finds this alive.
#ifndef FRESHET_MAC_ES_HANDLER_H_
#define FRESHET_MAC_ES_HANDLER_H_

#include <atomic>
#include <memory>

#include "mac/bell.h"
#include "mac/es_message.h"
#include "mac/es_sequence.h"
#include "mac/mach_clock.h"
#include "ring.h"

namespace freshet {

class EsHandler {
 public:
  // Each number only rises.
  struct Losses {
    u64 kernel_events = 0;  // the kernel dropped them, by its own numbers
    u64 handover_full = 0;  // the source's thread did not come in time
    u64 malformed = 0;      // events that were not subscribed to or lack their process
  };

  // `bell` is rung when messages wait. REQUIRES: handover_bytes as Ring wants it.
  EsHandler(size_t handover_bytes, std::shared_ptr<Bell> bell, bool arguments = false,
            Protection protection = {})
      : handover_bytes_(handover_bytes),
        arguments_(arguments),
        protection_(protection),
        handover_(handover_bytes),
        bell_(std::move(bell)) {}

  // The client's queue. Takes nothing of `message` along.
  void Handle(const es_message_t& message) {
    if (const u64 missing = sequence_.MissingBefore(message)) Add(kernel_events_, missing);
    const EsTold told = TellMessage(message, clock_.AtNs(message.mach_time), arguments_,
                                    protection_, &claims_, &handover_);
    is_fooled_.store(claims_.claimed >= kClaimsMin && claims_.honest == 0,
                     std::memory_order_relaxed);
    if (told == EsTold::kNotUnderstood) Add(malformed_, 1);
    if (handover_.Flush()) bell_->Ring();
    // A burst does not wait until the thread has gathered for long enough.
    if (handover_.Room() < handover_bytes_ / 2 && !hurried_.exchange(true)) bell_->Ring();
  }

  // The source's thread: copies whole records as Ring::Drain does.
  size_t Drain(std::span<std::byte> into) {
    hurried_.store(false);
    return handover_.Drain(into);
  }
  bool hurried() const { return hurried_.load(); }

  // Whether everything that nobody protects has been called a part of the system: not only a copy
  // of one of its programs, as a developer's Mac may have. Any thread.
  bool is_fooled() const { return is_fooled_.load(std::memory_order_relaxed); }

  // Any thread.
  Losses losses() const {
    return {kernel_events_.load(std::memory_order_relaxed), handover_.counters().dropped,
            malformed_.load(std::memory_order_relaxed)};
  }

 private:
  // One writer: no locked instruction needed.
  static void Add(std::atomic<u64>& counter, u64 by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  const size_t handover_bytes_;
  static constexpr u32 kClaimsMin = 3;

  const bool arguments_;  // SourceOptions::exec_arguments
  const Protection protection_;
  Claims claims_;  // the client's queue alone
  std::atomic<bool> is_fooled_{false};
  const MachClock clock_;
  EsSequence sequence_;  // the client's queue alone
  Ring handover_;
  std::atomic<u64> kernel_events_{0};
  std::atomic<u64> malformed_{0};
  std::atomic<bool> hurried_{false};
  const std::shared_ptr<Bell> bell_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_ES_HANDLER_H_
