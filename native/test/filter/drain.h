// Reports into a ledger and everything out of it.
#ifndef FRESHET_TEST_FILTER_DRAIN_H_
#define FRESHET_TEST_FILTER_DRAIN_H_

#include <array>
#include <string_view>
#include <utility>

#include "check.h"
#include "mac/filter/flow_ledger.h"
#include "mac/filter_protocol.h"
#include "told.h"
#include "traffic.h"

namespace freshet {

inline constexpr u64 kSecond = 1'000'000'000;
inline constexpr u64 kStartNs = 1'000 * kSecond;

using Sum = std::pair<u64, u64>;

struct Reporter {
  FlowLedger* ledger;
  std::array<std::byte, 32> token = Token(77, 3);
  bool operator()(u64 uuid, FlowEvent event, u64 at_ns, u64 out = 0, u64 in = 0,
                  EndpointText remote = {"192.0.2.9", "443"}, std::string_view hostname = "") {
    FlowReport report;
    report.uuid = Uuid(uuid);
    report.event = event;
    report.direction = k_direction_outbound;
    report.protocol = 6;
    report.bytes_out = out;
    report.bytes_in = in;
    report.app_token = token;
    report.process_token = token;
    report.hostname = hostname;
    report.remote = remote;
    report.at_ns = at_ns;
    return ledger->Push(report);
  }
};

// Everything that waits, into `told`. Each batch holds what a daemon takes.
inline void Drain(FlowLedger* ledger, u64 now_ns, Told* told, bool lossy = false) {
  FlowBatch batch;
  ledger->Collect(now_ns);
  do {
    ledger->TakeBatch(now_ns, &batch);
    CHECK(batch.records() <= FlowBatch::kRecordsMax);
    CHECK(AreFilterRecords(batch.bytes(), batch.records(), now_ns));
    told->Read(batch.bytes(), lossy);
  } while (!batch.HasRoom());
}

// Reports, drops and what was told add up.
inline void CheckSum(const FlowLedger& ledger, u64 pushed) {
  const FlowLedger::Counters counters = ledger.counters();
  CHECK(counters.reports == pushed);
  CHECK(counters.reports == counters.told + counters.repeated + counters.queue_full +
                                counters.malformed + counters.table_full);
}

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_DRAIN_H_
