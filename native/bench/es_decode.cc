// What one Endpoint Security message costs its handler, on Linux against the double of macOS,
// beside two others on the same messages: a decoder that makes strings and puts them into a locked
// queue, as event frameworks do, and a bare copy of the message's bytes. `es_decode [ROUNDS]`
// prints one line of JSON; the least of the rounds counts.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <limits>
#include <mutex>
#include <new>
#include <string>

#include "mac/es_handler.h"
#include "messages.h"

namespace {

thread_local freshet::u64 allocations = 0;

}  // namespace

void* operator new(size_t bytes) {
  allocations++;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace freshet {
namespace {

using std::chrono::steady_clock;

constexpr size_t kBatch = 3'000;

struct StringsEvent {
  u32 type, pid, version, parent_pid, parent_version, responsible_pid, responsible_version, uid;
  u32 flags;
  u64 at_ns, dev, ino;
  std::string path, script, signing_id, team_id, cdhash;
};

std::string Text(const es_string_token_t& token) {
  return token.data == nullptr ? std::string() : std::string(token.data, token.length);
}

std::string Hex(const u8* bytes, size_t count) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (size_t index = 0; index < count; index++) {
    text += kDigits[bytes[index] >> 4];
    text += kDigits[bytes[index] & 15];
  }
  return text;
}

// The rival: the same fields.
class StringsQueue {
 public:
  void Handle(const es_message_t& message) {
    const es_process_t* process = message.process;
    if (message.event_type == ES_EVENT_TYPE_NOTIFY_EXEC) process = message.event.exec.target;
    if (message.event_type == ES_EVENT_TYPE_NOTIFY_FORK) process = message.event.fork.child;
    StringsEvent event{};
    event.type = message.event_type;
    event.at_ns = clock_.AtNs(message.mach_time);
    event.pid = static_cast<u32>(audit_token_to_pid(process->audit_token));
    event.version = static_cast<u32>(audit_token_to_pidversion(process->audit_token));
    event.parent_pid = static_cast<u32>(audit_token_to_pid(process->parent_audit_token));
    event.parent_version = static_cast<u32>(audit_token_to_pidversion(process->parent_audit_token));
    event.uid = audit_token_to_euid(process->audit_token);
    if (message.event_type == ES_EVENT_TYPE_NOTIFY_EXEC) {
      const audit_token_t& responsible = process->responsible_audit_token;
      event.responsible_pid = static_cast<u32>(audit_token_to_pid(responsible));
      event.responsible_version = static_cast<u32>(audit_token_to_pidversion(responsible));
      event.flags = process->codesigning_flags;
      event.dev = static_cast<u64>(process->executable->stat.st_dev);
      event.ino = process->executable->stat.st_ino;
      event.path = Text(process->executable->path);
      if (message.event.exec.script != nullptr)
        event.script = Text(message.event.exec.script->path);
      event.signing_id = Text(process->signing_id);
      event.team_id = Text(process->team_id);
      event.cdhash = Hex(process->cdhash, sizeof(process->cdhash));
    }
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(event));
  }
  void Clear() { queue_.clear(); }

 private:
  const MachClock clock_;
  std::mutex mutex_;
  std::deque<StringsEvent> queue_;
};

// The bound: what is in the message, copied and not looked at.
class Copies {
 public:
  void Handle(const es_message_t& message) {
    Add(&message, sizeof(message));
    AddProcess(message.process);
    if (message.event_type == ES_EVENT_TYPE_NOTIFY_EXEC) AddProcess(message.event.exec.target);
    if (message.event_type == ES_EVENT_TYPE_NOTIFY_FORK) AddProcess(message.event.fork.child);
  }
  void Clear() { at_ = 0; }

 private:
  void AddProcess(const es_process_t* process) {
    Add(process, sizeof(*process));
    Add(process->executable, sizeof(*process->executable));
    for (const es_string_token_t& text :
         {process->executable->path, process->signing_id, process->team_id})
      Add(text.data, text.length);
  }
  void Add(const void* bytes, size_t count) {
    if (count == 0) return;
    std::memcpy(&into_[at_], bytes, count);
    at_ += count;
  }

  std::vector<std::byte> into_ = std::vector<std::byte>(8 << 20);
  size_t at_ = 0;
};

class Handler {
 public:
  void Handle(const es_message_t& message) { handler_.Handle(message); }
  void Clear() {
    size_t length;
    do {
      length = handler_.Drain(into_);
    } while (length > 0);
    if (handler_.losses().handover_full + handler_.losses().malformed > 0) std::abort();
  }

 private:
  EsHandler handler_{4 << 20, std::make_shared<Bell>()};
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
};

struct Cost {
  double ns = std::numeric_limits<double>::max();
  u64 allocations = 0;  // a batch
};

template <typename Who>
void Measure(Who* who, const std::vector<es_message_t*>& messages, Cost* cost) {
  static u64 number = 0;
  for (es_message_t* message : messages) message->seq_num = message->global_seq_num = number++;
  const u64 allocations_before = allocations;
  const auto began = steady_clock::now();
  for (const es_message_t* message : messages) who->Handle(*message);
  const std::chrono::duration<double, std::nano> took = steady_clock::now() - began;
  cost->ns = std::min(cost->ns, took.count() / static_cast<double>(messages.size()));
  cost->allocations = allocations - allocations_before;
  who->Clear();
}

void Run(int rounds) {
  MessageMaker make(MessageMaker::kNewest);
  const ProcessSpec app{.pid = 501,
                        .version = 900,
                        .parent_pid = 400,
                        .parent_version = 800,
                        .responsible_pid = 400,
                        .responsible_version = 800,
                        .codesigning_flags = 0x22010301,
                        .path = "/Applications/Some App.app/Contents/MacOS/Some App",
                        .signing_id = "org.example.some-app",
                        .team_id = "ABCDE12345"};
  std::vector<es_message_t*> mixed;
  std::vector<es_message_t*> execs;
  for (size_t index = 0; index < kBatch; index++) {
    es_message_t* exec = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process(app), 1);
    make.SetExec(exec, make.Process(app), nullptr);
    es_message_t* fork = make.Message(ES_EVENT_TYPE_NOTIFY_FORK, make.Process(app), 1);
    fork->event.fork.child = make.Process(app);
    es_message_t* exit = make.Message(ES_EVENT_TYPE_NOTIFY_EXIT, make.Process(app), 1);
    mixed.push_back(index % 3 == 0 ? exec : index % 3 == 1 ? fork : exit);
    execs.push_back(exec);
  }
  Handler handler;
  StringsQueue strings;
  Copies copies;
  Cost mixed_handler, mixed_strings, mixed_copies, exec_handler, exec_strings, exec_copies;
  // In turn, so that what the machine does else falls on all alike.
  for (int round = 0; round < rounds; round++) {
    Measure(&handler, mixed, &mixed_handler);
    Measure(&strings, mixed, &mixed_strings);
    Measure(&copies, mixed, &mixed_copies);
    Measure(&handler, execs, &exec_handler);
    Measure(&strings, execs, &exec_strings);
    Measure(&copies, execs, &exec_copies);
  }
  std::printf(
      "{\"messageNs\": %.1f, \"stringsMessageNs\": %.1f, \"copyMessageNs\": %.1f, \"execNs\": "
      "%.1f, "
      "\"stringsExecNs\": %.1f, \"copyExecNs\": %.1f, \"allocations\": %llu, "
      "\"stringsAllocations\": %llu}\n",
      mixed_handler.ns, mixed_strings.ns, mixed_copies.ns, exec_handler.ns, exec_strings.ns,
      exec_copies.ns,
      static_cast<unsigned long long>(mixed_handler.allocations + exec_handler.allocations),
      static_cast<unsigned long long>(mixed_strings.allocations + exec_strings.allocations));
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) { freshet::Run(count > 1 ? std::atoi(arguments[1]) : 300); }
