// The list of processes as a source, over a double of macOS: the suite of every source.
#include <time.h>

#include "source_suite.h"
#include "world.h"

namespace freshet {
namespace {

u64 UnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  constexpr u32 kAlive = 10;
  constexpr u32 kBusy = 50;
  World world;
  world.Begin(1, 0);
  world.Begin(kAlive);
  world.Begin(kBusy);
  RunSourceSuite({.name = "polling",
                  .code = k_source_polling,
                  .make =
                      [&](Ring* ring, SourceOptions options) {
                        PollingOptions polling;
                        polling.boot_id = {1, 2, 3};
                        polling.unix_ns = UnixNs;
                        return std::make_unique<PollingSource>(ring, std::move(options),
                                                               std::move(polling), world.Api(),
                                                               world.Events());
                      },
                  .stir = [&] { world.Exec(kBusy); },
                  .alive_pid = kAlive,
                  .says_ticks = false});
}
