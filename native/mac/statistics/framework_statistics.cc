// The framework itself, by dlopen: nothing is linked against it, and a Mac without it runs all
// else. No decisions here.
#include <CoreFoundation/CoreFoundation.h>
#include <dispatch/dispatch.h>
#include <dlfcn.h>
#include <errno.h>

#include <map>
#include <string>

#include "mac/cf_ref.h"
#include "mac/statistics/framework_symbols.h"
#include "mac/statistics/statistics_source.h"

namespace freshet {
namespace {

constexpr char kPath[] =
    "/System/Library/PrivateFrameworks/NetworkStatistics.framework/NetworkStatistics";

using Manager = void*;
using FrameworkSource = void*;
using AddedBlock = void (^)(FrameworkSource source, void* unused);
using DictionaryBlock = void (^)(CFDictionaryRef dictionary);
using DoneBlock = void (^)();

// The calls' types, as nettop and objective-see's Netiquette use them.
using CreateCall = Manager (*)(CFAllocatorRef, dispatch_queue_t, AddedBlock);
using FlagsCall = int (*)(Manager, int);
using AddCall = void (*)(Manager);
using AddFilterCall = int (*)(Manager, int, int);
using QueryCall = void (*)(Manager, DoneBlock);
using QueryOneCall = void* (*)(FrameworkSource);
using OnDictionaryCall = void (*)(FrameworkSource, DictionaryBlock);
using OnDoneCall = void (*)(FrameworkSource, DoneBlock);

template <typename Call>
Call As(void* symbol) {
  return reinterpret_cast<Call>(symbol);
}

CFStringRef Text(void* symbol) {
  return symbol == nullptr ? nullptr : *static_cast<const CFStringRef*>(symbol);
}

// What one dictionary holds; its texts live as long as this.
class ReadDictionary {
 public:
  ReadDictionary(const FrameworkSymbols& keys, const FrameworkValues& values,
                 CFDictionaryRef dictionary)
      : dictionary_(dictionary),
        process_name_(TextOfKey(keys.process_name)),
        uuid_(TextOfKey(keys.uuid)),
        euuid_(TextOfKey(keys.euuid)) {
    read_.pid = Number(keys.pid);
    read_.upid = Number(keys.upid);
    read_.epid = Number(keys.epid);
    read_.eupid = Number(keys.eupid);
    read_.bytes_out = Number(keys.bytes_out);
    read_.bytes_in = Number(keys.bytes_in);
    read_.bytes_again = Number(keys.bytes_again);
    read_.interface = Number(keys.interface);
    read_.start_ticks = Number(keys.start);
    read_.local = Data(keys.local);
    read_.remote = Data(keys.remote);
    read_.process_name = process_name_;
    read_.uuid = uuid_;
    read_.euuid = euuid_;
    if (Value(keys.provider) != nullptr)
      read_.provider = ProviderOf(TextOfKey(keys.provider), values);
    if (Value(keys.tcp_state) != nullptr)
      read_.tcp_state = TcpStateOf(TextOfKey(keys.tcp_state), values);
  }

  const FlowDescription& read() const { return read_; }

 private:
  CFTypeRef Value(void* key) const {
    return Text(key) == nullptr ? nullptr : CFDictionaryGetValue(dictionary_, Text(key));
  }
  std::optional<int64_t> Number(void* key) const {
    const CFTypeRef value = Value(key);
    int64_t number = 0;
    if (value == nullptr || CFGetTypeID(value) != CFNumberGetTypeID() ||
        !CFNumberGetValue(static_cast<CFNumberRef>(value), kCFNumberSInt64Type, &number))
      return std::nullopt;
    return number;
  }
  std::span<const u8> Data(void* key) const {
    return Text(key) == nullptr ? std::span<const u8>{} : BytesAt(dictionary_, Text(key));
  }
  std::string TextOfKey(void* key) const {
    return Text(key) == nullptr ? std::string{} : TextAt(dictionary_, Text(key));
  }

  const CFDictionaryRef dictionary_;
  const std::string process_name_;
  const std::string uuid_;
  const std::string euuid_;
  FlowDescription read_;
};

// One for the life of the process: to end a manager while its blocks run is said to crash, so it is
// kept, and whoever starts anew is told of the flows that are there.
//
// Threads: the queue's, but for the making.
class Framework {
 public:
  using FlowSource = StatisticsApi::FlowSource;

  // nullptr when there is no queue.
  static Framework* Get() {
    static Framework* const only = new Framework;
    return only->queue_ == nullptr ? nullptr : only;
  }

  dispatch_queue_t queue() const { return queue_; }

  void Attach(StatisticsApi::Handler* handler) {
    if (manager_ == nullptr) Load();
    // Asked for before anybody asks about them: their blocks come behind this one on the queue.
    if (missing_.empty() && !is_adding_) AddAll();
    handler_ = handler;
    attached_++;
    handler_->Began(missing_);
    for (const auto& [source, reference] : sources_) Announce(source, reference);
  }
  void Detach() { handler_ = nullptr; }

  void Query() {
    // Whoever asks may have stopped by then, and another have begun, who waits for an answer of its
    // own.
    const u64 asking = attached_;
    const DoneBlock done = ^{
      if (handler_ != nullptr && asking == attached_) handler_->Answered();
    };
    switch (QueryOf(symbols_)) {
      case FrameworkQuery::kUpdates:
        return As<QueryCall>(symbols_.query_updates)(manager_, done);
      case FrameworkQuery::kCounts:
        return As<QueryCall>(symbols_.query_counts)(manager_, done);
      case FrameworkQuery::kDescriptionsAndCounts:
        As<QueryCall>(symbols_.query_descriptions)(manager_, ^{
          As<QueryCall>(symbols_.query_counts)(manager_, done);
        });
    }
  }

 private:
  Framework() : queue_(dispatch_queue_create("org.freshet.statistics", DISPATCH_QUEUE_SERIAL)) {}

  // Once more with the next start, where it failed.
  void Load() {
    void* const library = dlopen(kPath, RTLD_LAZY | RTLD_LOCAL);
    missing_ = "it cannot be loaded on this macOS";
    if (library == nullptr) return;
    const std::string symbol =
        FindSymbols([library](const char* name) { return dlsym(library, name); }, &symbols_);
    missing_ = symbol.empty() ? "" : "this macOS has no " + symbol;
    if (!missing_.empty()) return;
    ReadValues();
    manager_ = As<CreateCall>(symbols_.create)(kCFAllocatorDefault, queue_,
                                               ^(FrameworkSource reference, void*) {
                                                 Take(reference);
                                               });
    if (manager_ == nullptr) missing_ = "it gives no manager";
  }

  void ReadValues() {
    const auto read = [](void* constant, std::string* into) {
      if (Text(constant) != nullptr) *into = TextOf(Text(constant));
    };
    read(symbols_.tcp, &values_.tcp);
    read(symbols_.udp, &values_.udp);
    read(symbols_.quic, &values_.quic);
    read(symbols_.listen, &values_.listen);
    read(symbols_.syn_sent, &values_.syn_sent);
    read(symbols_.syn_received, &values_.syn_received);
  }

  void AddAll() {
    is_adding_ = true;
    if (symbols_.set_flags != nullptr) As<FlagsCall>(symbols_.set_flags)(manager_, 0);
    Add(symbols_.add_tcp, symbols_.add_tcp_filter);
    Add(symbols_.add_udp, symbols_.add_udp_filter);
    if (symbols_.add_quic != nullptr) As<AddCall>(symbols_.add_quic)(manager_);
  }

  void Add(void* plain, void* filtered) {
    if (plain != nullptr) return As<AddCall>(plain)(manager_);
    As<AddFilterCall>(filtered)(manager_, 0, 0);
  }

  void Take(FrameworkSource reference) {
    const FlowSource source = ++last_;
    sources_[source] = reference;
    As<OnDictionaryCall>(symbols_.on_description)(reference, ^(CFDictionaryRef dictionary) {
      if (handler_ != nullptr && dictionary != nullptr)
        handler_->Described(source, ReadDictionary(symbols_, values_, dictionary).read());
    });
    As<OnDictionaryCall>(symbols_.on_counts)(reference, ^(CFDictionaryRef dictionary) {
      if (handler_ != nullptr && dictionary != nullptr)
        handler_->Counted(source, ReadDictionary(symbols_, values_, dictionary).read());
    });
    As<OnDoneCall>(symbols_.on_removed)(reference, ^{
      sources_.erase(source);
      if (handler_ != nullptr) handler_->Removed(source);
    });
    Announce(source, reference);
  }

  void Announce(FlowSource source, FrameworkSource reference) {
    if (handler_ == nullptr) return;
    handler_->Added(source);
    if (symbols_.query_description != nullptr)
      As<QueryOneCall>(symbols_.query_description)(reference);
  }

  const dispatch_queue_t queue_;
  FrameworkSymbols symbols_;
  FrameworkValues values_;
  std::string missing_;
  Manager manager_ = nullptr;
  bool is_adding_ = false;
  StatisticsApi::Handler* handler_ = nullptr;
  u64 attached_ = 0;  // handlers so far
  std::map<FlowSource, FrameworkSource> sources_;
  FlowSource last_ = 0;
};

class FrameworkStatistics final : public StatisticsApi {
 public:
  bool Start(Handler* handler, u32 interval_ms) override {
    framework_ = Framework::Get();
    if (framework_ == nullptr) {
      errno = ENOMEM;
      return false;
    }
    handler_ = handler;
    timer_ = dispatch_source_create(DISPATCH_SOURCE_TYPE_TIMER, 0, 0, framework_->queue());
    if (timer_ == nullptr) {
      errno = ENOMEM;
      return false;
    }
    const u64 interval_ns = interval_ms * NSEC_PER_MSEC;
    dispatch_source_set_timer(timer_,
                              dispatch_time(DISPATCH_TIME_NOW, static_cast<int64_t>(interval_ns)),
                              interval_ns, interval_ns / 10);
    dispatch_source_set_event_handler(timer_, ^{
      if (handler_ != nullptr) handler_->Tick();
    });
    Post([this] { framework_->Attach(handler_); });
    dispatch_resume(timer_);
    return true;
  }

  void Post(std::function<void()> task) override {
    auto* const given = new std::function<void()>(std::move(task));
    dispatch_async_f(framework_->queue(), given, [](void* context) {
      const std::unique_ptr<std::function<void()>> run(
          static_cast<std::function<void()>*>(context));
      (*run)();
    });
  }

  void Query() override { framework_->Query(); }

  void Stop() override {
    dispatch_source_cancel(timer_);
    dispatch_sync(framework_->queue(), ^{
      framework_->Detach();
      handler_->Ended();
      handler_ = nullptr;
    });
    // What the timer had queued before has run; what is cancelled runs no more.
    dispatch_sync(framework_->queue(), ^{
                  });
    dispatch_release(timer_);
    timer_ = nullptr;
  }

 private:
  Framework* framework_ = nullptr;
  Handler* handler_ = nullptr;
  dispatch_source_t timer_ = nullptr;
};

}  // namespace

std::unique_ptr<StatisticsApi> MakeStatisticsApi() {
  return std::make_unique<FrameworkStatistics>();
}

}  // namespace freshet
