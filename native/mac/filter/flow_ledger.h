// What the content filter reports, kept a flow at a time until the daemon has been told: counters
// are cumulative, so reports of a flow fold into one row and an absent daemon costs no byte until
// the table is full.
//
// A flow is named by (UUID, when it was first seen), since the kernel gives an identifier again
// (UDP after 30 s of silence); its record's flow_id is a hash of both. Counters that fall begin a
// new epoch. A close may never be reported (the kernel skips it when its queue is full), so a flow
// that was silent for long is closed as inexact, and goes on in a new epoch if it speaks again.
// Reports that come late, after a larger one or after the close, say nothing new and are counted
// so.
//
// A flow of which the first that is heard are counters was open before: it is told as found open,
// with the counters it was found with, so that nobody takes them for what passed since. Another
// process image than before begins a new epoch; what passed until then stays with the former, and
// so does what passed since its last report, which either may have sent. A last report of zeros
// after bytes closes the flow with what was counted, as counters that were lost.
//
// Threads: Push is called by any number of the provider's threads at once, also from handleNewFlow:
// it takes no lock, allocates nothing, does a bounded amount of work and drops, counted, when the
// queue is full. Everything else is called by one thread at a time, the ledger's; a batch is made
// there without holding anything that Push would wait for.
//
// Every report that was pushed is in exactly one of: told (in a batch that was taken), waiting, or
// one of the counters of what was dropped or said nothing new.
#ifndef FRESHET_MAC_FILTER_FLOW_LEDGER_H_
#define FRESHET_MAC_FILTER_FLOW_LEDGER_H_

#include <atomic>
#include <functional>

#include "mac/filter/flow_batch.h"
#include "mac/filter/flow_report.h"
#include "mac/filter/flow_rows.h"
#include "mac/filter/queued_report.h"
#include "mac/filter/report_queue.h"
#include "record.h"

namespace freshet {

inline constexpr u64 kNsPerLedgerSecond = 1'000'000'000;

struct LedgerOptions {
  // Rows: flows that are open, closed and not yet told, or known a while longer. 470 bytes each,
  // touched as they are used.
  u32 flows_max = 32'768;
  // Reports between the provider's threads and the ledger's. A power of two, at least 2; 416
  // bytes each.
  u32 queue_slots = 8'192;
  // A TCP flow, and any other, that was silent for so long counts as closed.
  u64 tcp_silent_ns = 24 * 3600 * kNsPerLedgerSecond;
  u64 other_silent_ns = 600 * kNsPerLedgerSecond;
  // Scatters UUIDs over the table: to be random where others could choose them.
  u64 seed = 0;
  // Called by a provider's thread when a quarter of the queue waits, once until the next Collect.
  // Must neither block nor call the ledger.
  std::function<void()> on_pressure = {};
};

class FlowLedger {
 public:
  struct Counters {
    u64 reports;               // pushed, the dropped ones included
    u64 queue_full;            // dropped: they found the queue full
    u64 malformed;             // dropped: no report can be so
    u64 table_full;            // dropped: of flows that had to make room for others
    u64 repeated;              // said nothing new
    u64 told;                  // are in batches that were taken
    u64 without_process;       // their token was absent, of a wrong length or of pid 0
    u64 unreadable_endpoints;  // text that is no endpoint; the report was used without it
    u64 evicted_flows;         // made room for others before all of them was told
  };

  explicit FlowLedger(LedgerOptions options);

  // Any thread. False when the report was dropped, and while the ledger is switched off.
  bool Push(const FlowReport& report);

  // Any thread. Off: reports are neither kept nor counted (the filter's kill switch). On at first.
  void Switch(bool on) { on_.store(on, std::memory_order_relaxed); }
  bool is_on() const { return on_.load(std::memory_order_relaxed); }

  // The ledger's thread, all that follow.

  // Takes in what was pushed; at most a queue's length, so that it ends.
  void Collect(u64 now_ns);

  // Closes what was silent for too long, a bounded number at a call.
  void Expire(u64 now_ns);

  // The filter stops: closes every open flow with what was counted last, as inexact. One that is
  // heard of again goes on in a new epoch.
  void CloseAll();

  // From now on every open flow is told anew, as already open, between a batch that `begins` and
  // one that `ends` the enumeration. A new one takes the place of one under way.
  void BeginEnumeration();

  // Fills `batch` with what waits, oldest first. What it holds counts as told, though the caller
  // must see to its delivery. A flow whose destination is not known yet is kept back for up to
  // kHoldNs.
  void TakeBatch(u64 now_ns, FlowBatch* batch);

  // Flows of which something is to be told.
  u32 waiting_flows() const { return rows_.turns(); }
  bool enumeration_waits() const { return begins_; }
  u32 flows() const { return rows_.used(); }
  Counters counters() const;

  static constexpr u64 kHoldNs = 10 * kNsPerLedgerSecond;
  // The kernel reports a flow at most twice a second: a smaller count so soon after a larger one
  // was overtaken, and is no new beginning.
  static constexpr u64 kOvertakenNs = kNsPerLedgerSecond / 4;
  // An identifier is not given again sooner after its close.
  static constexpr u64 kLateNs = 10 * kNsPerLedgerSecond;

 private:
  void Apply(const QueuedReport& report);
  void HandOver(u32 row, const QueuedReport& report);
  void TakeZero(u32 row, const QueuedReport& report);
  void ApplyToClosed(u32 row, const QueuedReport& report);
  void Count(u32 row, const QueuedReport& report);
  void Open(const QueuedReport& report);
  bool WasOpenBefore(const QueuedReport& report) const;
  void OpenNextEpoch(u32 row, const QueuedReport& report, bool counters_go_on);
  void Close(u32 row, u8 more_bits);
  void Supersede(u32 row);
  void Told(u32 row, u64* reports);
  u32 MakeRow();
  void Evict();
  void Forget(u32 row);
  void CloseSilent(Place place, u64 before_ns);

  const LedgerOptions options_;
  std::atomic<bool> on_{true};
  std::atomic<bool> pressed_{false};
  std::atomic<u64> pushed_{0};
  std::atomic<u64> queue_full_{0};
  std::atomic<u64> malformed_{0};
  std::atomic<u64> without_process_{0};
  std::atomic<u64> unreadable_endpoints_{0};
  ReportQueue<QueuedReport> queue_;

  FlowRows rows_;
  u64 opened_ = 0;       // flows, since the beginning
  u64 forgotten_ = 0;    // rows that went though their flow may speak again
  bool begins_ = false;  // an enumeration was asked for and no batch has begun it
  bool under_way_ = false;
  u32 enumerating_ = 0;  // rows that it still has to tell
  u64 table_full_ = 0;
  u64 repeated_ = 0;
  u64 told_ = 0;
  u64 evicted_flows_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_FLOW_LEDGER_H_
