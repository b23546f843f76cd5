// A made-up kernel: flows with counters, identifiers that are given again, closes that are not
// reported, reports that come late. It knows what every byte was, which is what the ledger is held
// against.
#ifndef FRESHET_TEST_FILTER_TRAFFIC_H_
#define FRESHET_TEST_FILTER_TRAFFIC_H_

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "check.h"
#include "mac/filter/flow_ledger.h"

namespace freshet {

inline std::array<std::byte, 32> Token(u32 pid, u32 version) {
  u32 words[8] = {501, 501, 20, 501, 20, pid, 100001, version};
  std::array<std::byte, 32> token;
  std::memcpy(token.data(), words, sizeof(words));
  return token;
}

inline std::array<u8, 16> Uuid(u64 number) {
  std::array<u8, 16> uuid{};
  std::memcpy(uuid.data(), &number, sizeof(number));
  uuid[15] = 0x5a;
  return uuid;
}

class Traffic {
 public:
  struct Options {
    u64 uuids = 200;
    bool closes_missing = true;
    bool late_reports = true;
    bool beginnings_missing = true;
  };

  Traffic(u64 seed, Options options) : random_(seed), options_(options), flows_(options.uuids) {}

  // One more report into `ledger`, or several; time goes on. False when one was dropped.
  bool Step(FlowLedger* ledger) {
    now_ns_ += random_.Below(40'000'000) + 1;
    const u64 number = random_.Below(flows_.size());
    Flow& flow = flows_[number];
    if (!flow.open) {
      if (options_.late_reports && flow.reported_out + flow.reported_in > 0 &&
          now_ns_ < flow.reported_ns + FlowLedger::kLateNs && random_.Below(4) == 0)
        return Send(ledger, number, FlowEvent::kStatistics, flow.reported_out / 2,
                    flow.reported_in / 2);
      return Begin(ledger, number);
    }
    // What the kernel does not do: report a flow twice within its half second, except for the
    // close.
    const bool may_report = now_ns_ >= flow.reported_ns + 500'000'000;
    const u64 what = random_.Below(20);
    if (what < 14) {
      flow.out += random_.Below(3) == 0 ? 0 : random_.Below(100'000);
      flow.in += random_.Below(3) == 0 ? 0 : random_.Below(100'000);
      if (!may_report) return true;
      return Report(ledger, number, FlowEvent::kStatistics);
    }
    if (what == 14) return Send(ledger, number, FlowEvent::kAnnounced, 0, 0);
    if (what < 17) return Close(ledger, number);
    if (what == 17 && options_.closes_missing && may_report) return Vanish(ledger, number);
    if (what == 18 && options_.late_reports && flow.reported_out + flow.reported_in > 0 &&
        now_ns_ < flow.reported_ns + FlowLedger::kOvertakenNs)
      return Send(ledger, number, FlowEvent::kStatistics, flow.reported_out / 2,
                  flow.reported_in / 2);
    return true;
  }

  void Pass(u64 ns) { now_ns_ += ns; }
  u64 now_ns() const { return now_ns_; }
  u64 open() const {
    u64 count = 0;
    for (const Flow& flow : flows_) count += flow.open ? 1 : 0;
    return count;
  }
  bool CloseAll(FlowLedger* ledger) {
    bool taken = true;
    for (u64 number = 0; number < flows_.size(); number++)
      if (flows_[number].open) taken &= Close(ledger, number);
    return taken;
  }

  // Of everything that was reported.
  u64 total_out = 0;
  u64 total_in = 0;
  u64 pushed = 0;
  u64 begun = 0;
  // Is given each report that the ledger took.
  std::function<void(const FlowReport&)> also = [](const FlowReport&) {};

 private:
  struct Flow {
    bool open = false;
    u64 out = 0, in = 0;
    u64 reported_out = 0, reported_in = 0;
    u64 reported_ns = 0;
  };

  bool Begin(FlowLedger* ledger, u64 number) {
    Flow& flow = flows_[number];
    const Flow former = flow;
    flow = Flow{};
    flow.open = true;
    begun++;
    const bool told = former.reported_out + former.reported_in > 1;
    // A beginning that is missed after a close is known by its smaller counters, and only once late
    // reports of the former flow are no longer expected.
    if (options_.beginnings_missing && told && now_ns_ > former.reported_ns + FlowLedger::kLateNs &&
        random_.Below(3) == 0) {
      flow.out = former.reported_out / 2;
      flow.in = former.reported_in / 2;
      return Report(ledger, number, FlowEvent::kStatistics);
    }
    flow.reported_ns = now_ns_;
    return Send(ledger, number, FlowEvent::kNewFlow, 0, 0);
  }

  bool Close(FlowLedger* ledger, u64 number) {
    Flow& flow = flows_[number];
    flow.out += random_.Below(2) * random_.Below(5'000);
    const bool taken = Report(ledger, number, FlowEvent::kClosed);
    flow.open = false;
    return taken;
  }

  // The flow ends and nobody says so; its identifier is given again at once, counters from zero.
  bool Vanish(FlowLedger* ledger, u64 number) {
    Flow& flow = flows_[number];
    if (flow.reported_out + flow.reported_in < 2) return true;
    const u64 out = flow.reported_out / 2;
    const u64 in = flow.reported_in / 2;
    if (out + in == 0) return true;  // a beginning is reported with its first bytes
    flow.reported_out = flow.reported_in = 0;
    flow.out = out;
    flow.in = in;
    begun++;
    return Report(ledger, number, FlowEvent::kStatistics);
  }

  bool Report(FlowLedger* ledger, u64 number, FlowEvent event) {
    Flow& flow = flows_[number];
    total_out += flow.out - flow.reported_out;
    total_in += flow.in - flow.reported_in;
    flow.reported_out = flow.out;
    flow.reported_in = flow.in;
    flow.reported_ns = now_ns_;
    return Send(ledger, number, event, flow.out, flow.in);
  }

  bool Send(FlowLedger* ledger, u64 number, FlowEvent event, u64 out, u64 in) {
    const auto app = Token(static_cast<u32>(100 + number), 7);
    const auto maker = Token(static_cast<u32>(number % 5 == 0 ? 99 : 100 + number), 7);
    const std::string port = std::to_string(1 + number % 60'000);
    const std::string host = "198.51.100." + std::to_string(number % 256);
    FlowReport report;
    report.uuid = Uuid(number);
    report.event = event;
    report.direction = k_direction_outbound;
    report.protocol = number % 3 == 0 ? 17 : 6;
    report.bytes_out = out;
    report.bytes_in = in;
    report.app_token = app;
    report.process_token = maker;
    if (number % 2 == 0) report.hostname = "host.example";
    // As a filter has it: the destination may be unknown when the flow begins.
    if (event != FlowEvent::kNewFlow || number % 4 != 0) report.remote = {host, port};
    report.local = {number % 3 == 0 ? "0.0.0.0" : "192.0.2.7", "50000"};
    report.at_ns = now_ns_;
    pushed++;
    if (!ledger->Push(report)) return false;
    also(report);
    return true;
  }

  Random random_;
  const Options options_;
  std::vector<Flow> flows_;
  u64 now_ns_ = 1'000'000'000'000;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_TRAFFIC_H_
