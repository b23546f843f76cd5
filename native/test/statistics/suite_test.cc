// The source over the double of the framework: the suite of every source.
#include "boot_clock.h"
#include "framework_double.h"
#include "mac/statistics/statistics_source.h"
#include "source_suite.h"

namespace freshet {
namespace {

u64 NowUnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * kSecond + static_cast<u64>(now.tv_nsec);
}

// Short flows, one after the other, beside one that stays.
class Flows {
 public:
  Flows() { framework_.Add(1, Flow(1)); }

  std::unique_ptr<Source> Make(Ring* ring, SourceOptions options) {
    StatisticsOptions statistics;
    statistics.book.boot_id = {1};
    statistics.book.numbers_of = [](u32 pid) { return ProcessNumbers{pid + 7'000u, 3}; };
    statistics.book.interface_of = [](u32) { return std::string("en0"); };
    statistics.book.ns_of = [](u64 ticks) { return ticks; };
    statistics.unix_ns = NowUnixNs;
    return std::make_unique<StatisticsSource>(ring, std::move(options), std::move(statistics),
                                              framework_.Make(true));
  }

  void Stir() {
    const u64 socket = ++last_;
    framework_.Add(socket, Flow(socket));
    framework_.Count(socket, 500, 20);
    framework_.Remove(socket);
  }

  u32 wrong_calls() const { return framework_.wrong_calls(); }

 private:
  static Dictionary Flow(u64 socket) {
    return Dictionary::Tcp()
        .Pid(100, 7'100)
        .Local("192.0.2.7", static_cast<u16>(1 + socket % 60'000))
        .Remote("198.51.100.9", 443)
        .Interface(4)
        .Start(static_cast<int64_t>(SinceBootNs()));
  }

  FrameworkDouble framework_;
  std::atomic<u64> last_{1};
};

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  Flows flows;
  RunSourceSuite(
      {.name = "network_statistics",
       .code = k_source_network_statistics,
       .make = [&](Ring* ring,
                   SourceOptions options) { return flows.Make(ring, std::move(options)); },
       .stir = [&] { flows.Stir(); },
       .says_ticks = false,
       .has_thread = false});
  CHECK(flows.wrong_calls() == 0);
}
