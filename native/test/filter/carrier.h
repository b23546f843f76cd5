// A double of the daemon's end of XPC: one thread runs all of the handler's calls, as a serial
// queue does; clients send from threads of their own.
#ifndef FRESHET_TEST_FILTER_CARRIER_H_
#define FRESHET_TEST_FILTER_CARRIER_H_

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "check.h"
#include "mac/flow_listener.h"

namespace freshet {

class CarrierDouble final : public FlowCarrier {
 public:
  explicit CarrierDouble(bool starts = true) : starts_(starts) {}
  ~CarrierDouble() override { CHECK(!thread_.joinable()); }

  bool Start(Handler* handler) override {
    if (!starts_) {
      errno = EPERM;
      return false;
    }
    handler_ = handler;
    thread_ = std::thread([this] { Run(); });
    return true;
  }

  void Post(std::function<void()> task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    wake_.notify_one();
  }

  void Cancel(Peer peer) override { CHECK(peers_.erase(peer) == 1); }

  void Stop() override {
    Post([this] { running_ = false; });
    thread_.join();
    peers_.clear();
    running_ = true;
  }

  // Any thread, until Stop. The answer; nothing when the connection is, or comes to be, cancelled.
  std::optional<AnswerMessage> Send(Peer peer, std::vector<std::byte> message) {
    std::promise<std::optional<AnswerMessage>> answer;
    auto future = answer.get_future();
    Post([&] {
      if (!peers_.contains(peer)) {
        if (handler_->Came(peer)) peers_.insert(peer);
      }
      answer.set_value(peers_.contains(peer) ? handler_->Take(peer, message) : std::nullopt);
    });
    return future.get();
  }

  void Leave(Peer peer) {
    Post([this, peer] {
      if (peers_.erase(peer) == 1) handler_->Gone(peer);
    });
  }

  // A connection whose peer turns out to be other code than the filter's.
  void TurnAway(Peer peer) {
    Post([this, peer] {
      if (handler_->Came(peer)) handler_->Stranger(peer);
    });
  }

  void LoseService() {
    Post([this] { handler_->NoService(); });
  }

 private:
  void Run() {
    auto tick = std::chrono::steady_clock::now();
    while (running_) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        wake_.wait_until(lock, tick, [this] { return !tasks_.empty(); });
        if (!tasks_.empty()) {
          task = std::move(tasks_.front());
          tasks_.pop_front();
        }
      }
      if (task) {
        task();
      } else {
        handler_->Tick();
        tick = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
      }
    }
  }

  const bool starts_;
  Handler* handler_ = nullptr;
  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> tasks_;  // guarded by mutex_
  std::set<Peer> peers_;                     // the thread's
  bool running_ = true;                      // the thread's
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_CARRIER_H_
