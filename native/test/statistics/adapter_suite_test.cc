// The source over the framework's adapter, as it runs on a Mac, and a double of the framework
// beneath that: the suite of every source.
#include "adapter.h"
#include "boot_clock.h"
#include "source_suite.h"

namespace freshet {
namespace {

u64 NowUnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * kSecond + static_cast<u64>(now.tv_nsec);
}

Values Flow(u64 socket) {
  Values values = Tcp(100, static_cast<u16>(1 + socket % 60'000));
  values["kNStatSrcKeyUPID"] = int64_t{7'100};
  values["kNStatSrcKeyInterface"] = int64_t{4};
  values["kNStatSrcKeyStartAbsoluteTime"] = static_cast<int64_t>(SinceBootNs());
  return values;
}

std::unique_ptr<Source> Make(Ring* ring, SourceOptions options) {
  StatisticsOptions statistics;
  statistics.book.boot_id = {1};
  statistics.book.numbers_of = [](u32 pid) { return ProcessNumbers{pid + 7'000u, 3}; };
  statistics.book.interface_of = [](u32) { return std::string("en0"); };
  statistics.book.ns_of = [](u64 ticks) { return ticks; };
  statistics.unix_ns = NowUnixNs;
  return std::make_unique<StatisticsSource>(ring, std::move(options), std::move(statistics),
                                            MakeStatisticsApi());
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  xpc_double::timer_interval_ns.store(0);
  nstat_double::Add(1, Flow(1));
  std::atomic<u64> last{1};
  // Short flows, one after the other, beside one that stays.
  const auto stir = [&] {
    const u64 socket = ++last;
    nstat_double::Add(socket, Flow(socket));
    nstat_double::Count(socket, Sent(500, 20));
    nstat_double::Settle();  // it is described by then
    nstat_double::Remove(socket);
  };
  RunSourceSuite({.name = "network_statistics by its adapter",
                  .code = k_source_network_statistics,
                  .make = Make,
                  .stir = stir,
                  .says_ticks = false,
                  .has_thread = false});
}
