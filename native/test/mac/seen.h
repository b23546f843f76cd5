// What the tests of the Endpoint Security source share: a source over the double, and what it said.
#ifndef FRESHET_TEST_MAC_SEEN_H_
#define FRESHET_TEST_MAC_SEEN_H_

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "double.h"
#include "mac/endpoint_security.h"
#include "messages.h"

namespace freshet {

struct SaidMark {
  mark_record record;
  std::string note;
};

// A source of its own double and ring. `es_options` may leave out `tell_running`: nothing is alive
// then.
class Scene {
 public:
  explicit Scene(EsOptions es_options = {}, size_t ring_bytes = 4 << 20, u32 interval_ms = 20,
                 bool exec_arguments = false)
      : ring_(ring_bytes) {
    if (!es_options.tell_running)
      es_options.tell_running = [](const IsTold&, const TellExec&, const TellCode&) { return 0; };
    source_ =
        std::make_unique<EndpointSecuritySource>(&ring_,
                                                 SourceOptions{.interval_ms = interval_ms,
                                                               .on_readable =
                                                                   [this] {
                                                                     if (on_readable) on_readable();
                                                                     wakes_++;
                                                                     wakes_.notify_one();
                                                                   },
                                                               .executed_pids = &executed,
                                                               .exec_arguments = exec_arguments},
                                                 std::move(es_options));
  }
  ~Scene() { source_->Stop(); }

  WantedPids executed;

  void Start() { CHECK(source_->Start()); }
  Source& source() { return *source_; }
  Ring& ring() { return ring_; }

  // Reads what waits.
  void Drain() {
    std::vector<std::byte>& into = into_;
    for (size_t copied = ring_.Drain(into); copied > 0; copied = ring_.Drain(into))
      for (size_t at = 0; at < copied;) at += Keep(at, copied);
  }

  // Reads until `ready`, at most ten seconds.
  bool Until(const std::function<bool()>& ready) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (;;) {
      const u32 before = wakes_.load();
      Drain();
      if (ready()) return true;
      if (std::chrono::steady_clock::now() > deadline) return false;
      wakes_.wait(before);  // a tick comes each interval
    }
  }
  bool UntilEnumerated(size_t times) {
    return Until([&] { return Marks(k_mark_enumerated) >= times; });
  }

  size_t Marks(u32 kind) const {
    size_t count = 0;
    for (const SaidMark& mark : marks)
      if (mark.record.kind == kind) count++;
    return count;
  }
  const SaidMark* LastMark(u32 kind) const {
    const SaidMark* last = nullptr;
    for (const SaidMark& mark : marks)
      if (mark.record.kind == kind) last = &mark;
    return last;
  }
  u64 Lost(u32 what) const {
    u64 count = 0;
    for (const loss_record& loss : losses)
      if (loss.what == what) count += loss.count;
    return count;
  }

  std::vector<SaidMark> marks;
  std::vector<exec_record> execs;
  std::vector<code_record> codes;
  std::vector<fork_record> forks;
  std::vector<exit_record> exits;
  std::vector<loss_record> losses;
  std::vector<tick_record> ticks;
  std::vector<u16> types;  // of all but ticks, in order, unless `counts_only`
  u64 others = 0;          // records counted only
  bool counts_only = false;
  std::function<void()> on_readable;  // set before Start

 private:
  size_t Keep(size_t at, size_t copied) {
    Header header;
    std::memcpy(&header, &into_[at], sizeof(header));
    CHECK(header.size >= sizeof(header) && header.size <= copied - at && header.size % 8 == 0);
    CHECK(header.source == k_source_endpoint_security);
    const auto keep = [&]<typename R>(std::vector<R>* list) {
      R record;
      CHECK(header.size >= sizeof(record));
      std::memcpy(&record, &into_[at], sizeof(record));
      list->push_back(record);
    };
    if (header.type == tick_record::kType) {
      keep(&ticks);
      return header.size;
    }
    if (header.type == mark_record::kType) {
      SaidMark mark;
      std::memcpy(&mark.record, &into_[at], sizeof(mark.record));
      mark.note.assign(reinterpret_cast<const char*>(&into_[at + sizeof(mark.record)]),
                       mark.record.note_bytes);
      marks.push_back(std::move(mark));
    } else if (header.type == loss_record::kType) {
      keep(&losses);
    } else if (counts_only) {
      others++;
      return header.size;
    } else if (header.type == exec_record::kType) {
      keep(&execs);
    } else if (header.type == code_record::kType) {
      keep(&codes);
    } else if (header.type == fork_record::kType) {
      keep(&forks);
    } else if (header.type == exit_record::kType) {
      keep(&exits);
    }
    types.push_back(header.type);
    return header.size;
  }

  Ring ring_;
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
  std::atomic<u32> wakes_{0};
  std::unique_ptr<EndpointSecuritySource> source_;
};

// Messages of the newest version without a loss between them, as one client's.
class Client {
 public:
  explicit Client(u64 first_number = 0) : make_(MessageMaker::kNewest), number_(first_number) {}

  // Made once, to be delivered many times under new numbers.
  es_message_t* Exec(u32 pid, u32 version) {
    es_message_t* message =
        make_.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make_.Process({.pid = pid}), 0);
    make_.SetExec(message,
                  make_.Process({.pid = pid,
                                 .version = version,
                                 .parent_pid = 1,
                                 .path = "/usr/bin/some-program-of-middling-length",
                                 .signing_id = "org.example.program",
                                 .team_id = "ABCDE12345"}),
                  nullptr);
    return message;
  }
  es_message_t* Fork(u32 pid, u32 version) {
    es_message_t* message = make_.Message(ES_EVENT_TYPE_NOTIFY_FORK, make_.Process({.pid = 1}), 0);
    message->event.fork.child = make_.Process({.pid = pid, .version = version, .parent_pid = 1});
    return message;
  }
  es_message_t* Exit(u32 pid, u32 version) {
    return make_.Message(ES_EVENT_TYPE_NOTIFY_EXIT,
                         make_.Process({.pid = pid, .version = version, .path = "/bin/x"}), 0);
  }

  // With the next number; false when nobody wanted it.
  bool Deliver(es_message_t* message) {
    message->seq_num = numbers_[message->event_type]++;
    message->global_seq_num = number_++;
    return mac_double::Deliver(*message);
  }
  // The kernel drops so many messages of the type.
  void Drop(es_event_type_t type, u64 count) {
    numbers_[type] += count;
    number_ += count;
  }

 private:
  MessageMaker make_;
  u64 number_;
  u64 numbers_[ES_EVENT_TYPE_LAST] = {};
};

}  // namespace freshet

#endif  // FRESHET_TEST_MAC_SEEN_H_
