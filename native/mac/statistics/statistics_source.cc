#include "mac/statistics/statistics_source.h"

#include <algorithm>
#include <utility>

#include "boot_clock.h"

namespace freshet {
namespace {

// Without root too: net.statistics_privcheck is 0 on macOS, so that anyone is told of every TCP and
// UDP flow (xnu bsd/net/ntstat.c, nstat_client_handle_add_all).
constexpr u32 kCapabilities =
    k_capability_connect_events | k_capability_flow_closes | k_capability_all_processes;
// With less than this in the ring its reader has caught up (es_reader.cc).
constexpr u64 kCaughtUpBytes = 64 << 10;

}  // namespace

StatisticsSource::StatisticsSource(Ring* ring, SourceOptions options, StatisticsOptions statistics,
                                   std::unique_ptr<StatisticsApi> api)
    : ring_(ring),
      options_(std::move(options)),
      statistics_(std::move(statistics)),
      api_(std::move(api)),
      emitter_(ring, k_source_network_statistics),
      book_(&emitter_, statistics_.book) {}

StatisticsSource::~StatisticsSource() { Stop(); }

bool StatisticsSource::Start() {
  if (started_) return true;
  started_ = api_->Start(this, options_.interval_ms);
  if (started_) AnswerForExecuted([this] { api_->Post([this] { TakeExecuted(); }); });
  return started_;
}

void StatisticsSource::RequestEnumerate() {
  if (started_) api_->Post([this] { Enumerate(); });
}

void StatisticsSource::Stop() {
  if (!started_) return;
  started_ = false;
  AnswerForExecuted(nullptr);
  api_->Stop();
}

void StatisticsSource::AnswerForExecuted(std::function<void()> ring) {
  if (options_.executed_pids != nullptr) options_.executed_pids->Answer(std::move(ring));
}

void StatisticsSource::TakeExecuted() {
  const WantedPids::Wanted executed = options_.executed_pids->Take();
  const u64 now_ns = SinceBootNs();
  bool changes = executed.all && book_.ManyExecuted(now_ns);
  if (!executed.all)
    for (const u32 pid : executed.pids) changes |= book_.Executed(pid, now_ns);
  if (changes) AskEarly();
  Wake(false);
}

void StatisticsSource::Began(std::string_view missing) {
  const u64 now_ns = SinceBootNs();
  missing_ = missing;
  is_silent_ = is_asked_ = asks_again_ = false;
  unanswered_ticks_ = answers_ = 0;
  book_.Begin(now_ns);
  // First, so that a mark which finds no room is made up for like everything else.
  dropped_ = ring_->counters().dropped;
  Say(k_mark_start, now_ns);
  enumerating_ = missing_.empty();
  if (enumerating_) Ask();
  Wake(true);
}

void StatisticsSource::Added(FlowSource source) { book_.Added(source, SinceBootNs()); }

void StatisticsSource::Described(FlowSource source, const FlowDescription& description) {
  book_.Described(source, description, is_asked_, SinceBootNs());
  Wake(false);
}

void StatisticsSource::Counted(FlowSource source, const FlowDescription& counts) {
  book_.Counted(source, counts, is_asked_, SinceBootNs());
  Wake(false);
}

void StatisticsSource::Removed(FlowSource source) {
  book_.Removed(source, SinceBootNs());
  Wake(false);
}

void StatisticsSource::Answered() {
  is_asked_ = false;
  unanswered_ticks_ = 0;
  answers_++;
  if (is_silent_) {
    is_silent_ = false;
    Enumerate();
  }
  // A Mac without a socket there is not: an empty answer came too early.
  const bool is_whole = book_.rows() > 0 && book_.is_complete();
  if (enumerating_ && (is_whole || answers_ >= kAnswersMax)) FinishEnumeration();
  if (std::exchange(asks_again_, false)) AskEarly();
  Wake(true);
}

void StatisticsSource::Tick() {
  const u64 now_ns = SinceBootNs();
  book_.Tick(now_ns);
  early_ = 0;
  if (missing_.empty()) {
    if (is_asked_ && ++unanswered_ticks_ == kSilentTicks) {
      is_silent_ = true;
      Say(k_mark_start, now_ns);
    }
    // One question at a time; again when the last one seems to be lost.
    if (!is_asked_ || unanswered_ticks_ % kSilentTicks == 0) Ask();
    MakeUpForLoss(now_ns);
  }
  emitter_.EmitLosses(now_ns);
  ring_->Release();
  Wake(true);
}

void StatisticsSource::Ended() {
  Say(k_mark_stop, SinceBootNs());
  Wake(true);
}

void StatisticsSource::Ask() {
  is_asked_ = true;
  book_.Asked();
  api_->Query();
}

// An answer that is under way may be of before.
void StatisticsSource::AskEarly() {
  if (!missing_.empty() || is_silent_ || enumerating_) return;
  if (is_asked_) {
    asks_again_ = true;
  } else if (early_ < kEarlyMax) {
    early_++;
    Ask();
  }
}

void StatisticsSource::Enumerate() {
  Say(k_mark_start, SinceBootNs());
  // Under way, its end tells all anyway.
  if (missing_.empty() && !is_silent_ && !enumerating_) FinishEnumeration();
  Wake(true);
}

void StatisticsSource::FinishEnumeration() {
  const u64 now_ns = SinceBootNs();
  enumerating_ = false;
  enumerated_ns_ = now_ns;
  book_.Looked();
  book_.TellAll(now_ns);
  Say(k_mark_enumerated, now_ns);
}

// A close that found the ring full is made up for by an enumeration that leaves the flow out.
void StatisticsSource::MakeUpForLoss(u64 now_ns) {
  const Ring::Counters counters = ring_->counters();
  if (enumerating_ || is_silent_ || counters.dropped == dropped_ ||
      counters.waiting_bytes >= kCaughtUpBytes ||
      now_ns < enumerated_ns_ + statistics_.after_loss_ns)
    return;
  dropped_ = counters.dropped;
  Enumerate();
}

void StatisticsSource::Say(u32 kind, u64 now_ns) {
  std::string note;
  if (!missing_.empty())
    note = "Network flows are not seen by the NetworkStatistics framework: " + missing_ + ".";
  else if (is_silent_)
    note = "Network flows are not seen by the NetworkStatistics framework: it does not answer.";
  mark_record mark{};
  mark.kind = kind;
  mark.capabilities = note.empty() ? kCapabilities : 0;
  mark.gaps = note.empty() ? 0 : k_gap_network_statistics;
  std::copy(statistics_.book.boot_id.begin(), statistics_.book.boot_id.end(), mark.boot_id);
  mark.layout = kRecordLayout;
  mark.unix_ns = statistics_.unix_ns();
  if (kind == k_mark_stop) return emitter_.End(mark, now_ns);
  emitter_.Emit(mark, now_ns, kind == k_mark_start ? note : "");
}

void StatisticsSource::Wake(bool at_once) {
  if (!at_once && is_asked_) return;
  if (ring_->Flush() && options_.on_readable) options_.on_readable();
}

}  // namespace freshet
