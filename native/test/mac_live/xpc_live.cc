// The filter's and the daemon's own ends of XPC on a real Mac, between programs that are signed ad
// hoc: scripts/mac-run/xpc.ts builds this with them, signs it under several names, and gives one of
// them a launchd job.
//
//   daemon FILE SECONDS   listens; rewrites FILE each second with what it has counted
//   filter SECONDS        tells of a flow, and prints what was answered
#include <dispatch/dispatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "boot_clock.h"
#include "mac/filter/xpc_transport.h"
#include "mac/flow_listener.h"
#include "mac/identity.gen.h"
#include "mac/peer_requirement.h"
#include "mac/xpc_listener.h"

namespace freshet {

// In place of the product's: who signs ad hoc has neither team nor certificate, the identifier
// alone is asked for.
std::string PeerRequirement(std::string_view identifier, std::string_view, Signing) {
  return "identifier \"" + std::string(identifier) + "\"";
}

namespace {

struct Counts {
  unsigned flows = 0;
  unsigned starts = 0;
  unsigned enumerated = 0;
  unsigned refused = 0;
  u32 gaps = 0;
};

void Read(std::span<const std::byte> records, Counts* counts) {
  while (!records.empty()) {
    Header header;
    memcpy(&header, records.data(), sizeof(header));
    if (header.type == flow_record::kType) counts->flows++;
    if (header.type == mark_record::kType) {
      mark_record mark;
      memcpy(&mark, records.data(), sizeof(mark));
      counts->gaps = mark.gaps;
      if (mark.kind == k_mark_start) counts->starts++;
      if (mark.kind == k_mark_enumerated) counts->enumerated++;
    }
    if (header.type == loss_record::kType) {
      loss_record loss;
      memcpy(&loss, records.data(), sizeof(loss));
      if (loss.what == k_loss_filter_refused) counts->refused += static_cast<unsigned>(loss.count);
    }
    records = records.subspan(header.size);
  }
}

int Daemon(const char* path, int seconds) {
  Ring ring(1 << 20);
  IntakeOptions intake;
  intake.unix_ns = [] { return clock_gettime_nsec_np(CLOCK_REALTIME); };
  intake.statistics = [] { return Statistics::kLow; };
  FlowListener listener(
      &ring, {}, std::move(intake),
      std::make_unique<XpcListener>(kDaemonService, PeerRequirement(kFilterId, "", kSigning)));
  if (!listener.Start()) return 1;
  Counts counts;
  std::vector<std::byte> into(kRecordBytesMax);
  for (int second = 0; second < seconds; second++) {
    sleep(1);
    for (size_t size = ring.Drain(into); size > 0; size = ring.Drain(into))
      Read(std::span(into).first(size), &counts);
    FILE* file = fopen(path, "w");
    if (file == nullptr) return 1;
    fprintf(file, "flows %u, starts %u, enumerated %u, refused %u, gaps %u\n", counts.flows,
            counts.starts, counts.enumerated, counts.refused, counts.gaps);
    fclose(file);
  }
  listener.Stop();
  return 0;
}

int Filter(int seconds) {
  dispatch_queue_t queue = dispatch_queue_create("live", DISPATCH_QUEUE_SERIAL);
  FlowLedger ledger({.seed = 1});
  XpcTransport transport(queue);
  Uplink uplink(&ledger, &transport, {.run = 7, .extension_version = "live", .on_statistics = {}});
  transport.Attach(&uplink);
  Uplink* const ticked = &uplink;
  FlowReport report;
  report.uuid = {1};
  report.event = FlowEvent::kNewFlow;
  report.direction = k_direction_outbound;
  report.protocol = 6;
  report.remote = {"192.0.2.9", "443"};
  report.at_ns = SinceBootNs();
  ledger.Push(report);
  for (int second = 0; second < seconds; second++) {
    dispatch_sync(queue, ^{
      ticked->Tick(SinceBootNs());
    });
    sleep(1);
  }
  Uplink::Counters counters = uplink.counters();
  printf("connections %llu, lost %llu, batches %llu, records %llu, refused %llu\n",
         static_cast<unsigned long long>(counters.connections),
         static_cast<unsigned long long>(counters.lost),
         static_cast<unsigned long long>(counters.batches),
         static_cast<unsigned long long>(counters.records),
         static_cast<unsigned long long>(counters.refused_hellos));
  return 0;
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  const std::string_view role = count > 1 ? arguments[1] : "";
  if (role == "daemon" && count == 4) return freshet::Daemon(arguments[2], atoi(arguments[3]));
  if (role == "filter" && count == 3) return freshet::Filter(atoi(arguments[2]));
  fprintf(stderr, "daemon FILE SECONDS, or filter SECONDS\n");
  return 2;
}
