// What a flow event costs the network filter: the provider's push, and taking it in and telling it
// in batches, on one thread in turn, so that both are of one core. Beside it the plain way to keep
// flows: strings by the UUID's text in a locked unordered_map. `filter_ledger OPEN [EVENTS]`: so
// many flows open at a time. Prints one line of JSON; resident memory is read before the rival
// runs.
#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <new>
#include <string>
#include <unordered_map>
#include <vector>

#include "mac/filter/flow_ledger.h"

namespace {

freshet::u64 allocations = 0;

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

constexpr u64 kChunk = 4'096;
constexpr u32 kReportsOfFlow = 10;  // its beginning, eight counts, its close
constexpr u64 kMicrosecond = 1'000;

double Seconds(steady_clock::time_point from, steady_clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

// Flows as a provider reports them, one report of each in turn.
class Flows {
 public:
  explicit Flows(u32 open) : open_(open), flows_(open) {
    for (u32 index = 0; index < open; index++) {
      Flow& flow = flows_[index];
      std::snprintf(flow.host, sizeof(flow.host), "198.51.%u.%u", index / 256 % 256, index % 256);
      std::snprintf(flow.port, sizeof(flow.port), "%u", 1'024 + index % 60'000);
      const u32 token[8] = {501, 501, 20, 501, 20, 300 + index % 200, 100'001, 7};
      std::memcpy(flow.token, token, sizeof(token));
    }
  }

  // The next report; its texts stay as long as this.
  FlowReport Next() {
    Flow& flow = flows_[at_];
    // They do not begin at once: each is a round ahead of the one before.
    const u64 step = round_ + at_ % kReportsOfFlow;
    const u64 life = step / kReportsOfFlow;
    const u64 age = step % kReportsOfFlow;
    FlowReport report;
    const u64 words[2] = {(u64{at_} << 32 | life) * 0x9e3779b97f4a7c15, at_};
    std::memcpy(report.uuid.data(), words, sizeof(words));
    report.event = age == 0                    ? FlowEvent::kNewFlow
                   : age == kReportsOfFlow - 1 ? FlowEvent::kClosed
                                               : FlowEvent::kStatistics;
    report.direction = k_direction_outbound;
    report.protocol = 6;
    report.bytes_out = age * 1'500;
    report.bytes_in = age * 400;
    report.app_token = report.process_token = std::as_bytes(std::span(flow.token));
    report.hostname = "cdn-7.example.com";
    report.remote = {flow.host, flow.port};
    report.local = {"192.0.2.7", "50000"};
    report.at_ns = now_ns_ += kMicrosecond;
    if (++at_ == open_) {
      at_ = 0;
      round_++;
    }
    return report;
  }
  u64 now_ns() const { return now_ns_; }

 private:
  struct Flow {
    char host[16];
    char port[6];
    u8 token[32];
  };
  const u32 open_;
  std::vector<Flow> flows_;
  u32 at_ = 0;
  u64 round_ = 0;
  u64 now_ns_ = 1'000'000'000'000;
};

class Ours {
 public:
  bool Push(const FlowReport& report) { return ledger_.Push(report); }
  // Everything that waits, as batches.
  void Tell(u64 now_ns) {
    ledger_.Collect(now_ns);
    do {
      ledger_.TakeBatch(now_ns, &batch_);
      records_ += batch_.records();
    } while (!batch_.HasRoom());
  }
  u64 records() const { return records_; }
  const FlowLedger& ledger() const { return ledger_; }

 private:
  FlowLedger ledger_{{}};
  FlowBatch batch_;
  u64 records_ = 0;
};

// The rival keeps and tells the same of a flow, and forgets it with its close.
class Plain {
 public:
  bool Push(const FlowReport& report) {
    const std::lock_guard lock(mutex_);
    Flow& flow = flows_[Text(report.uuid)];
    if (flow.remote.empty()) {
      flow.hostname = report.hostname;
      flow.remote = Address(report.remote.host);
      flow.local = Address(report.local.host);
      flow.remote_port = std::stoi(std::string(report.remote.port));
      flow.local_port = std::stoi(std::string(report.local.port));
      std::memcpy(flow.token, report.app_token.data(), report.app_token.size());
    }
    flow.out = std::max(flow.out, report.bytes_out);
    flow.in = std::max(flow.in, report.bytes_in);
    flow.at_ns = report.at_ns;
    flow.closed = report.event == FlowEvent::kClosed;
    if (!flow.changed) changed_.push_back(Text(report.uuid));
    flow.changed = true;
    return true;
  }
  void Tell(u64) {
    const std::lock_guard lock(mutex_);
    for (const std::string& key : changed_) {
      const auto found = flows_.find(key);
      Flow& flow = found->second;
      if (!flow.named) Name(flow);
      flow.named = true;
      flow.changed = false;
      flow_record record{};
      record.bytes_out = flow.out;
      record.bytes_in = flow.in;
      std::memcpy(&record.pid, flow.token + 20, 4);
      std::memcpy(record.remote_addr, flow.remote.data(), 16);
      Add(record, {});
      if (flow.closed) flows_.erase(found);
    }
    changed_.clear();
    batch_.clear();
  }
  u64 records() const { return records_; }

 private:
  struct Flow {
    std::string hostname, remote, local;
    int remote_port = 0, local_port = 0;
    u8 token[32] = {};
    u64 out = 0, in = 0, at_ns = 0;
    bool named = false, changed = false, closed = false;
  };
  static std::string Text(const std::array<u8, 16>& uuid) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::string text;
    for (size_t index = 0; index < uuid.size(); index++) {
      if (index == 4 || index == 6 || index == 8 || index == 10) text += '-';
      text += kDigits[uuid[index] >> 4];
      text += kDigits[uuid[index] & 15];
    }
    return text;
  }
  static std::string Address(std::string_view text) {
    std::string address(16, '\0');
    address[10] = address[11] = static_cast<char>(0xff);
    inet_pton(AF_INET, std::string(text).c_str(), &address[12]);
    return address;
  }
  void Name(const Flow& flow) {
    name_record record{};
    record.hostname_bytes = static_cast<u16>(flow.hostname.size());
    Add(record, flow.hostname);
  }
  template <typename R>
  void Add(const R& record, std::string_view text) {
    const auto* bytes = reinterpret_cast<const std::byte*>(&record);
    batch_.insert(batch_.end(), bytes, bytes + sizeof(record));
    const auto* letters = reinterpret_cast<const std::byte*>(text.data());
    batch_.insert(batch_.end(), letters, letters + text.size());
    records_++;
  }

  std::mutex mutex_;
  std::unordered_map<std::string, Flow> flows_;
  std::vector<std::string> changed_;
  std::vector<std::byte> batch_;
  u64 records_ = 0;
};

struct Cost {
  double push_s = 0;
  double tell_s = 0;
  u64 events = 0;
  double PushNs() const { return push_s * 1e9 / static_cast<double>(events); }
  double TellNs() const { return tell_s * 1e9 / static_cast<double>(events); }
  double EventsPerSecond() const { return static_cast<double>(events) / (push_s + tell_s); }
};

template <typename Who>
Cost Run(Who* who, Flows* flows, u64 events) {
  static std::vector<FlowReport> chunk(kChunk);  // one for all, so that memory is the ledger's
  Cost cost;
  while (cost.events < events) {
    for (FlowReport& report : chunk) report = flows->Next();
    const auto began = steady_clock::now();
    for (const FlowReport& report : chunk)
      if (!who->Push(report)) std::abort();
    const auto pushed = steady_clock::now();
    who->Tell(flows->now_ns());
    cost.push_s += Seconds(began, pushed);
    cost.tell_s += Seconds(pushed, steady_clock::now());
    cost.events += kChunk;
  }
  return cost;
}

double ResidentMb() {
  FILE* file = std::fopen("/proc/self/statm", "r");
  long total = 0;
  long resident = 0;
  if (file == nullptr || std::fscanf(file, "%ld %ld", &total, &resident) != 2) std::abort();
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

void Measure(u32 open, u64 events) {
  const double before_mb = ResidentMb();
  Ours ours;
  Flows flows(open);
  Run(&ours, &flows, events);
  const double once_mb = ResidentMb();
  const u64 allocations_before = allocations;
  Run(&ours, &flows, 9 * events);
  const u64 allocated = allocations - allocations_before;
  const double tenfold_mb = ResidentMb();
  Plain plain;
  Flows same(open);
  Cost best;
  Cost plain_best;
  // In turn, so that what the machine does else falls on both alike.
  for (u32 round = 0; round < 7; round++) {
    const Cost cost = Run(&ours, &flows, events / 4);
    const Cost plain_cost = Run(&plain, &same, events / 4);
    if (round == 0 || cost.EventsPerSecond() > best.EventsPerSecond()) best = cost;
    if (round == 0 || plain_cost.EventsPerSecond() > plain_best.EventsPerSecond())
      plain_best = plain_cost;
  }
  const FlowLedger::Counters counters = ours.ledger().counters();
  if (counters.reports != counters.told + counters.repeated + counters.table_full ||
      ours.records() == 0 || plain.records() == 0)
    std::abort();
  std::printf(
      "{\"eventsPerS\": %.0f, \"pushNs\": %.1f, \"tellNs\": %.1f, \"plainEventsPerS\": %.0f, "
      "\"onceMb\": %.3f, \"tenfoldMb\": %.3f, \"allocations\": %llu, \"flows\": %u}\n",
      best.EventsPerSecond(), best.PushNs(), best.TellNs(), plain_best.EventsPerSecond(),
      once_mb - before_mb, tenfold_mb - before_mb, static_cast<unsigned long long>(allocated),
      ours.ledger().flows());
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  if (count < 2) return 2;
  freshet::Measure(static_cast<freshet::u32>(std::atoi(arguments[1])),
                   count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 1'000'000);
}
