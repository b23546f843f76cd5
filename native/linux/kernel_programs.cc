#include "linux/kernel_programs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "linux/btf_types.h"

namespace freshet {
namespace {

// Open sockets whose writer is known, the least recently used forgotten first; preallocated, some
// 110 bytes each.
constexpr u32 kWritersMax = 16384;
constexpr u32 kSumsMax = 4096;
constexpr size_t kBtfBytesMax = 64 << 20;

// include/linux/proc_ns.h of the kernel (an ABI by use: PROC_PID_INIT_INO).
constexpr ino_t kFirstPidNamespace = 0xeffffffc;

// A page at a time, which is what sysfs gives.
bool ReadTypes(const char* path, std::vector<std::byte>* types) {
  const Fd file(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (!file || fstat(file.get(), &status) != 0) return false;
  if (status.st_size < 0 || static_cast<u64>(status.st_size) > kBtfBytesMax) {
    errno = EFBIG;
    return false;
  }
  types->resize(static_cast<size_t>(status.st_size));
  for (size_t at = 0; at < types->size();) {
    const ssize_t got = read(file.get(), types->data() + at, types->size() - at);
    if (got < 0) return false;
    if (got == 0) break;  // shorter than it said: Parse sees to it
    at += static_cast<size_t>(got);
  }
  return true;
}

bool IsFirstPidNamespace() {
  struct stat status;
  return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == kFirstPidNamespace;
}

}  // namespace

KernelPrograms::KernelPrograms(const char* btf_path, u32 ring_bytes)
    : ring_bytes_(ring_bytes),
      ring_(ring_bytes),
      counters_(CreateBpfMap(BPF_MAP_TYPE_ARRAY, 4, sizeof(KernelCounters), 1)),
      writers_(CreateBpfMap(BPF_MAP_TYPE_LRU_HASH, 8, sizeof(Writer), kWritersMax)),
      sums_(CreateBpfMap(BPF_MAP_TYPE_HASH, sizeof(SenderKey), sizeof(SenderSum), kSumsMax)) {
  if (!ring_.ok() || !counters_ || !writers_ || !sums_) {
    why_ = std::string("bpf(2) gives no maps: ") + strerror(errno);
    return;
  }
  // Programs see processes by their first number; perf and /proc by that of our namespace.
  if (!IsFirstPidNamespace()) {
    why_ = "the agent runs in a pid namespace of its own";
    return;
  }
  std::vector<std::byte> types;
  if (!ReadTypes(btf_path, &types)) {
    why_ = std::string(btf_path) + ": " + strerror(errno);
    return;
  }
  const auto btf = Btf::Parse(types);
  if (!btf) {
    why_ = std::string(btf_path) + " is not understood";
    return;
  }
  Attach("inet_sock_set_state", MakeCloseProgram, *btf, &finals_);
  // A kernel that is locked down (kernel_lockdown(7)) lets no program read its memory, which the
  // counts of MPTCP want; all else is had without.
  if (!finals_.attached) {
    why_.clear();
    Attach("inet_sock_set_state", MakePlainCloseProgram, *btf, &finals_);
  }
  Attach("sock_send_length", MakeSendProgram, *btf, &senders_);
  Attach("sched_process_exec", MakeExecProgram, *btf, &execs_);
  // Without it nothing is missing that is not told of each process by itself.
  const auto walk = btf->Walk("bpf_iter_task");
  const MadeProgram made = MakeRunningProgram(*btf, Maps());
  has_handlers_ = btf->Find("user_namespace", "binfmt_misc").has_value();
  if (walk && made.missing.empty() && made.code)
    running_ = LoadBpfTaskWalk("freshet_running", *made.code, *walk);
}

void KernelPrograms::Attach(const char* tracepoint, Make make, const Btf& btf, Program* program) {
  const auto refuse = [&](const std::string& reason) {
    if (!why_.empty()) why_ += "; ";
    why_ += reason;
  };
  const auto type = btf.Typedef(std::string("btf_trace_") + tracepoint);
  if (!type) return refuse(std::string("the kernel has no tracepoint ") + tracepoint);
  const MadeProgram made = make(btf, Maps());
  if (!made.missing.empty())
    return refuse(std::string(tracepoint) + ": the kernel's types have no " + made.missing);
  if (!made.code) return refuse(std::string(tracepoint) + ": cannot be put together");
  // At most 15 letters.
  const std::string name = "freshet_" + std::string(tracepoint).substr(0, 7);
  std::string why;
  program->attached = AttachBpfProgram(name.c_str(), *made.code, *type, &program->loaded, &why);
  if (!program->attached) refuse(std::string(tracepoint) + ": " + why);
}

RunningExec KernelPrograms::LookAtRunning(u32 pid) const {
  // __FMODE_EXEC, include/linux/fs.h of the kernel: open(2) lets nobody ask for it.
  constexpr u32 kOpenedToExecute = 0x20;
  RunningAnswer answer;
  const auto bytes = std::as_writable_bytes(std::span(&answer, 1));
  if (!running_ || AskBpfTaskWalk(running_.get(), pid, bytes) != sizeof(answer))
    return RunningExec::kNotAsked;
  if ((answer.file_flags & kOpenedToExecute) == 0) return RunningExec::kSet;
  // binfmt_misc (flag O) hands an interpreter the file that was opened to execute it, which may be
  // set as well; in a user namespace its owner makes the list of interpreters.
  const bool has_own =
      has_handlers_ && answer.level > 0 && (answer.level > 1 || answer.handlers != 0);
  return has_own ? RunningExec::kUnconfirmed : RunningExec::kExecuted;
}

u64 KernelPrograms::TakeDropped() {
  const u32 first = 0;
  KernelCounters now;
  if (!counters_ || !LookUpBpfMap(counters_.get(), &first, &now)) return 0;
  u64 missed = 0;
  for (const Program* one : {&finals_, &senders_, &execs_})
    if (one->loaded) missed += MissedRuns(one->loaded.get());
  const u64 dropped = now.dropped - told_.dropped + missed - missed_told_;
  told_.dropped = now.dropped;
  missed_told_ = missed;
  return dropped;
}

SenderSum KernelPrograms::TakeUnnamed() {
  const u32 first = 0;
  KernelCounters now;
  if (!counters_ || !LookUpBpfMap(counters_.get(), &first, &now)) return {};
  const SenderSum since{now.unnamed_bytes - told_.unnamed_bytes,
                        now.unnamed_sends - told_.unnamed_sends};
  told_.unnamed_bytes = now.unnamed_bytes;
  told_.unnamed_sends = now.unnamed_sends;
  return since;
}

void KernelPrograms::ReadSenders(std::vector<Sent>* all) const {
  if (!has_senders()) return;
  SenderKey key;
  Sent one;
  // Deleted ones meanwhile may begin the walk anew: it ends all the same.
  const void* before = nullptr;
  for (u32 steps = 0; steps < kSumsMax && NextBpfKey(sums_.get(), before, &one.key); steps++) {
    if (LookUpBpfMap(sums_.get(), &one.key, &one.sum)) all->push_back(one);
    key = one.key;
    before = &key;
  }
}

}  // namespace freshet
