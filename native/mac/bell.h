// Wakes one waiting thread, with a time limit. Ringing takes no lock in this process and never
// waits, so an Endpoint Security handler may.
//
// Threads: any may ring, one waits. A ring without a waiter is kept; several may be kept.
#ifndef FRESHET_MAC_BELL_H_
#define FRESHET_MAC_BELL_H_

#ifdef __APPLE__
#include <dispatch/dispatch.h>
#else
#include <errno.h>
#include <semaphore.h>
#include <time.h>
#endif

#include "record.h"

namespace freshet {

#ifdef __APPLE__
class Bell {
 public:
  Bell() : semaphore_(dispatch_semaphore_create(0)) {}
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() { dispatch_release(semaphore_); }

  void Ring() { dispatch_semaphore_signal(semaphore_); }
  // True when it rang, at most `ns` from now.
  bool Wait(u64 ns) {
    const dispatch_time_t until = dispatch_time(DISPATCH_TIME_NOW, static_cast<int64_t>(ns));
    return dispatch_semaphore_wait(semaphore_, until) == 0;
  }

 private:
  const dispatch_semaphore_t semaphore_;
};
#else
class Bell {
 public:
  Bell() { sem_init(&semaphore_, 0, 0); }
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;
  ~Bell() { sem_destroy(&semaphore_); }

  void Ring() { sem_post(&semaphore_); }
  // True when it rang, at most `ns` from now.
  bool Wait(u64 ns) {
    constexpr u64 kNsPerSecond = 1'000'000'000;
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    const u64 until = static_cast<u64>(now.tv_nsec) + ns;
    const timespec limit{now.tv_sec + static_cast<time_t>(until / kNsPerSecond),
                         static_cast<long>(until % kNsPerSecond)};
    int answer;
    do {
      answer = sem_clockwait(&semaphore_, CLOCK_MONOTONIC, &limit);
    } while (answer != 0 && errno == EINTR);
    return answer == 0;
  }

 private:
  sem_t semaphore_;
};
#endif

}  // namespace freshet

#endif  // FRESHET_MAC_BELL_H_
