// A stand-in for the NetworkStatistics framework: one queue for all, sockets that a test sets, and
// answers in the orders and with the omissions that the real one is known for.
#ifndef FRESHET_TEST_STATISTICS_FRAMEWORK_DOUBLE_H_
#define FRESHET_TEST_STATISTICS_FRAMEWORK_DOUBLE_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "dictionary.h"
#include "mac/statistics/statistics_api.h"

namespace freshet {

// Threads: any. Outlives the sources that are made over it.
class FrameworkDouble {
 public:
  struct Habits {
    std::string missing;          // what Began says
    bool answers = true;          // queries
    bool counts_first = false;    // in an answer
    bool describes_once = false;  // a socket as it is added alone, not in answers
    u32 skips_answers = 0;        // so many answers leave out what is known of sockets
  };

  FrameworkDouble() : thread_([this] { Run(); }) {}
  ~FrameworkDouble() {
    Do([this] { stopping_ = true; });
    thread_.join();
  }

  // `ticks`: whether time passes by itself.
  std::unique_ptr<StatisticsApi> Make(bool ticks) { return std::make_unique<Api>(this, ticks); }

  void Set(Habits habits) {
    DoAndWait([this, habits] { habits_ = habits; });
  }
  // A socket that is there from now on, and what its first dictionary says.
  void Add(u64 socket, Dictionary dictionary) {
    Do([this, socket, dictionary] {
      sockets_[socket] = {dictionary, Dictionary::Counts(0, 0)};
      if (handler_ != nullptr) Announce(socket);
    });
  }
  // What is told of it when it is asked for next.
  void Count(u64 socket, int64_t out, int64_t in) {
    Do([this, socket, out, in] {
      if (sockets_.contains(socket)) sockets_[socket].counts = Dictionary::Counts(out, in).Again(0);
    });
  }
  // It ends, with its final counts where `has_finals`.
  void Remove(u64 socket, bool has_finals = true) {
    Do([this, socket, has_finals] {
      if (handler_ != nullptr && has_finals)
        handler_->Counted(socket, sockets_[socket].counts.said());
      sockets_.erase(socket);
      if (handler_ != nullptr) handler_->Removed(socket);
    });
  }
  void Tick() {
    TickLater();
    Settle();
  }
  void TickLater() {
    Do([this] {
      if (handler_ != nullptr) handler_->Tick();
    });
  }
  // Does `meanwhile` while nothing passes, and waits until all has come of it.
  void Pause(const std::function<void()>& meanwhile) {
    std::atomic<bool> goes_on{false};
    Do([&] { goes_on.wait(false); });
    meanwhile();
    goes_on.store(true);
    goes_on.notify_one();
    Settle();
  }
  // Until all that was begun has come of it.
  void Settle() {
    for (int round = 0; round < 5; round++) DoAndWait([] {});
  }

  u32 queries() const { return queries_.load(); }
  // Called on another thread than the queue's, or after Ended.
  u32 wrong_calls() const { return wrong_calls_.load(); }

 private:
  using Task = std::function<void()>;
  struct Socket {
    Dictionary description;
    Dictionary counts;
  };

  class Api final : public StatisticsApi {
   public:
    Api(FrameworkDouble* framework, bool ticks) : framework_(framework), ticks_(ticks) {}
    bool Start(Handler* handler, u32 interval_ms) override {
      framework_->Do([=, this] { framework_->Attach(handler, ticks_ ? interval_ms : 0); });
      return true;
    }
    void Post(std::function<void()> task) override { framework_->Do(std::move(task)); }
    void Query() override { framework_->Query(); }
    void Stop() override {
      framework_->DoAndWait([this] { framework_->Detach(); });
    }

   private:
    FrameworkDouble* const framework_;
    const bool ticks_;
  };

  void Attach(StatisticsApi::Handler* handler, u32 interval_ms) {
    handler_ = handler;
    interval_ms_ = interval_ms;
    handler_->Began(habits_.missing);
    if (!habits_.missing.empty()) return;
    for (const auto& [socket, is] : sockets_) Announce(socket);
  }
  void Detach() {
    handler_->Ended();
    handler_ = nullptr;
    interval_ms_ = 0;
  }
  void Announce(u64 socket) {
    handler_->Added(socket);
    if (habits_.skips_answers == 0)
      handler_->Described(socket, sockets_[socket].description.said());
  }
  void Query() {
    queries_++;
    if (handler_ == nullptr || std::this_thread::get_id() != thread_.get_id()) wrong_calls_++;
    // The answer comes later, as from a kernel.
    if (habits_.answers) Do([this] { Answer(); });
  }
  void Answer() {
    if (handler_ == nullptr) return;
    if (habits_.skips_answers > 0) {
      habits_.skips_answers--;
      return handler_->Answered();
    }
    for (auto& [socket, is] : sockets_) {
      if (habits_.counts_first) handler_->Counted(socket, is.counts.said());
      if (!habits_.describes_once) handler_->Described(socket, is.description.said());
      if (!habits_.counts_first) handler_->Counted(socket, is.counts.said());
    }
    handler_->Answered();
  }

  void Do(Task task) {
    std::unique_lock lock(mutex_);
    // Whoever does more than the queue can waits for it.
    if (std::this_thread::get_id() != thread_.get_id())
      taken_.wait(lock, [this] { return tasks_.size() < 1'000; });
    tasks_.push_back(std::move(task));
    given_.notify_one();
  }
  void DoAndWait(Task task) {
    std::atomic<bool> done{false};
    Do([&] {
      task();
      done.store(true);
      done.notify_one();
    });
    done.wait(false);
  }

  void Run() {
    auto due = std::chrono::steady_clock::now();
    while (!stopping_) {
      Task task;
      {
        std::unique_lock lock(mutex_);
        const auto until = interval_ms_ > 0 ? due : due + std::chrono::hours(1);
        given_.wait_until(lock, until, [this] { return !tasks_.empty(); });
        if (!tasks_.empty()) {
          task = std::move(tasks_.front());
          tasks_.pop_front();
          taken_.notify_all();
        }
      }
      if (task) task();
      const auto now = std::chrono::steady_clock::now();
      if (interval_ms_ == 0 || now < due) continue;
      due = now + std::chrono::milliseconds(interval_ms_);
      if (handler_ != nullptr) handler_->Tick();
    }
  }

  // The queue's.
  StatisticsApi::Handler* handler_ = nullptr;
  u32 interval_ms_ = 0;
  Habits habits_;
  std::map<u64, Socket> sockets_;
  bool stopping_ = false;

  std::mutex mutex_;
  std::condition_variable given_, taken_;
  std::deque<Task> tasks_;  // guarded by mutex_
  std::atomic<u32> queries_{0};
  std::atomic<u32> wrong_calls_{0};
  std::thread thread_;  // last: it uses the others
};

}  // namespace freshet

#endif  // FRESHET_TEST_STATISTICS_FRAMEWORK_DOUBLE_H_
