// ProcessEvents over kqueue: no decisions here.
#include <errno.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fd.h"
#include "mac/polling/process_events.h"

namespace freshet {
namespace {

constexpr uintptr_t kBell = 1;
constexpr u64 kNsPerSecond = 1'000'000'000;
constexpr size_t kEventsMax = 256;

class KqueueEvents final : public ProcessEvents {
 public:
  bool Open() override {
    queue_ = Fd(kqueue());
    if (!queue_) return false;
    struct kevent bell;
    EV_SET(&bell, kBell, EVFILT_USER, EV_ADD | EV_CLEAR, 0, 0, nullptr);
    if (kevent(queue_.get(), &bell, 1, nullptr, 0, nullptr) == 0) return true;
    const int error = errno;
    Close();
    errno = error;
    return false;
  }

  void Close() override { queue_ = Fd(); }

  int Watch(u32 pid) override {
    struct kevent change;
    EV_SET(&change, pid, EVFILT_PROC, EV_ADD | EV_CLEAR, NOTE_EXEC | NOTE_FORK | NOTE_EXIT, 0,
           nullptr);
    return kevent(queue_.get(), &change, 1, nullptr, 0, nullptr) == 0 ? 0 : errno;
  }

  size_t Wait(u64 ns, std::span<ProcessEvent> into) override {
    std::array<struct kevent, kEventsMax> told;
    const timespec limit{static_cast<time_t>(ns / kNsPerSecond),
                         static_cast<long>(ns % kNsPerSecond)};
    const int count = kevent(queue_.get(), nullptr, 0, told.data(),
                             static_cast<int>(std::min(told.size(), into.size())), &limit);
    size_t events = 0;
    for (int index = 0; index < count; index++) {
      const struct kevent& one = told[static_cast<size_t>(index)];
      if (one.filter != EVFILT_PROC || (one.flags & EV_ERROR) != 0) continue;
      into[events++] = {static_cast<u32>(one.ident), (one.fflags & NOTE_EXEC) != 0,
                        (one.fflags & NOTE_FORK) != 0, (one.fflags & NOTE_EXIT) != 0};
    }
    return events;
  }

  void Ring() override {
    struct kevent bell;
    EV_SET(&bell, kBell, EVFILT_USER, 0, NOTE_TRIGGER, 0, nullptr);
    kevent(queue_.get(), &bell, 1, nullptr, 0, nullptr);
  }

 private:
  Fd queue_;
};

}  // namespace

std::unique_ptr<ProcessEvents> MakeProcessEvents() { return std::make_unique<KqueueEvents>(); }

}  // namespace freshet
