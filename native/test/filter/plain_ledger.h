// What the ledger has to make of reports, written the plain way: every flow it ever had, in a
// vector without bounds, batches and turns. The ledger is held against it wherever its own bounds
// were not reached.
#ifndef FRESHET_TEST_FILTER_PLAIN_LEDGER_H_
#define FRESHET_TEST_FILTER_PLAIN_LEDGER_H_

#include <algorithm>
#include <cstring>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "check.h"
#include "mac/filter/flow_ledger.h"
#include "told.h"

namespace freshet {

class PlainLedger {
 public:
  PlainLedger(u64 tcp_silent_ns, u64 other_silent_ns)
      : tcp_silent_ns_(tcp_silent_ns), other_silent_ns_(other_silent_ns) {}

  // A report that the ledger has kept; nothing comes of it before Collect.
  void Take(const FlowReport& report) {
    const Endpoint remote = ParseEndpoint(report.remote);
    const Endpoint local = ParseEndpoint(report.local);
    Report kept{report, Process(report.app_token), Process(report.process_token), remote, local,
                ""};
    if (IsHostname(report.hostname))
      kept.hostname = report.hostname;
    else if (remote.kind == Endpoint::Kind::kName)
      kept.hostname = report.remote.host;
    waiting_.push_back(std::move(kept));
  }

  void Collect(u64 now_ns) {
    for (const Report& report : waiting_) Apply(report);
    waiting_.clear();
    CloseSilent(true, tcp_silent_ns_, now_ns);
    CloseSilent(false, other_silent_ns_, now_ns);
  }

  u64 repeated() const { return repeated_; }

  // Everything that a flow's records say in the end. REQUIRES: everything was told, nothing
  // dropped.
  void CheckAgainst(const Told& told) const {
    std::vector<Line> wanted;
    for (const Flow& flow : flows_)
      wanted.push_back({flow.epoch, flow.out - flow.base_out, flow.in - flow.base_in, !flow.live,
                        flow.app.pid, flow.app.version, flow.remote, flow.remote_port,
                        flow.local_port, flow.protocol, flow.direction, flow.hostname});
    std::vector<Line> found;
    for (const auto& [key, flow] : told.flows) {
      const flow_record& last = flow.last;
      AddressBytes remote;
      std::copy(std::begin(last.remote_addr), std::end(last.remote_addr), remote.begin());
      found.push_back({last.epoch, last.bytes_out, last.bytes_in, flow.closed, last.pid,
                       last.pidversion, remote, last.remote_port, last.local_port, last.protocol,
                       last.direction, flow.hostname});
    }
    std::sort(wanted.begin(), wanted.end());
    std::sort(found.begin(), found.end());
    CHECK(wanted == found);
  }

 private:
  using Line =
      std::tuple<u32, u64, u64, bool, u32, u32, AddressBytes, u16, u16, u8, u8, std::string>;

  struct Report {
    FlowReport said;  // its texts and tokens are gone
    ProcessId app;
    ProcessId maker;
    Endpoint remote;
    Endpoint local;
    std::string hostname;
    bool counts() const {
      return said.event == FlowEvent::kStatistics || said.event == FlowEvent::kClosed;
    }
    u64 out() const { return counts() ? said.bytes_out : 0; }
    u64 in() const { return counts() ? said.bytes_in : 0; }
  };

  struct Flow {
    u32 epoch = 0;
    u64 out = 0, in = 0;            // as reported
    u64 base_out = 0, base_in = 0;  // what the epochs before have of it
    u64 heard_ns = 0;
    u64 order = 0;  // rises with each report that was heard
    bool live = true;
    bool inexact = false;
    bool has_remote = false, has_local = false;
    AddressBytes remote{};
    u16 remote_port = 0, local_port = 0;
    u8 protocol = 0, direction = 0;
    ProcessId app{}, maker{};
    std::string hostname;
  };

  static ProcessId Process(std::span<const std::byte> token) {
    u32 words[8] = {};
    if (token.size() == sizeof(words)) std::memcpy(words, token.data(), sizeof(words));
    return words[5] == 0 ? ProcessId{} : ProcessId{words[5], words[7]};
  }

  void Apply(const Report& report) {
    const auto known = current_.find(report.said.uuid);
    if (known == current_.end()) return Begin(report);
    Flow& flow = flows_[known->second];
    const bool less = report.counts() && (report.out() < flow.out || report.in() < flow.in);
    const bool more = report.counts() && (report.out() > flow.out || report.in() > flow.in);
    const bool closes = report.said.event == FlowEvent::kClosed;
    if (report.said.event == FlowEvent::kNewFlow) {
      if (flow.live && flow.epoch == 0 && flow.out + flow.in == 0) return Hear(&flow, report);
      return Begin(report);
    }
    if (flow.live) {
      const bool grew = report.out() > flow.out || report.in() > flow.in;
      if (!less && grew && flow.app.pid != 0 && report.app.pid != 0 && flow.app != report.app) {
        // What passed since its last report is the former's.
        flow.out = report.out();
        flow.in = report.in();
        flow.heard_ns = std::max(flow.heard_ns, report.said.at_ns);
        return Begin(report, &flow, true);
      }
      if (!less) return Hear(&flow, report);
      if (report.out() + report.in() == 0) {
        if (!closes) repeated_++;
        if (closes) flow.heard_ns = std::max(flow.heard_ns, report.said.at_ns);
        if (closes) flow.live = false;
        if (closes) flow.inexact = true;
        return;
      }
      if (report.said.at_ns >= flow.heard_ns + FlowLedger::kOvertakenNs)
        return Begin(report, &flow);
      repeated_++;
      if (closes) flow.live = false;
      return;
    }
    if (more && !less) return Begin(report, &flow, true);
    const u64 late_ns = flow.inexact ? FlowLedger::kOvertakenNs : FlowLedger::kLateNs;
    if (less && report.said.at_ns >= flow.heard_ns + late_ns) return Begin(report);
    repeated_++;
    if (!report.counts() || less) return;
    flow.heard_ns = std::max(flow.heard_ns, report.said.at_ns);
    if (closes) flow.inexact = false;
  }

  // A flow of its own, or the next epoch of `former`.
  void Begin(const Report& report, const Flow* former = nullptr, bool counters_go_on = false) {
    Flow flow;
    flow.protocol = report.said.protocol;
    if (former != nullptr) {
      flow = *former;
      flow.epoch++;
      if (report.app.pid != 0) flow.app = report.app;
      if (report.maker.pid != 0) flow.maker = report.maker;
      flow.base_out = counters_go_on ? former->out : 0;
      flow.base_in = counters_go_on ? former->in : 0;
      flow.out = flow.in = flow.heard_ns = 0;
      flow.live = true;
      flow.inexact = false;
    }
    const auto [place, is_first] = current_.try_emplace(report.said.uuid, flows_.size());
    if (!is_first) {
      flows_[place->second].live = false;
      place->second = flows_.size();
    }
    flows_.push_back(std::move(flow));
    Hear(&flows_.back(), report, true);
  }

  void Hear(Flow* flow, const Report& report, bool is_new = false) {
    bool news = is_new || report.said.event == FlowEvent::kClosed;
    const auto learn = [&news](auto* known, const auto& said, bool wanted) {
      if (!wanted) return;
      *known = said;
      news = true;
    };
    const bool has_remote = report.remote.kind == Endpoint::Kind::kAddress;
    const bool has_local = report.local.kind == Endpoint::Kind::kAddress;
    const bool first_remote = !flow->has_remote && has_remote;
    learn(&flow->remote, report.remote.address, first_remote);
    learn(&flow->remote_port, report.remote.port,
          first_remote || (flow->remote_port == 0 && report.remote.port != 0));
    flow->has_remote |= has_remote;
    learn(&flow->local_port, report.local.port,
          !flow->has_local && (has_local || (flow->local_port == 0 && report.local.port != 0)));
    flow->has_local |= has_local;
    learn(&flow->app, report.app, flow->app.pid == 0 && report.app.pid != 0);
    learn(&flow->maker, report.maker, flow->maker.pid == 0 && report.maker.pid != 0);
    learn(&flow->hostname, report.hostname, flow->hostname.empty() && !report.hostname.empty());
    learn(&flow->direction, report.said.direction,
          flow->direction == k_direction_unknown && report.said.direction != k_direction_unknown);
    if (report.out() > flow->out || report.in() > flow->in) {
      flow->out = report.out();
      flow->in = report.in();
      news = true;
    }
    if (is_new || report.counts()) flow->heard_ns = std::max(flow->heard_ns, report.said.at_ns);
    flow->order = ++heard_;
    if (!news) repeated_++;
    if (report.said.event == FlowEvent::kClosed) flow->live = false;
  }

  // In the order in which they were heard, up to the first that was heard not long ago.
  void CloseSilent(bool tcp, u64 silent_ns, u64 now_ns) {
    if (now_ns <= silent_ns) return;
    for (;;) {
      Flow* oldest = nullptr;
      for (Flow& flow : flows_)
        if (flow.live && (flow.protocol == 6) == tcp &&
            (oldest == nullptr || flow.order < oldest->order))
          oldest = &flow;
      if (oldest == nullptr || oldest->heard_ns >= now_ns - silent_ns) return;
      oldest->live = false;
      oldest->inexact = true;
    }
  }

  const u64 tcp_silent_ns_;
  const u64 other_silent_ns_;
  std::vector<Report> waiting_;
  std::vector<Flow> flows_;
  std::map<std::array<u8, 16>, size_t> current_;  // the flow that a UUID names now
  u64 heard_ = 0;
  u64 repeated_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_PLAIN_LEDGER_H_
