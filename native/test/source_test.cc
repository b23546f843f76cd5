// The live Linux source: the suite of every source, and a short connection attributed. Wants root;
// the mocha test that runs it skips otherwise.
#include "source.h"

#include <unistd.h>

#include "linux/linux_source.h"
#include "live.h"
#include "source_suite.h"

namespace freshet {
namespace {

void DoesWhatEverySourceDoes() {
  Load load;
  RunSourceSuite({.name = "linux",
                  .code = k_source_linux,
                  .make = [](Ring* ring, SourceOptions options) -> std::unique_ptr<Source> {
                    return std::make_unique<LinuxSource>(ring, std::move(options));
                  },
                  .stir = [&] { load.Once(); },
                  .alive_pid = static_cast<u32>(getpid()),
                  .is_live = true});
}

void AttributesAShortConnection() {
  Load load;
  Ring ring(16 << 20);
  std::atomic<u32> wakes{0};
  const auto wake = [&] {
    wakes++;
    wakes.notify_one();
  };
  auto source =
      std::make_unique<LinuxSource>(&ring, SourceOptions{.interval_ms = 50, .on_readable = wake});
  CHECK(source->Start());
  Seen seen;
  CHECK(WaitFor(ring, &seen, wakes, [&] { return seen.marks.size() >= 2; }));
  load.Once();
  const auto closed = [&](u8 direction) -> const flow_record* {
    for (const flow_record& flow : seen.flows) {
      const u16 port = direction == k_direction_outbound ? flow.remote_port : flow.local_port;
      if (flow.state == k_flow_state_closed && flow.direction == direction && port == load.port())
        return &flow;
    }
    return nullptr;
  };
  CHECK(WaitFor(ring, &seen, wakes, [&] {
    return closed(k_direction_outbound) != nullptr && closed(k_direction_inbound) != nullptr;
  }));
  const flow_record out = *closed(k_direction_outbound);
  const flow_record in = *closed(k_direction_inbound);
  CHECK(out.bytes_out == Load::kBytes && out.bytes_in == 0);
  CHECK(in.bytes_in == Load::kBytes && in.bytes_out == 0);
  CHECK(out.pid == static_cast<u32>(getpid()) && in.pid == out.pid);
  CHECK(out.pidversion == in.pidversion);
  CHECK((out.flags & k_flow_inexact) == 0 && out.flow_id != in.flow_id);
  source->Stop();
  std::puts("source: a short connection attributed at both ends");
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  DoesWhatEverySourceDoes();
  AttributesAShortConnection();
}
