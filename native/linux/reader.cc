#include "linux/reader.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

#include "linux/clock.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

// Events are gathered for so long after the first; while they keep coming for longer, which bounds
// what is told to some twenty batches a second.
constexpr u64 kGatherMs = 16;
constexpr u64 kGatherBusyMs = 50;
// Between two looks at what is executed, while it is gathered.
constexpr int kLookMs = 1;
// How often kept program files are let go of.
constexpr int kExpireMs = 250;
// A perf event is stamped before it is visible: what is older than this is.
constexpr int kSettleMs = 2;
constexpr size_t kDestroyedMax = 20'000;
constexpr u64 kOverdueNs = 10 * kNsPerSecond;
constexpr u64 kClockStepNs = kNsPerSecond / 2;
constexpr u64 kSleepNs = kNsPerSecond;
// At a time: the maps of some 60 processes. What comes meanwhile waits in the rings.
constexpr u64 kReadCodeNs = 20 * kNsPerMs;

constexpr u32 kOpenStates = 1u << kTcpEstablished | 1u << kTcpFinWait1 | 1u << kTcpFinWait2 |
                            1u << kTcpCloseWait | 1u << kTcpLastAck | 1u << kTcpClosing;

// pidversions of this run: milliseconds since boot at its start, and upwards. Images are made more
// slowly than one a millisecond, so that two runs in one boot do not use the same.
u32 FirstVersion() { return static_cast<u32>(BoottimeNs() / kNsPerMs) | 1; }

void Watch(int poller, int fd) {
  if (fd < 0) return;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace

Reader::Reader(Ring* ring, const SourceOptions& options, const LinuxOptions& linux_options,
               int stop_fd, int enumerate_fd)
    : ring_(ring),
      options_(options),
      linux_options_(linux_options),
      stop_fd_(stop_fd),
      enumerate_fd_(enumerate_fd),
      emitter_(ring, k_source_linux),
      tracefs_(linux_options.tracefs_mounts, linux_options.may_mount_tracefs),
      layouts_(ReadTraceLayouts(tracefs_)),
      perf_(&layouts_, linux_options.perf_ring_bytes),
      destroy_(linux_options.destroy_buffer_bytes),
      sees_all_(CanReadOthers()),
      processes_(&emitter_, {.processes_max = linux_options.processes_max,
                             .first_version = FirstVersion(),
                             .own_only = !sees_all_,
                             .has_exec_names = perf_.has_exec_names(),
                             .arguments = options.exec_arguments}),
      connections_(&processes_, &emitter_, {}),
      flows_(&processes_, &connections_, &emitter_,
             {.flows_max = linux_options.flows_max, .own_only = !sees_all_}),
      exec_catcher_(options.programs, processes_.places(), perf_.has_exec_names()),
      timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)),
      poller_(epoll_create1(EPOLL_CLOEXEC)),
      gather_poller_(epoll_create1(EPOLL_CLOEXEC)) {
  if (options.kernel_programs) kernel_.emplace(linux_options.btf_path);
  if (kernel_) processes_.AskOfRunning([this](u32 pid) { return kernel_->LookAtRunning(pid); });
  if (options.programs != nullptr) catcher_.emplace(options.programs);
  if (options.exec_arguments) argument_catcher_.emplace();
  for (const int fd : {stop_fd_, enumerate_fd_, timer_.get(), destroy_.descriptor()})
    Watch(poller_.get(), fd);
  Watch(gather_poller_.get(), stop_fd_);
  if (kernel_) {
    Watch(poller_.get(), kernel_->descriptor());
    Watch(gather_poller_.get(), kernel_->descriptor());
  }
  for (const int fd : perf_.descriptors()) {
    Watch(poller_.get(), fd);
    Watch(gather_poller_.get(), fd);
  }
  const time_t seconds = options.interval_ms / 1000;
  const long rest_ns = static_cast<long>(options.interval_ms % 1000 * kNsPerMs);
  const itimerspec every{{seconds, rest_ns}, {seconds, rest_ns}};
  timerfd_settime(timer_.get(), 0, &every, nullptr);
  flows_.SetClosesLost(!destroy_.ok());
  flows_.SetFinals(kernel_ && kernel_->has_finals());
}

Reader::~Reader() {
  if (options_.programs != nullptr) options_.programs->Clear();
}

void Reader::Run() {
  boot_less_monotonic_ns_ = BoottimeNs() - MonotonicNs();
  EmitMark(k_mark_start, MissingNote(SeenNow()));
  processes_.Reconcile(BoottimeNs(), [this] { return Stopping(0); });
  if (!Stopping(0)) FindListeners();
  if (Cycle(true, true)) {
    EmitMark(k_mark_enumerated, "");
    Flush();
    for (Wake wake = Wait(); wake != Wake::kStop; wake = Wait())
      if (!Cycle(wake == Wake::kTick, false)) break;
  }
  // What came since the last cycle, and what the kernel dropped meanwhile.
  Digest(false, false);
  TellKernelCounts(BoottimeNs());
  EmitMark(k_mark_stop, "");
  Flush();
}

Reader::Wake Reader::Wait() {
  for (;;) {
    const bool keeps = options_.programs != nullptr && options_.programs->Expire(MonotonicNs());
    epoll_event events[32];
    const int wait_ms = perf_.holds() ? 0 : keeps ? kExpireMs : -1;
    const int count = epoll_wait(poller_.get(), events, 32, wait_ms);
    if (count < 0 && errno != EINTR) return Wake::kStop;
    bool tick = false;
    bool other = perf_.holds();
    for (int index = 0; index < count; index++) {
      const int fd = events[index].data.fd;
      u64 times;
      if (fd == stop_fd_) return Wake::kStop;
      if (fd == timer_.get()) {
        tick = read(fd, &times, sizeof(times)) == sizeof(times);
      } else if (fd == enumerate_fd_) {
        if (read(fd, &times, sizeof(times)) == sizeof(times)) Enumerate();
      } else {
        other = true;
      }
    }
    if (other) Collect();
    if (tick) return Wake::kTick;
    if (other) return Wake::kEvents;
  }
}

void Reader::Collect() {
  const u64 now_ns = MonotonicNs();
  if (kernel_)
    kernel_->Take([this](std::span<const std::byte> record) {
      KernelExec exec;
      const KernelEvent event = ParseKernelEvent(record, &exec);
      if (event.kind == KernelEvent::Kind::kExec)
        kernel_execs_.Keep(exec);
      else if (event.kind == KernelEvent::Kind::kMalformed)
        emitter_.CountLoss(k_loss_malformed, 1);
      else if (!kernel_events_.Push(event))
        emitter_.CountLoss(k_loss_kernel_events, 1);
    });
  perf_.Collect([&](const PerfEvent& event) {
    if (catcher_) catcher_->See(event, now_ns);
    exec_catcher_.See(event, now_ns);
    if (argument_catcher_) argument_catcher_->See(event);
  });
}

bool Reader::Stopping(int wait_ms) const {
  pollfd stop{stop_fd_, POLLIN, 0};
  return poll(&stop, 1, wait_ms) > 0;
}

bool Reader::Gather(u64 ms) {
  const u64 end_ns = MonotonicNs() + ms * kNsPerMs;
  u64 looked_ns = 0;
  for (;;) {
    u64 now_ns = MonotonicNs();
    if (now_ns - looked_ns < kLookMs * kNsPerMs) {
      if (Stopping(kLookMs)) return false;
      now_ns = MonotonicNs();
    }
    if (now_ns >= end_ns) return true;
    epoll_event events[32];
    const int left_ms = static_cast<int>((end_ns - now_ns + kNsPerMs - 1) / kNsPerMs);
    const int count = epoll_wait(gather_poller_.get(), events, 32, left_ms);
    for (int index = 0; index < count; index++)
      if (events[index].data.fd == stop_fd_) return false;
    if (count <= 0) continue;
    Collect();
    looked_ns = MonotonicNs();
  }
}

bool Reader::Cycle(bool tick, bool enumerating) {
  const bool busy = MonotonicNs() - cycled_ns_ < kGatherBusyMs * kNsPerMs;
  const u64 gather_ms = busy ? kGatherBusyMs : kGatherMs;
  if (!Gather(std::min<u64>(gather_ms, options_.interval_ms))) return false;
  Digest(tick, enumerating);
  return true;
}

void Reader::Digest(bool tick, bool enumerating) {
  u64 overruns = 0;
  u64 malformed = 0;
  destroyed_.clear();
  dumped_.clear();
  if (destroy_.ok()) destroy_.Receive(kDestroyedMax, &destroyed_, &overruns, &malformed);
  dump_began_ns_ = BoottimeNs();
  const bool complete = tick && dumper_.ok() && dumper_.Dump(kOpenStates, &dumped_, &malformed);
  const u64 horizon_ns = MonotonicNs();
  poll(nullptr, 0, kSettleMs);
  Collect();
  perf_.Take(horizon_ns, [this](const PerfEvent& event) {
    HandleKernel(event.at_ns);
    HandlePerf(event);
  });
  HandleKernel(horizon_ns);
  const u64 now_ns = BoottimeNs();
  if (overruns > 0) {
    emitter_.CountLoss(k_loss_flow_closes, overruns);
    overrun_ns_ = now_ns;
    flows_.SetClosesLost(true);
  }
  if (malformed > 0) emitter_.CountLoss(k_loss_malformed, malformed);
  if (const u64 dropped = perf_.TakeDropped()) {
    emitter_.CountLoss(k_loss_kernel_events, dropped);
    events_lost_ = true;
  }
  for (const DiagSocket& socket : destroyed_) flows_.Closed(socket, now_ns);
  if (tick) {
    flows_.Dumped(dumped_, complete, enumerating, dump_began_ns_, now_ns);
    Tick(now_ns);
  }
  emitter_.EmitLosses(now_ns);
  Flush();
  cycled_ns_ = MonotonicNs();
}

void Reader::HandlePerf(const PerfEvent& event) {
  using Kind = PerfEvent::Kind;
  const u64 at_ns = event.at_ns + boot_less_monotonic_ns_;
  switch (event.kind) {
    case Kind::kOther:
      break;
    case Kind::kMalformed:
      emitter_.CountLoss(k_loss_malformed, 1);
      break;
    case Kind::kImage:
      processes_.Image(event.pid, at_ns);
      break;
    case Kind::kMap:
      processes_.Map(event.pid, at_ns, event.path, event.dev, event.ino);
      break;
    case Kind::kExec:
      processes_.Exec(event.pid, at_ns, event.path,
                      {.caught = exec_catcher_.Find(event),
                       .arguments = argument_catcher_ ? argument_catcher_->Find(event) : nullptr,
                       .kernel = FindKernelExec(event)});
      break;
    case Kind::kFork:
      processes_.Fork(event.pid, event.tid, event.parent_pid, at_ns);
      break;
    case Kind::kExit:
      processes_.Exit(event.pid, event.tid, at_ns);
      break;
    case Kind::kLost:
      emitter_.CountLoss(k_loss_kernel_events, event.lost);
      events_lost_ = true;
      break;
    case Kind::kSocketState:
      connections_.State(event, at_ns);
      break;
    case Kind::kMptcpState:
      connections_.Mptcp(event);
      break;
    case Kind::kDestroySocket:
      connections_.Destroyed(event, at_ns);
      break;
  }
}

const KernelExec* Reader::FindKernelExec(const PerfEvent& event) const {
  if (!kernel_) return nullptr;
  return kernel_execs_.Find(event.pid, event.at_ns,
                            [&](u64 at_ns) { return exec_catcher_.IsNearest(event, at_ns); });
}

void Reader::HandleKernel(u64 horizon_ns) {
  kernel_events_.Take(horizon_ns, [this](const KernelEvent& event) {
    if (event.kind == KernelEvent::Kind::kFinal)
      flows_.Final(event, event.at_ns + boot_less_monotonic_ns_);
    if (event.kind == KernelEvent::Kind::kWriter) flows_.Wrote(event, processes_.NameOf(event.pid));
    if (event.kind == KernelEvent::Kind::kSubflow) flows_.Joins(event);
    if (event.kind == KernelEvent::Kind::kSender)
      senders_.Begin(event.sender, processes_.NameOf(event.pid));
  });
}

void Reader::TellKernelCounts(u64 now_ns) {
  if (!kernel_) return;
  if (const u64 dropped = kernel_->TakeDropped()) emitter_.CountLoss(k_loss_kernel_events, dropped);
  std::vector<KernelPrograms::Sent> sums;
  kernel_->ReadSenders(&sums);
  for (const auto& [key, sum] : sums) {
    const auto told = senders_.Tell(key, sum, [&] { return processes_.NameOf(key.pid); });
    if (told.is_idle) kernel_->ForgetSender(key);
    if (told.since.sends == 0) continue;
    emitter_.Emit(UnseenOf(key, told.process, told.since), now_ns);
  }
  // Of more senders than are told apart.
  if (const SenderSum rest = kernel_->TakeUnnamed(); rest.sends > 0)
    emitter_.Emit(UnseenOf({}, {}, rest), now_ns);
}

void Reader::FindListeners() {
  std::vector<DiagSocket> listeners;
  u64 malformed = 0;
  if (!dumper_.ok() || !dumper_.Dump(1u << kTcpListen, &listeners, &malformed)) return;
  std::unordered_set<u64> inodes;
  for (const DiagSocket& one : listeners) inodes.insert(one.inode);
  const auto owners = FindSocketOwners(inodes);
  for (const DiagSocket& one : listeners) {
    const auto owner = owners.find(one.inode);
    connections_.AddListener(
        one.ends.local, one.ends.local_port,
        owner == owners.end() ? ProcessName{} : processes_.NameOf(owner->second));
  }
}

void Reader::Enumerate() {
  EmitMark(k_mark_start, MissingNote(SeenNow()));
  processes_.EmitAll();
  flows_.EmitAll(BoottimeNs());
  EmitMark(k_mark_enumerated, "");
  Flush();
}

void Reader::Tick(u64 now_ns) {
  const u64 asleep_ns = BoottimeNs() - MonotonicNs();
  if (Distance(asleep_ns, boot_less_monotonic_ns_) > kSleepNs) {
    boot_less_monotonic_ns_ = asleep_ns;
    EmitMark(k_mark_wake, "");
  }
  if (Distance(linux_options_.unix_ns() - BoottimeNs(), unix_less_boot_ns_) >= kClockStepNs)
    EmitMark(k_mark_clock, "");
  // Without events, or after some were lost, /proc tells what they would have.
  if (events_lost_) processes_.LostEvents();
  if (!perf_.has_process_events() || events_lost_) {
    events_lost_ = false;
    processes_.Reconcile(now_ns, [this] { return Stopping(0); });
  }
  processes_.ReadLostCode(BoottimeNs() + kReadCodeNs);
  const bool lost_lately = overrun_ns_ != 0 && now_ns - overrun_ns_ < 2 * kOverdueNs;
  connections_.ForgetOverdue(now_ns - kOverdueNs, [&](const Connection& connection) {
    flows_.CloseLost(connection, lost_lately);
  });
  flows_.SetClosesLost(!destroy_.ok() || lost_lately);
  TellKernelCounts(now_ns);
  tick_record tick{};
  tick.unix_ns = linux_options_.unix_ns();
  emitter_.Emit(tick, now_ns);
  ring_->Release();
}

void Reader::EmitMark(u32 kind, const std::string& note) {
  mark_record mark = MarkOf(kind, SeenNow());
  const u64 now_ns = BoottimeNs();
  mark.unix_ns = linux_options_.unix_ns();
  unix_less_boot_ns_ = mark.unix_ns - now_ns;
  if (kind == k_mark_stop) return emitter_.End(mark, now_ns);
  emitter_.Emit(mark, now_ns, note);
}

void Reader::Flush() {
  if (ring_->Flush() && options_.on_readable) options_.on_readable();
}

Sight Reader::SeenNow() const {
  const bool has_programs = kernel_ && kernel_->has_finals() && kernel_->has_senders();
  return {.all_processes = sees_all_,
          .process_events = perf_.has_process_events(),
          .socket_events = perf_.has_socket_events(),
          .tracefs = tracefs_.ok(),
          .flow_closes = destroy_.ok(),
          .flows = dumper_.ok(),
          .final_counters = has_programs,
          .perf_error = perf_.error(),
          .tracefs_error = tracefs_.error(),
          .programs_why = kernel_ ? kernel_->why() : "they are switched off"};
}

}  // namespace freshet
