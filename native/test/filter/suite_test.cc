// The source of flows as it runs, over the double of XPC, with a filter at the other end that
// speaks its protocol: the suite of every source.
#include <atomic>
#include <optional>
#include <thread>
#include <vector>

#include "boot_clock.h"
#include "check.h"
#include "mac/filter/flow_batch.h"
#include "mac/filter/flow_ledger.h"
#include "mac/flow_listener.h"
#include "mac/xpc_listener.h"
#include "source_suite.h"
#include "traffic.h"
#include "xpc_double.h"

namespace freshet {
namespace {

constexpr char kService[] = "TEAM.org.freshet.daemon";
constexpr char kRequirement[] = "identifier filter";

u64 NowUnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

// Sends as many batches as a listener takes (FlowIntake::kBatchesPerSecond), connects anew at once,
// and closes a flow for each stir.
class Filter {
 public:
  Filter() : thread_([this] { Run(); }) {}
  ~Filter() {
    stopping_.store(true);
    thread_.join();
  }

  void Stir() {
    const auto token = Token(77, 3);
    FlowReport report;
    report.uuid = Uuid(++flows_);
    report.event = FlowEvent::kClosed;
    report.bytes_out = 10;
    report.app_token = token;
    report.remote = {"192.0.2.9", "443"};
    report.at_ns = SinceBootNs();
    ledger_.Push(report);
  }

 private:
  void Run() {
    while (!stopping_.load()) {
      ledger_.Collect(SinceBootNs());
      if (!client_ && !Greet()) client_.reset();
      if (client_ && !SendBatch()) client_.reset();
      std::this_thread::sleep_for(std::chrono::milliseconds(6));
    }
    client_.reset();
  }

  bool Greet() {
    client_.emplace(kService, kRequirement);
    const HelloBytes hello = WriteHello(9, FlowLayout(), "1");
    const auto answer = Ask(std::span(hello.bytes).first(hello.size));
    CHECK(!answer || answer->status == static_cast<u8>(FilterStatus::kOk));
    return answer.has_value();
  }

  bool SendBatch() {
    if (!holds_) {
      ledger_.TakeBatch(SinceBootNs(), &batch_);
      number_++;
      holds_ = true;
    }
    std::vector<std::byte> message(sizeof(BatchMessage));
    WriteBatchHead(
        {kFilterVersion, number_, batch_.records(), batch_.begins, batch_.ends, {}, batch_.bytes()},
        message);
    message.insert(message.end(), batch_.bytes().begin(), batch_.bytes().end());
    const auto answer = Ask(message);
    if (!answer) return false;
    holds_ = answer->status == static_cast<u8>(FilterStatus::kBusy);
    return true;
  }

  std::optional<AnswerMessage> Ask(std::span<const std::byte> message) {
    const auto bytes = client_->Send(message);
    if (!bytes) return std::nullopt;
    const std::optional<AnswerMessage> answer = ReadAnswer(*bytes);
    CHECK(answer);
    if ((answer->flags & AnswerMessage::kEnumerate) != 0) ledger_.BeginEnumeration();
    return answer;
  }

  FlowLedger ledger_{{}};
  std::optional<xpc_double::Client> client_;
  FlowBatch batch_;
  u64 number_ = 0;
  bool holds_ = false;
  std::atomic<u64> flows_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

std::unique_ptr<Source> Make(Ring* ring, SourceOptions options) {
  IntakeOptions intake;
  intake.boot_id[0] = 1;
  intake.unix_ns = NowUnixNs;
  intake.statistics = [] { return Statistics::kLow; };
  return std::make_unique<FlowListener>(ring, std::move(options), std::move(intake),
                                        std::make_unique<XpcListener>(kService, kRequirement));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  xpc_double::Advertise(kService);
  Filter filter;
  RunSourceSuite({.name = "filter",
                  .code = k_source_filter,
                  .make = Make,
                  .stir = [&] { filter.Stir(); },
                  .says_ticks = false,
                  .has_thread = false,
                  .is_told = true});
}
