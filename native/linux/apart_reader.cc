#include "linux/apart_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "linux/clock.h"

namespace freshet {
namespace {

constexpr size_t kChunkBytes = 64 << 10;
// Reading a GiB takes a second of it; a child that computes is none of ours any more.
constexpr rlim_t kCpuSecondsMax = 10;
// SIGKILL ends a process that waits for a FUSE server that has not taken its request, at once.
constexpr int kDeathWaits = 20;
constexpr long kDeathWaitNs = 1'000'000;

// What the child says: a status first, then bytes, then an end.
enum class Word : u32 { kStatus, kBytes, kEnd };
struct Frame {
  Word word;
  u32 number;  // of bytes that follow; of an end: errno
};

// In the child: only calls that are safe after a fork of a process with threads, no allocation.
// Everything it needs was made before.

constexpr int kPlaceFd = 0;
constexpr int kPipeFd = 1;

[[noreturn]] void Leave() {
  for (;;) syscall(SYS_exit_group, 0);
}

void Say(const void* bytes, size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t said = write(kPipeFd, at, count);
    if (said < 0 && errno == EINTR) continue;
    if (said <= 0) Leave();
    at += said;
    count -= static_cast<size_t>(said);
  }
}

void SayFrame(Word word, u32 number) {
  const Frame frame{word, number};
  Say(&frame, sizeof(frame));
}

[[noreturn]] void SayEnd(int error) {
  SayFrame(Word::kEnd, static_cast<u32>(error));
  Leave();
}

// With the process's threads gone the wrappers of the C library, which tell every thread, are not
// to be used.
bool BecomeUser(u32 uid, u32 gid) {
  if (syscall(SYS_setgroups, 0, nullptr) != 0 || syscall(SYS_setresgid, gid, gid, gid) != 0 ||
      syscall(SYS_setresuid, uid, uid, uid) != 0)
    return false;
  // The user could otherwise read in it what sense has in its memory, and have it do other things.
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// Keeps the place and the pipe, and no other descriptor of the parent's.
void KeepOnly(int place, int pipe) {
  if (dup2(pipe, kPipeFd + 1) < 0) Leave();
  if (place >= 0 ? dup2(place, kPlaceFd) < 0 : close(kPlaceFd) != 0 && errno != EBADF) Leave();
  if (dup2(kPipeFd + 1, kPipeFd) < 0) Leave();
  if (syscall(SYS_close_range, kPipeFd + 1, ~0u, 0) == 0) return;
  rlimit files{};  // before Linux 5.9
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) Leave();
  for (int fd = kPipeFd + 1; fd < static_cast<int>(files.rlim_cur); fd++) close(fd);
}

// Opens what was looked at, and nothing but a regular file: a FIFO would wait, a device may act.
int OpenToRead(int place, struct stat* status) {
  if (fstat(place, status) != 0) return -1;
  if (!S_ISREG(status->st_mode)) {
    errno = S_ISDIR(status->st_mode) ? EISDIR : EINVAL;
    return -1;
  }
  if (place != kPlaceFd && dup2(place, kPlaceFd) < 0) return -1;
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const int file = open("/proc/self/fd/0", kFlags | O_NOATIME);
  return file >= 0 || errno != EPERM ? file : open("/proc/self/fd/0", kFlags);
}

struct ChildJob {
  int place;
  int pipe;
  const char* path;
  u32 uid;
  u32 gid;
  char* chunk;
  int parent;
};

[[noreturn]] void RunChild(const ChildJob& job) {
  const rlimit cpu{kCpuSecondsMax, kCpuSecondsMax};
  setrlimit(RLIMIT_CPU, &cpu);
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  // What asks for its end would be asked of the parent's handlers, which are not there.
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  KeepOnly(job.place, job.pipe);
  // What /proc says of a process is for root to follow.
  int place = job.place >= 0 ? kPlaceFd : openat(AT_FDCWD, job.path, O_PATH | O_CLOEXEC);
  if (place < 0) SayEnd(errno);
  if (job.uid != kAsFilesOwner && !BecomeUser(job.uid, job.gid)) SayEnd(EPERM);
  if (job.place >= 0 && *job.path != '\0') place = openat(kPlaceFd, job.path, O_PATH | O_CLOEXEC);
  if (place < 0) SayEnd(errno);
  // It ends with its parent; a change of user would have undone it.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (getppid() != job.parent) Leave();
  struct stat status{};
  int file = OpenToRead(place, &status);
  if (file < 0 && errno == EACCES && job.uid == kAsFilesOwner && S_ISREG(status.st_mode) &&
      status.st_uid != 0 && BecomeUser(status.st_uid, status.st_gid))
    file = OpenToRead(kPlaceFd, &status);
  if (file < 0 || fstat(file, &status) != 0) SayEnd(errno);
  SayFrame(Word::kStatus, sizeof(status));
  Say(&status, sizeof(status));
  for (;;) {
    const ssize_t got = read(file, job.chunk, kChunkBytes);
    if (got == 0) SayEnd(0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) SayEnd(errno);
    SayFrame(Word::kBytes, static_cast<u32>(got));
    Say(job.chunk, static_cast<size_t>(got));
  }
}

// In the parent.

// False, with errno, when the whole did not come until `until_ns`; EIO: the child is gone.
bool ReadWhole(int pipe, void* into, size_t count, u64 until_ns) {
  char* at = static_cast<char*>(into);
  while (count > 0) {
    const u64 now_ns = MonotonicNs();
    const u64 left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    pollfd ready{.fd = pipe, .events = POLLIN, .revents = 0};
    const int polled = poll(&ready, 1, static_cast<int>((left_ns + 999'999) / 1'000'000));
    if (polled < 0 && errno == EINTR) continue;
    if (polled <= 0 || left_ns == 0) {
      errno = polled < 0 ? errno : ETIMEDOUT;
      return false;
    }
    const ssize_t got = read(pipe, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      errno = got < 0 ? errno : EIO;
      return false;
    }
    at += got;
    count -= static_cast<size_t>(got);
  }
  return true;
}

u32 Listen(int pipe, u64 until_ns, const ApartEars& ears) {
  const auto chunk = std::make_unique<std::byte[]>(kChunkBytes);
  for (;;) {
    Frame frame;
    if (!ReadWhole(pipe, &frame, sizeof(frame), until_ns)) return static_cast<u32>(errno);
    if (frame.word == Word::kEnd) return frame.number;
    struct stat status;
    const bool is_status = frame.word == Word::kStatus && frame.number == sizeof(status);
    const bool is_bytes = frame.word == Word::kBytes && frame.number <= kChunkBytes;
    // The child could be the user's by now: what it says is bounded, not believed.
    if (!is_status && !is_bytes) return EIO;
    void* const into = is_status ? static_cast<void*>(&status) : chunk.get();
    if (!ReadWhole(pipe, into, frame.number, until_ns)) return static_cast<u32>(errno);
    if (!(is_status ? ears.on_status(status) : ears.on_bytes({chunk.get(), frame.number})))
      return 0;
  }
}

}  // namespace

u32 ApartReader::Read(const ApartFile& file, const std::string& whose, u64 within_ns,
                      const ApartEars& ears) {
  if (!MayTry(whose)) return ETIMEDOUT;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return static_cast<u32>(errno);
  const Fd from(ends[0]);
  Fd to(ends[1]);
  const auto chunk = std::make_unique<char[]>(kChunkBytes);
  const u64 until_ns = MonotonicNs() + within_ns;
  const ChildJob job{file.place, to.get(),    file.path.c_str(), file.uid,
                     file.gid,   chunk.get(), getpid()};
  const pid_t pid = fork();
  if (pid < 0) return static_cast<u32>(errno);
  if (pid == 0) RunChild(job);
  to = Fd();
  const u32 error = Listen(from.get(), until_ns, ears);
  End(pid, whose);
  return error;
}

bool ApartReader::MayTry(const std::string& whose) {
  const std::lock_guard lock(mutex_);
  Reap();
  return stuck_.size() < kStuckMax && stuck_.count(whose) < kStuckOfOneMax;
}

void ApartReader::End(int pid, const std::string& whose) {
  kill(pid, SIGKILL);
  const timespec wait{0, kDeathWaitNs};
  for (int i = 0; i < kDeathWaits; i++) {
    const pid_t ended = waitpid(pid, nullptr, WNOHANG);
    if (ended == pid || (ended < 0 && errno == ECHILD)) return;
    nanosleep(&wait, nullptr);
  }
  const std::lock_guard lock(mutex_);
  stuck_.emplace(whose, pid);
}

void ApartReader::Reap() {
  std::erase_if(stuck_, [](const auto& one) {
    const pid_t ended = waitpid(one.second, nullptr, WNOHANG);
    return ended == one.second || (ended < 0 && errno == ECHILD);
  });
}

size_t ApartReader::Stuck() {
  const std::lock_guard lock(mutex_);
  Reap();
  return stuck_.size();
}

}  // namespace freshet
