// The source of flows that wants no entitlement, no team and no approval: what the kernel counts,
// by the NetworkStatistics framework.
//
// Threads: all is decided on the framework's one queue, where its dictionaries are: each is good
// for its block alone, there are two a flow and second, and nothing waits for the queue as the
// kernel waits for an Endpoint Security handler. Its timer ticks there too, so the ring has one
// producer and the book no lock.
#ifndef FRESHET_MAC_STATISTICS_STATISTICS_SOURCE_H_
#define FRESHET_MAC_STATISTICS_STATISTICS_SOURCE_H_

#include <functional>
#include <memory>
#include <string>

#include "emitter.h"
#include "mac/statistics/flow_book.h"
#include "mac/statistics/statistics_api.h"
#include "source.h"

namespace freshet {

struct StatisticsOptions {
  BookOptions book;
  std::function<u64()> unix_ns;
  // After records were lost all is enumerated anew, when so long has passed since the last time and
  // the ring's reader has caught up. As EsOptions::after_loss_ms.
  u64 after_loss_ns = 10'000'000'000;
};

// Says marks, flows, names, whose process had gone, and losses; ticks of the engine's clock are the
// source of processes'. Flows are asked for each interval. mark(enumerated) comes when each flow
// that was open at the start has been described and counted; without the framework there is none,
// and mark(start) says what is missing.
class StatisticsSource final : public Source, private StatisticsApi::Handler {
 public:
  // REQUIRES: what `statistics` names may be called on the framework's queue.
  StatisticsSource(Ring* ring, SourceOptions options, StatisticsOptions statistics,
                   std::unique_ptr<StatisticsApi> api);
  ~StatisticsSource() override;

  bool Start() override;
  void RequestEnumerate() override;
  void Stop() override;

  // A framework that left so many ticks unanswered counts as missing.
  static constexpr u32 kSilentTicks = 10;
  // The first enumeration waits so many answers for flows, and for what describes them.
  static constexpr u32 kAnswersMax = 3;
  // Queries before their time, between two ticks: somebody may execute programs all the time.
  static constexpr u32 kEarlyMax = 4;

 private:
  using FlowSource = StatisticsApi::FlowSource;

  void Began(std::string_view missing) override;
  void Added(FlowSource source) override;
  void Described(FlowSource source, const FlowDescription& description) override;
  void Counted(FlowSource source, const FlowDescription& counts) override;
  void Removed(FlowSource source) override;
  void Answered() override;
  void Tick() override;
  void Ended() override;

  // Of processes that have executed another program (SourceOptions::executed_pids): what their
  // flows send from now on is that one's, so they are counted at once. An exec that nobody tells is
  // found with the flow's next counts, and not at all where its process has gone by then.
  void TakeExecuted();
  void AnswerForExecuted(std::function<void()> ring);
  void Ask();
  void AskEarly();
  void Enumerate();
  void FinishEnumeration();
  void MakeUpForLoss(u64 now_ns);
  void Say(u32 kind, u64 now_ns);
  // Once a burst: while an answer comes, at its end.
  void Wake(bool at_once);

  Ring* const ring_;
  const SourceOptions options_;
  const StatisticsOptions statistics_;
  const std::unique_ptr<StatisticsApi> api_;
  bool started_ = false;  // the owner's

  // The queue's.
  Emitter emitter_;
  FlowBook book_;
  std::string missing_;       // of the framework; empty while it works
  bool is_silent_ = false;    // it works no more: it does not answer
  bool is_asked_ = false;     // an answer is to come
  u32 unanswered_ticks_ = 0;  // since it was asked
  u32 early_ = 0;             // queries before their time, since the last tick
  bool asks_again_ = false;   // as soon as it has answered
  u32 answers_ = 0;           // since the start
  bool enumerating_ = false;  // mark(enumerated) is owed
  u64 enumerated_ns_ = 0;
  u64 dropped_ = 0;  // by the ring, at the last enumeration
};

// Apple's calls. macOS only.
std::unique_ptr<StatisticsApi> MakeStatisticsApi();
std::unique_ptr<Source> MakeNetworkStatistics(Ring* ring, SourceOptions options);

}  // namespace freshet

#endif  // FRESHET_MAC_STATISTICS_STATISTICS_SOURCE_H_
