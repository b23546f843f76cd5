#include "dispatch_double.h"

#include <Block.h>

#include <memory>
#include <thread>
#include <utility>

using freshet::xpc_double::Counted;
using freshet::xpc_double::RunOn;

struct dispatch_source_s final : Counted {
  ~dispatch_source_s() override {
    if (handler != nullptr) Block_release(handler);
    queue->Release();
  }
  dispatch_queue_t queue = nullptr;
  dispatch_block_t handler = nullptr;
  std::atomic<bool> is_cancelled{false};
};

void dispatch_queue_s::Push(std::function<void()> task) {
  const std::lock_guard lock(mutex);
  tasks.push_back(std::move(task));
  if (is_running) return;
  is_running = true;
  Retain();
  std::thread([this] { Run(); }).detach();
}

namespace {
thread_local dispatch_queue_t current_queue = nullptr;
}

void dispatch_queue_s::Run() {
  current_queue = this;
  for (;;) {
    std::function<void()> task;
    {
      const std::lock_guard lock(mutex);
      if (tasks.empty()) {
        is_running = false;
        break;
      }
      task = std::move(tasks.front());
      tasks.pop_front();
    }
    task();
  }
  Release();
}

namespace freshet::xpc_double {

dispatch_queue_t CurrentQueue() { return current_queue; }

// Returns when it has run.
void RunOn(dispatch_queue_t queue, const std::function<void()>& task) {
  const auto done = std::make_shared<Answer>();
  queue->Push([&task, done] {
    task();
    done->Give(std::nullopt);
  });
  done->Wait();
}

}  // namespace freshet::xpc_double

const dispatch_source_type_s dispatch_source_type_timer;

dispatch_queue_t dispatch_queue_create(const char* label, void*) {
  CHECK(label != nullptr);
  return freshet::xpc_double::lacks_queues.load() ? nullptr : new dispatch_queue_s;
}

void dispatch_async(dispatch_queue_t queue, dispatch_block_t block) {
  queue->Push([copy = Block_copy(block)] {
    copy();
    Block_release(copy);
  });
}

void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work) {
  queue->Push([context, work] { work(context); });
}

void dispatch_sync(dispatch_queue_t queue, dispatch_block_t block) { RunOn(queue, block); }

dispatch_time_t dispatch_time(dispatch_time_t when, int64_t delta_ns) {
  return when + static_cast<uint64_t>(delta_ns);
}

dispatch_source_t dispatch_source_create(const dispatch_source_type_s* type, uintptr_t, uintptr_t,
                                         dispatch_queue_t queue) {
  CHECK(type == DISPATCH_SOURCE_TYPE_TIMER);
  if (freshet::xpc_double::lacks_timers.load()) return nullptr;
  auto* const source = new dispatch_source_s;
  queue->Retain();
  source->queue = queue;
  return source;
}

void dispatch_source_set_timer(dispatch_source_t, dispatch_time_t, uint64_t interval_ns, uint64_t) {
  const uint64_t wanted_ns = freshet::xpc_double::timer_interval_ns.load();
  CHECK(interval_ns > 0 && (wanted_ns == 0 || interval_ns == wanted_ns));
}

void dispatch_source_set_event_handler(dispatch_source_t source, dispatch_block_t handler) {
  CHECK(source->handler == nullptr);
  source->handler = Block_copy(handler);
}

// As in libdispatch, a cancelled source lets go of its handler, on its queue.
void dispatch_activate(dispatch_source_t source) {
  source->Retain();
  std::thread([source] {
    while (!source->is_cancelled.load()) {
      RunOn(source->queue, [source] {
        if (!source->is_cancelled.load()) source->handler();
      });
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    RunOn(source->queue, [source] {
      Block_release(source->handler);
      source->handler = nullptr;
    });
    source->Release();
  }).detach();
}

void dispatch_resume(dispatch_source_t source) { dispatch_activate(source); }
void dispatch_source_cancel(dispatch_source_t source) { source->is_cancelled = true; }
void dispatch_release(dispatch_queue_t queue) { queue->Release(); }
void dispatch_release(dispatch_source_t source) { source->Release(); }
