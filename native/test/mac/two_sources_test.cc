// A Mac's two sources in one daemon: processes from the double of Endpoint Security, flows from a
// filter's ledger and uplink over a double of XPC. What a short story makes of their rings, drained
// in turn, goes to a file for an engine to read: two_sources FILE. What the engine is held
// against stands in test/native/two-sources.test.ts.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "boot_clock.h"
#include "carrier.h"
#include "check.h"
#include "double.h"
#include "mac/endpoint_security.h"
#include "mac/filter/uplink.h"
#include "mac/flow_listener.h"
#include "messages.h"
#include "seen.h"
#include "told.h"
#include "traffic.h"

namespace freshet {
namespace {

using std::chrono::milliseconds;

constexpr u64 kMib = 1024 * 1024;
constexpr u64 kBeginsUnixNs = 1'772'445'610'000'000'000;  // 2026-03-02 10:00:10 UTC
constexpr u64 kLaterNs = 10'000'000'000;
constexpr auto kPatience = std::chrono::seconds(20);

// The story begins early in an hour, so that it lies within that hour.
u64 NowUnixNs() {
  static const u64 began = mach_continuous_time();
  return kBeginsUnixNs + mach_continuous_time() - began;
}

// A source's ring, and what is looked for in what came out of it.
struct Drained {
  explicit Drained(u8 source) : code(source) {}
  const u8 code;
  Ring ring{1 << 20};
  size_t enumerated = 0;
  size_t ticks = 0;
  size_t starts = 0;
  std::vector<std::pair<u32, u32>> execs, forks;
  Told told;  // of the filter's
};

// The daemon: both sources, and the file that stands for the engine's pipe.
class Sense {
 public:
  explicit Sense(std::FILE* file) : file_(file) {
    EsOptions es;
    es.unix_ns = NowUnixNs;
    es.tell_running = [](const IsTold& is_told, const TellExec& tell, const TellCode&) {
      exec_record alive{};
      alive.flags = k_exec_enumerated;
      alive.pid = 60;
      alive.pidversion = 3;
      alive.parent_pid = 1;
      alive.uid = 501;
      alive.dev = 5;
      alive.ino = 60;
      alive.codesign_flags = 0x20000001;
      if (!is_told(alive.pid, alive.pidversion))
        tell(alive, {.path = "/Applications/Backup.app/Contents/MacOS/Backup",
                     .signing_id = "org.example.backup",
                     .team_id = "ABCDE12345"});
      return 0;
    };
    processes_source_ = std::make_unique<EndpointSecuritySource>(
        &processes.ring, SourceOptions{.interval_ms = 20, .on_readable = {}}, std::move(es));
    auto carrier = std::make_unique<CarrierDouble>();
    this->carrier = carrier.get();
    IntakeOptions intake;
    // As kern.bootsessionuuid of the double says.
    intake.boot_id = {0x0f, 0x1e, 0x2d, 0x3c, 0x4b, 0x5a, 0x69, 0x78,
                      0x87, 0x96, 0xa5, 0xb4, 0xc3, 0xd2, 0xe1, 0xf0};
    intake.unix_ns = NowUnixNs;
    intake.statistics = [] { return Statistics::kLow; };
    flows_source_ = std::make_unique<FlowListener>(&flows.ring, SourceOptions{}, std::move(intake),
                                                   std::move(carrier));
  }

  void Start() {
    CHECK(processes_source_->Start() && flows_source_->Start());
    Until([&] { return processes.enumerated == 1 && flows.starts == 1; });
  }
  // The filter's first; then time passes, and the other's.
  void Stop() {
    flows_source_->Stop();
    Drain();
    // The batch whose answer was lost, and nothing else, came twice.
    CHECK(flows_source_->counters().duplicates == 1 && flows_source_->counters().gaps == 0);
    mac_double::SetClocks(mach_absolute_time() + kLaterNs, mach_continuous_time() + kLaterNs);
    const size_t before = processes.ticks;
    Until([&] { return processes.ticks >= before + 2; });
    processes_source_->Stop();
    Drain();
  }

  void Drain() {
    DrainOne(&processes);
    DrainOne(&flows);
  }
  template <typename Ready>
  void Until(Ready ready) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    for (Drain(); !ready(); Drain()) {
      CHECK(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  CarrierDouble* carrier;
  Drained processes{k_source_endpoint_security};
  Drained flows{k_source_filter};

 private:
  void DrainOne(Drained* one) {
    for (size_t size = one->ring.Drain(into_); size > 0; size = one->ring.Drain(into_)) {
      CHECK(std::fwrite(into_.data(), 1, size, file_) == size);
      if (one->code == k_source_filter) one->told.Read(std::span(into_).first(size));
      for (size_t at = 0; at < size;) at += Look(one, at);
    }
  }

  size_t Look(Drained* one, size_t at) {
    Header header;
    std::memcpy(&header, &into_[at], sizeof(header));
    CHECK(header.source == one->code);
    const auto as = [&]<typename R>(R record) {
      std::memcpy(&record, &into_[at], sizeof(record));
      return record;
    };
    if (header.type == mark_record::kType) {
      const u32 kind = as(mark_record{}).kind;
      if (kind == k_mark_enumerated) one->enumerated++;
      if (kind == k_mark_start) one->starts++;
    }
    if (header.type == tick_record::kType) one->ticks++;
    CHECK(header.type != loss_record::kType);
    if (header.type == exec_record::kType) {
      const auto exec = as(exec_record{});
      one->execs.emplace_back(exec.pid, exec.pidversion);
    }
    if (header.type == fork_record::kType) {
      const auto fork = as(fork_record{});
      one->forks.emplace_back(fork.pid, fork.pidversion);
    }
    return header.size;
  }

  std::FILE* const file_;
  std::vector<std::byte> into_ = std::vector<std::byte>(kRecordBytesMax);
  std::unique_ptr<Source> processes_source_;
  std::unique_ptr<FlowListener> flows_source_;
};

// Carries the uplink's messages to the listener. Answers wait until they are asked for: an uplink
// is not called from within its own calls.
class Carried final : public UplinkTransport {
 public:
  explicit Carried(Sense* sense) : sense_(sense) {}

  void Connect() override { peer_++; }
  void Send(std::array<std::span<const std::byte>, 2> parts) override {
    std::vector<std::byte> message(parts[0].begin(), parts[0].end());
    message.insert(message.end(), parts[1].begin(), parts[1].end());
    const auto kind = KindOf(message);
    std::optional<AnswerMessage> answer = sense_->carrier->Send(peer_, std::move(message));
    if (kind == FilterMessage::kBatch && std::exchange(loses_answer, false)) answer.reset();
    answers.push_back(answer);
  }
  void Cancel() override {
    sense_->carrier->Leave(peer_);
    answers.clear();
  }

  bool loses_answer = false;                         // of the next batch
  std::deque<std::optional<AnswerMessage>> answers;  // nothing: the connection ended instead

 private:
  Sense* const sense_;
  u64 peer_ = 0;
};

// The system extension: the provider's reports, the ledger, the uplink. This thread is its queue.
class Filter {
 public:
  explicit Filter(Sense* sense) : sense_(sense), carried_(sense) {}

  void Report(u64 flow, FlowEvent event, u32 pid, u32 version, u64 out = 0, u64 in = 0) {
    const auto token = Token(pid, version);
    const std::string host = "198.51." + std::to_string(flow) + ".9";
    FlowReport report;
    report.uuid = Uuid(flow);
    report.event = event;
    report.direction = k_direction_outbound;
    report.protocol = 6;
    report.bytes_out = out;
    report.bytes_in = in;
    report.app_token = token;
    report.process_token = token;
    report.remote = {host, "443"};
    report.local = {"192.0.2.7", "50000"};
    report.at_ns = SinceBootNs();
    CHECK(ledger_.Push(report));
  }

  // Connects anew and tells all there is; the daemon asks for every open flow with each hello.
  void Tell() {
    if (uplink_.connected()) Cut();
    const size_t enumerated = sense_->flows.enumerated;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (sense_->flows.enumerated == enumerated || !carried_.answers.empty() ||
           ledger_.waiting_flows() > 0) {
      uplink_.Tick(SinceBootNs());
      while (!carried_.answers.empty()) {
        const std::optional<AnswerMessage> answer = carried_.answers.front();
        carried_.answers.pop_front();
        if (answer)
          uplink_.Answered(std::as_bytes(std::span(&*answer, 1)), SinceBootNs());
        else
          Cut();
      }
      sense_->Drain();
      CHECK(std::chrono::steady_clock::now() < deadline);
      std::this_thread::sleep_for(milliseconds(2));
    }
  }

  // The daemon takes the next batch and its answer is lost: it is sent again.
  void LoseAnswer() { carried_.loses_answer = true; }

  const Uplink::Counters& counters() const { return uplink_.counters(); }

 private:
  void Cut() {
    carried_.Cancel();
    uplink_.Lost(SinceBootNs());
  }

  Sense* const sense_;
  Carried carried_;
  FlowLedger ledger_{{}};
  Uplink uplink_{&ledger_, &carried_, {.run = 42, .extension_version = "1", .on_statistics = {}}};
};

class Kernel {
 public:
  explicit Kernel(Sense* sense) : sense_(sense) {}

  void Exec(const ProcessSpec& target) {
    es_message_t* const message = make_.Message(
        ES_EVENT_TYPE_NOTIFY_EXEC, make_.Process({.pid = target.pid}), mach_absolute_time());
    make_.SetExec(message, make_.Process(target), nullptr);
    CHECK(client_.Deliver(message));
    sense_->Until([&] { return Has(sense_->processes.execs, target.pid, target.version); });
  }
  void Fork(const ProcessSpec& parent, u32 pid, u32 version) {
    ProcessSpec child = parent;
    child.pid = pid;
    child.version = version;
    child.parent_pid = parent.pid;
    child.parent_version = parent.version;
    es_message_t* const message =
        make_.Message(ES_EVENT_TYPE_NOTIFY_FORK, make_.Process(parent), mach_absolute_time());
    message->event.fork.child = make_.Process(child);
    CHECK(client_.Deliver(message));
    sense_->Until([&] { return Has(sense_->processes.forks, pid, version); });
  }

 private:
  static bool Has(const std::vector<std::pair<u32, u32>>& list, u32 pid, u32 version) {
    return std::find(list.begin(), list.end(), std::pair(pid, version)) != list.end();
  }

  Sense* const sense_;
  MessageMaker make_{MessageMaker::kNewest};
  Client client_;
};

void TellStory(Sense* sense) {
  Filter filter(sense);
  Kernel kernel(sense);
  const ProcessSpec probe{
      .pid = 100, .version = 2, .parent_pid = 60, .parent_version = 3, .path = "/Users/ada/probe"};
  const ProcessSpec late{.pid = 101, .version = 8, .parent_pid = 100, .path = "/Users/ada/late"};

  // A flow was open before the daemon came, of a program that was running.
  filter.Report(1, FlowEvent::kNewFlow, 60, 3);
  filter.Report(1, FlowEvent::kStatistics, 60, 3, 1 * kMib, 2 * kMib);
  filter.Tell();

  // A stranger begins and uploads; its connection to the daemon ends halfway, and once an answer.
  kernel.Exec(probe);
  filter.Report(2, FlowEvent::kNewFlow, 100, 2);
  filter.Report(2, FlowEvent::kStatistics, 100, 2, 100 * kMib);
  filter.Tell();
  filter.Report(2, FlowEvent::kStatistics, 100, 2, 200 * kMib);
  filter.LoseAnswer();
  filter.Tell();
  filter.Report(2, FlowEvent::kClosed, 100, 2, 300 * kMib + 123, 7);

  // Its child, which runs the same program; a flow that is told before the exec of its process; and
  // one of what ran under the stranger's pid before it, of which nobody has told.
  kernel.Fork(probe, 102, 4);
  filter.Report(3, FlowEvent::kNewFlow, 102, 4);
  filter.Report(3, FlowEvent::kClosed, 102, 4, 5 * kMib + 1, 11);
  filter.Report(4, FlowEvent::kNewFlow, 101, 8);
  filter.Report(4, FlowEvent::kClosed, 101, 8, 40 * kMib + 7, 13);
  filter.Report(5, FlowEvent::kNewFlow, 100, 1);
  filter.Report(5, FlowEvent::kClosed, 100, 1, 3 * kMib, 17);
  filter.Tell();
  kernel.Exec(late);

  // The one that was open goes on.
  filter.Report(1, FlowEvent::kClosed, 60, 3, 9 * kMib + 5, 2 * kMib);
  filter.Tell();
  CHECK(filter.counters().resent >= 1 && filter.counters().refused_batches == 0);
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  CHECK(count == 2);
  mac_double::Reset();
  std::FILE* const file = std::fopen(arguments[1], "wb");
  CHECK(file != nullptr);
  {
    Sense sense(file);
    sense.Start();
    TellStory(&sense);
    sense.Stop();
  }
  CHECK(std::fclose(file) == 0);
  std::puts("two_sources: ok");
}
