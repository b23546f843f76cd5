#include "mac/polling/polling_source.h"

#include <errno.h>

#include <algorithm>

#include "boot_clock.h"
#include "mac/polling/process_watch.h"

namespace freshet {
namespace {

constexpr u64 kNsPerMs = 1'000'000;
constexpr size_t kEventsMax = 256;
// With less than this in the ring its reader has caught up (es_reader.cc).
constexpr u64 kCaughtUpBytes = 64 << 10;
constexpr char kNote[] =
    "Programs that begin and end between two looks at the list of processes, four a second, and "
    "use no network are not seen: that takes Endpoint Security, or Full Disk Access for macOS's "
    "eslogger.";
constexpr char kNoteWithoutRoot[] =
    "Programs of other users are not seen, nor those that begin and end between two looks at the "
    "list of processes: run freshet as root.";

// What the source's thread does.
class Reader {
 public:
  Reader(Ring* ring, const SourceOptions& options, const PollingOptions& polling, RunningApi* api,
         ProcessEvents* events)
      : ring_(ring),
        options_(options),
        polling_(polling),
        emitter_(ring, k_source_polling),
        watch_(api, events, &emitter_, OnExecuted(options)) {}

  void Enumerate() {
    const u64 now_ns = SinceBootNs();
    // First, so that a mark which finds no room is made up for like everything else.
    dropped_ = ring_->counters().dropped;
    Say(k_mark_start, polling_.is_root ? kNote : kNoteWithoutRoot);
    // An enumeration that is not complete ends no process: it is made again.
    is_owed_ = watch_.Enumerate(now_ns) != 0;
    if (!is_owed_) Say(k_mark_enumerated, "");
    enumerated_ns_ = looked_ns_ = now_ns;
    is_due_early_ = false;
    Flush();
  }

  // After events and wishes: looks, if that is due.
  void Go(std::span<const ProcessEvent> events, WantedPids::Wanted wanted, bool enumerate) {
    const u64 now_ns = SinceBootNs();
    is_due_early_ |= watch_.Take(events, now_ns);
    for (const u32 pid : wanted.pids) watch_.LookAt(pid, now_ns);
    const Ring::Counters counters = ring_->counters();
    const bool again = (is_owed_ || counters.dropped != dropped_) &&
                       counters.waiting_bytes < kCaughtUpBytes &&
                       now_ns >= enumerated_ns_ + polling_.after_loss_ms * kNsPerMs;
    if (enumerate || again) {
      Enumerate();
    } else if (wanted.all || now_ns >= DueNs()) {
      // A list that cannot be had may be had the next time: nothing is known to have ended.
      watch_.Look(now_ns);
      looked_ns_ = now_ns;
      is_due_early_ = false;
      ring_->Release();
    }
    emitter_.EmitLosses(now_ns);
    Flush();
  }

  u64 WaitNs() const {
    const u64 now_ns = SinceBootNs();
    return DueNs() > now_ns ? DueNs() - now_ns : 0;
  }

  void End() {
    Say(k_mark_stop, "");
    Flush();
  }

 private:
  static std::function<void(u32)> OnExecuted(const SourceOptions& options) {
    if (options.executed_pids == nullptr) return {};
    return [executed = options.executed_pids](u32 pid) { executed->Ask(pid); };
  }

  u64 DueNs() const {
    return looked_ns_ + (is_due_early_ ? polling_.after_fork_ms : polling_.look_ms) * kNsPerMs;
  }

  void Say(u32 kind, std::string_view note) {
    mark_record mark{};
    mark.kind = kind;
    mark.capabilities = polling_.is_root ? k_capability_all_processes : 0;
    mark.gaps = k_gap_short_lived | (polling_.is_root ? 0 : k_gap_not_root);
    std::copy(polling_.boot_id.begin(), polling_.boot_id.end(), mark.boot_id);
    mark.layout = kRecordLayout;
    mark.unix_ns = polling_.unix_ns();
    const u64 now_ns = SinceBootNs();
    if (kind == k_mark_stop) return emitter_.End(mark, now_ns);
    emitter_.Emit(mark, now_ns, note);
  }

  void Flush() {
    if (ring_->Flush() && options_.on_readable) options_.on_readable();
  }

  Ring* const ring_;
  const SourceOptions& options_;
  const PollingOptions& polling_;
  Emitter emitter_;
  ProcessWatch watch_;
  u64 looked_ns_ = 0;
  bool is_due_early_ = false;  // somebody forked since then
  u64 enumerated_ns_ = 0;
  u64 dropped_ = 0;  // by the ring, at the last enumeration
  bool is_owed_ = false;
};

}  // namespace

PollingSource::PollingSource(Ring* ring, SourceOptions options, PollingOptions polling,
                             std::unique_ptr<RunningApi> api, std::unique_ptr<ProcessEvents> events)
    : ring_(ring),
      options_(std::move(options)),
      polling_(std::move(polling)),
      api_(std::move(api)),
      events_(std::move(events)) {}

PollingSource::~PollingSource() { Stop(); }

bool PollingSource::Start() {
  if (!events_->Open()) return false;
  stop_.store(false);
  enumerate_.store(false);
  // Before the first list is read: who began after it may be asked for already.
  Answer([this] { events_->Ring(); });
  if (thread_.Start("freshet-poll", [this] { Run(); })) return true;
  const int error = errno;
  Answer(nullptr);
  events_->Close();
  errno = error;
  return false;
}

void PollingSource::RequestEnumerate() {
  if (!thread_.running()) return;
  enumerate_.store(true);
  events_->Ring();
}

void PollingSource::Stop() {
  if (!thread_.running()) return;
  Answer(nullptr);
  stop_.store(true);
  events_->Ring();
  thread_.Join();
  events_->Close();
}

void PollingSource::Answer(std::function<void()> ring) {
  if (options_.wanted_pids != nullptr) options_.wanted_pids->Answer(std::move(ring));
}

void PollingSource::Run() {
  Reader reader(ring_, options_, polling_, api_.get(), events_.get());
  std::array<ProcessEvent, kEventsMax> events;
  reader.Enumerate();
  while (!stop_.load()) {
    const size_t count = events_->Wait(reader.WaitNs(), events);
    if (stop_.load()) break;
    WantedPids::Wanted wanted;
    if (options_.wanted_pids != nullptr) wanted = options_.wanted_pids->Take();
    reader.Go(std::span(events).first(count), std::move(wanted), enumerate_.exchange(false));
  }
  reader.End();
}

}  // namespace freshet
