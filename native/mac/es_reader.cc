#include "mac/es_reader.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "mac/boot_session.h"

namespace freshet {
namespace {

constexpr u64 kNsPerMs = 1'000'000;
constexpr u64 kNsPerSecond = 1'000'000'000;
constexpr u64 kClockStepNs = kNsPerSecond / 2;
constexpr u64 kSleepNs = kNsPerSecond;
constexpr size_t kBatchBytes = 256 << 10;
// More pids than macOS has (PID_MAX is 99,999).
constexpr size_t kHeardMax = 1 << 17;
// With less than this in the ring its reader has caught up: an enumeration will find room.
constexpr u64 kCaughtUpBytes = 64 << 10;

// Only to wait by; it need not tell anything but passing time.
u64 SteadyNs() {
  return static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::steady_clock::now().time_since_epoch())
                              .count());
}

u64 Distance(u64 a, u64 b) { return a > b ? a - b : b - a; }

}  // namespace

EsReader::EsReader(Ring* ring, const SourceOptions& options, const EsOptions& es_options,
                   std::shared_ptr<Bell> bell, EsRequests* requests)
    : ring_(ring),
      options_(options),
      es_options_(es_options),
      bell_(std::move(bell)),
      requests_(requests),
      emitter_(ring, k_source_endpoint_security),
      batch_(kBatchBytes),
      silence_(es_options.silent_ms * kNsPerMs, es_options.under_way_ms * kNsPerMs),
      retry_ns_(es_options.retry_ms * kNsPerMs) {
  static_assert(kBatchBytes >= kRecordBytesMax);
}

void EsReader::Run() {
  asleep_ns_ = clock_.AsleepNs();
  TryClient();
  Enumerate();
  tick_due_ns_ = SteadyNs();
  while (!stopping()) {
    Wait();
    if (stopping()) break;
    const u64 now_ns = SteadyNs();
    const bool retry = retry_due_ns_ != 0 && now_ns >= retry_due_ns_;
    const EsAnswer before = answer_;
    if (retry) TryClient();
    PassOn();
    WatchSilence(now_ns);
    const u64 since_ns = now_ns - enumerated_ns_;
    const Ring::Counters counters = ring_->counters();
    const bool lost = lost_ || counters.dropped != dropped_;
    const bool caught_up = lost && since_ns >= es_options_.after_loss_ms * kNsPerMs &&
                           counters.waiting_bytes < kCaughtUpBytes;
    if (requests_->enumerate.exchange(false) || answer_ != before || is_fooled_ != IsFooled() ||
        caught_up)
      Enumerate();
    if (now_ns >= tick_due_ns_) Tick();
    emitter_.EmitLosses(clock_.NowNs());
    Flush();
  }
  client_.Close();
  PassOn();
  EmitMark(k_mark_stop, "");
  Flush();
}

void EsReader::TryClient() {
  auto handler = std::make_shared<EsHandler>(es_options_.handover_bytes, bell_,
                                             options_.exec_arguments, es_options_.protection);
  answer_ = client_.Open(handler);
  RetryLater();
  if (answer_ != EsAnswer::kOpen) return;
  handler_ = std::move(handler);
  told_ = {};
  silence_.Heard(SteadyNs());
}

void EsReader::RetryLater() {
  const u64 now_ns = SteadyNs();
  switch (AdviceFor(answer_).retry) {
    case EsRetry::kNever:
      retry_due_ns_ = 0;
      return;
    case EsRetry::kSteady:
      retry_due_ns_ = now_ns + es_options_.retry_ms * kNsPerMs;
      return;
    case EsRetry::kSlower:
      retry_due_ns_ = now_ns + retry_ns_;
      retry_ns_ = std::min(retry_ns_ * 2, es_options_.retry_max_ms * kNsPerMs);
      return;
  }
}

void EsReader::WatchSilence(u64 now_ns) {
  if (!client_.is_open() || !silence_.IsDue(now_ns)) return;
  std::vector<u64> alive;
  const int error = es_options_.tell_running(
      [&alive](u32 pid, u32 pidversion) {
        alive.push_back(EsSilence::ImageOf(pid, pidversion));
        return true;
      },
      [](const exec_record&, const ExecText&) {}, [](const code_record&, std::string_view) {});
  PassOn();
  // What was heard meanwhile ended the silence.
  if (error != 0 || !silence_.IsDue(now_ns)) return;
  const u64 unheard = silence_.Look(now_ns, std::move(alive));
  if (unheard == 0) return;
  client_.Close();
  PassOn();
  emitter_.CountLoss(k_loss_kernel_events, unheard);
  answer_ = EsAnswer::kSilent;
  RetryLater();
}

bool EsReader::IsFooled() const { return handler_ != nullptr && handler_->is_fooled(); }

void EsReader::Enumerate() {
  is_fooled_ = IsFooled();
  // First, so that a mark which finds no room is made up for like everything else.
  dropped_ = ring_->counters().dropped;
  EmitMark(k_mark_start, MissingNote());
  heard_.clear();
  lost_ = false;
  enumerating_ = true;
  const int error = es_options_.tell_running(
      [this](u32 pid, u32) {
        PassOn();
        return stopping() || heard_.contains(pid);
      },
      [this](const exec_record& record, const ExecText& text) {
        const u64 started_ns = record.header.at_ns;
        emitter_.Emit(record, started_ns != 0 ? started_ns : clock_.NowNs(), text);
      },
      [this](const code_record& record, std::string_view path) {
        emitter_.Emit(record, clock_.NowNs(), path);
      });
  PassOn();
  enumerating_ = false;
  enumerated_ns_ = SteadyNs();
  // An enumeration that is not complete ends no process: it is made again.
  if (error != 0)
    lost_ = true;
  else if (!stopping())
    EmitMark(k_mark_enumerated, "");
  Flush();
}

void EsReader::PassOn() {
  passed_on_ns_ = SteadyNs();
  if (handler_ == nullptr) return;
  size_t passed = 0;
  size_t length;
  do {
    length = handler_->Drain(batch_);
    for (size_t at = 0; at < length;) {
      u32 size;
      std::memcpy(&size, &batch_[at], sizeof(size));
      const Bytes record(&batch_[at], size);
      if (enumerating_) Hear(record);
      emitter_.Forward(record);
      if (options_.executed_pids != nullptr) SayExecuted(record);
      at += size;
    }
    passed += length;
    Flush();
  } while (length > 0 && passed < es_options_.handover_bytes);
  more_waits_ = length > 0;
  if (passed > 0) {
    silence_.Heard(passed_on_ns_);
    retry_ns_ = es_options_.retry_ms * kNsPerMs;
  }
  CountLosses();
}

// What an exec or exit told of a pid is newer than what the enumeration has read of it: the image
// is another by now, or the process gone. A fork says nothing of the kind: whose parent was not
// told yet is named by the enumeration alone.
void EsReader::Hear(Bytes record) {
  Header header;
  std::memcpy(&header, record.data(), sizeof(header));
  size_t at;
  if (header.type == exec_record::kType)
    at = offsetof(exec_record, pid);
  else if (header.type == exit_record::kType)
    at = offsetof(exit_record, pid);
  else
    return;
  u32 pid;
  std::memcpy(&pid, &record[at], sizeof(pid));
  if (heard_.size() < kHeardMax) heard_.insert(pid);
}

void EsReader::SayExecuted(Bytes record) {
  exec_record exec;
  std::memcpy(&exec.header, record.data(), sizeof(exec.header));
  if (exec.header.type != exec_record::kType) return;
  std::memcpy(&exec, record.data(), sizeof(exec));
  options_.executed_pids->Ask(exec.pid);
}

void EsReader::CountLosses() {
  const EsHandler::Losses now = handler_->losses();
  const u64 kernel_events = now.kernel_events - told_.kernel_events;
  const u64 handover_full = now.handover_full - told_.handover_full;
  const u64 malformed = now.malformed - told_.malformed;
  if (kernel_events > 0) emitter_.CountLoss(k_loss_kernel_events, kernel_events);
  if (handover_full > 0) emitter_.CountLoss(k_loss_ring_full, handover_full);
  if (malformed > 0) emitter_.CountLoss(k_loss_malformed, malformed);
  if (kernel_events + handover_full > 0) lost_ = true;
  told_ = now;
}

void EsReader::Wait() {
  if (more_waits_) return;
  u64 due_ns = tick_due_ns_;
  if (retry_due_ns_ != 0) due_ns = std::min(due_ns, retry_due_ns_);
  u64 now_ns = SteadyNs();
  if (due_ns <= now_ns || !bell_->Wait(due_ns - now_ns)) return;
  const u64 gathered_ns = std::min(passed_on_ns_ + es_options_.gather_ms * kNsPerMs, due_ns);
  while (!stopping() && !(handler_ != nullptr && handler_->hurried())) {
    now_ns = SteadyNs();
    if (now_ns >= gathered_ns) return;
    bell_->Wait(gathered_ns - now_ns);
  }
}

void EsReader::Tick() {
  const u64 now_ns = SteadyNs();
  const u64 interval_ns = options_.interval_ms * kNsPerMs;
  tick_due_ns_ += ((now_ns - tick_due_ns_) / interval_ns + 1) * interval_ns;
  const u64 asleep_ns = clock_.AsleepNs();
  if (Distance(asleep_ns, asleep_ns_) > kSleepNs) {
    asleep_ns_ = asleep_ns;
    EmitMark(k_mark_wake, "");
  }
  if (Distance(es_options_.unix_ns() - clock_.NowNs(), unix_less_boot_ns_) >= kClockStepNs)
    EmitMark(k_mark_clock, "");
  tick_record tick{};
  tick.unix_ns = es_options_.unix_ns();
  emitter_.Emit(tick, clock_.NowNs());
  ring_->Release();
}

void EsReader::EmitMark(u32 kind, const std::string& note) {
  mark_record mark{};
  mark.kind = kind;
  mark.capabilities = (client_.is_open() ? k_capability_process_events : 0) |
                      (client_.is_open() || geteuid() == 0 ? k_capability_all_processes : 0);
  ReadBootId(mark.boot_id);
  mark.gaps = AdviceFor(answer_).gap | (is_fooled_ ? k_gap_platform_claims : 0);
  mark.layout = kRecordLayout;
  mark.unix_ns = es_options_.unix_ns();
  const u64 now_ns = clock_.NowNs();
  unix_less_boot_ns_ = mark.unix_ns - now_ns;
  if (kind == k_mark_stop) return emitter_.End(mark, now_ns);
  emitter_.Emit(mark, now_ns, note);
}

void EsReader::Flush() {
  if (ring_->Flush() && options_.on_readable) options_.on_readable();
}

std::string EsReader::MissingNote() const {
  if (client_.is_open() && is_fooled_)
    return "Endpoint Security calls every program a part of the system, as it is said to under a "
           "host that is signed ad hoc: what it says of signatures is not believed, and files are "
           "looked at instead.";
  if (client_.is_open()) return "";
  return std::string("Programs are not told by Endpoint Security: ") + AdviceFor(answer_).reason;
}

}  // namespace freshet
