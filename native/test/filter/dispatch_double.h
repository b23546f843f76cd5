// What the doubles that are made of libdispatch's share: counted objects and the queue with its
// thread.
#ifndef FRESHET_TEST_FILTER_DISPATCH_DOUBLE_H_
#define FRESHET_TEST_FILTER_DISPATCH_DOUBLE_H_

#include <dispatch/dispatch.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "check.h"

namespace freshet::xpc_double {

using Bytes = std::vector<std::byte>;

inline std::atomic<int> objects{0};

// Counted, as Apple's objects are; the last Release deletes.
struct Counted {
  Counted() { objects++; }
  virtual ~Counted() { objects--; }
  virtual bool is_dictionary() const { return false; }
  void Retain() { count++; }
  void Release() {
    if (--count == 0) delete this;
  }
  std::atomic<int> count{1};
};

// One message's answer, or that there will be none.
struct Answer {
  void Give(std::optional<Bytes> given) {
    const std::lock_guard lock(mutex);
    if (is_there) return;
    bytes = std::move(given);
    is_there = true;
    there.notify_all();
  }
  std::optional<Bytes> Wait() {
    std::unique_lock lock(mutex);
    CHECK(there.wait_for(lock, std::chrono::seconds(20), [this] { return is_there; }));
    return bytes;
  }
  std::mutex mutex;
  std::condition_variable there;
  bool is_there = false;
  std::optional<Bytes> bytes;
};

// The interval that each timer is to be set to; 0: any.
inline std::atomic<uint64_t> timer_interval_ns{NSEC_PER_SEC};
// What is no more to be had from now on, as when memory runs out.
inline std::atomic<bool> lacks_queues{false}, lacks_timers{false};

// The one whose task this thread runs; nullptr for none.
dispatch_queue_t CurrentQueue();
// Returns when it has run.
void RunOn(dispatch_queue_t queue, const std::function<void()>& task);

}  // namespace freshet::xpc_double

// What was dispatched holds the queue; its thread is let go of when there is nothing more to do.
struct dispatch_queue_s final : freshet::xpc_double::Counted {
  void Push(std::function<void()> task);
  void Run();

  std::mutex mutex;
  std::deque<std::function<void()>> tasks;  // guarded by mutex
  bool is_running = false;                  // guarded by mutex
};

#endif  // FRESHET_TEST_FILTER_DISPATCH_DOUBLE_H_
