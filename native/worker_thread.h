// A thread that is told when it cannot be had: std::thread throws then, and nothing here catches.
#ifndef FRESHET_WORKER_THREAD_H_
#define FRESHET_WORKER_THREAD_H_

#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include <cassert>
#include <functional>
#include <memory>
#include <utility>

namespace freshet {

// Threads: every call on its owner's.
class WorkerThread {
 public:
  WorkerThread() = default;
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;
  ~WorkerThread() { assert(!running_); }

  // Runs `body` on a new thread of this name (a literal of at most 15 characters), which takes no
  // signals: they are the main thread's. False, with errno set, when there is no thread to be had.
  // REQUIRES: none is running, or the last one was joined.
  bool Start(const char* name, std::function<void()> body) {
    assert(!running_);
    auto work = std::make_unique<Work>(Work{name, std::move(body)});
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&thread_, nullptr, Enter, work.get());
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (error != 0) {
      errno = error;
      return false;
    }
    work.release();  // the thread's now
    running_ = true;
    return true;
  }

  // Whether there is one to be joined.
  bool running() const { return running_; }

  // Waits for its end. REQUIRES: running().
  void Join() {
    pthread_join(thread_, nullptr);
    running_ = false;
  }

 private:
  struct Work {
    const char* name;
    std::function<void()> body;
  };

  static void* Enter(void* given) {
    const std::unique_ptr<Work> work(static_cast<Work*>(given));
#ifdef __APPLE__
    pthread_setname_np(work->name);
#else
    pthread_setname_np(pthread_self(), work->name);
#endif
    work->body();
    return nullptr;
  }

  pthread_t thread_{};
  bool running_ = false;
};

}  // namespace freshet

#endif  // FRESHET_WORKER_THREAD_H_
