// What it costs to ask the NetworkStatistics framework for a Mac's flows each second, as far as our
// half goes: the book over dictionaries as plain values. What the framework and the kernel cost
// before it is a Mac's to say.
//
// `statistics_book FLOWS SECONDS`: so many flows, of which a tenth end and begin anew each second
// and half have moved bytes; prints the processor time a second, and the rival's: one map of
// sums by process, as a monitor of bandwidth keeps it.
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "mac/statistics/flow_book.h"

namespace freshet {
namespace {

constexpr u64 kSecond = 1'000'000'000;

u64 CpuNs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<u64>(now.tv_sec) * kSecond + static_cast<u64>(now.tv_nsec);
}

struct Flow {
  u64 source = 0;
  int64_t pid = 0;
  int64_t out = 0, in = 0;
  u64 start = 0;
  std::array<u8, 16> local{};
  std::array<u8, 16> remote{};
};

FlowDescription Describe(const Flow& flow) {
  FlowDescription said;
  said.provider = StatisticsProvider::kTcp;
  said.tcp_state = StatisticsTcpState::kAnother;
  said.pid = said.epid = flow.pid;
  said.upid = said.eupid = flow.pid + 100'000;
  said.process_name = "a process";
  said.uuid = "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0";
  said.local = flow.local;
  said.remote = flow.remote;
  said.interface = 4;
  said.start_ticks = static_cast<int64_t>(flow.start);
  said.bytes_out = flow.out;
  said.bytes_in = flow.in;
  said.bytes_again = 0;
  return said;
}

class World {
 public:
  explicit World(u32 flows) : flows_(flows) {
    for (Flow& flow : flows_) Begin(&flow);
  }

  void Begin(Flow* flow) {
    const u64 number = ++last_;
    *flow = {number, static_cast<int64_t>(1 + number % 300), 0, 0, now_ns, {}, {}};
    flow->local = {16, 2, static_cast<u8>(number >> 8), static_cast<u8>(number), 10, 0, 0, 2};
    flow->remote = {16, 2, 1, 187, 198, 51, static_cast<u8>(number >> 8), static_cast<u8>(number)};
  }

  std::vector<Flow> flows_;
  u64 now_ns = 1'000 * kSecond;

 private:
  u64 last_ = 0;
};

// Seconds of the world through what `Second` does with each; processor time a second.
template <typename Ended, typename Heard, typename Passed>
u64 Measure(u32 flows, u32 seconds, Ended ended, Heard heard, Passed passed) {
  World world(flows);
  u64 spent_ns = 0;
  for (u32 second = 0; second < seconds; second++) {
    world.now_ns += kSecond;
    const u64 before = CpuNs();
    for (size_t index = 0; index < world.flows_.size(); index++) {
      Flow& flow = world.flows_[index];
      if (index % 10 == second % 10 && second > 0) {
        ended(flow, world.now_ns);
        world.Begin(&flow);
      }
      if (index % 2 == 0) {
        flow.out += 1'500;
        flow.in += 40'000;
      }
      heard(flow, world.now_ns);
    }
    passed(world.now_ns);
    // The first second is the enumeration.
    if (second > 0) spent_ns += CpuNs() - before;
  }
  return spent_ns / (seconds - 1);
}

u64 MeasureBook(u32 flows, u32 seconds) {
  Ring ring(8 << 20);
  std::vector<std::byte> into(1 << 20);
  Emitter emitter(&ring, k_source_network_statistics);
  BookOptions options;
  options.numbers_of = [](u32 pid) { return ProcessNumbers{pid + 100'000u, 1}; };
  options.interface_of = [](u32) { return std::string("en0"); };
  options.ns_of = [](u64 ticks) { return ticks; };
  FlowBook book(&emitter, std::move(options));
  book.Begin(kSecond);
  const u64 spent_ns = Measure(
      flows, seconds, [&](const Flow& flow, u64 now_ns) { book.Removed(flow.source, now_ns); },
      [&](const Flow& flow, u64 now_ns) {
        const FlowDescription said = Describe(flow);
        book.Added(flow.source, now_ns);
        book.Described(flow.source, said, true, now_ns);
        book.Counted(flow.source, said, true, now_ns);
      },
      [&](u64 now_ns) {
        book.Tick(now_ns);
        while (ring.Drain(into) > 0) {
        }
      });
  if (ring.counters().dropped > 0 || ring.counters().records < flows * (seconds / 2)) std::exit(1);
  return spent_ns;
}

u64 MeasureSums(u32 flows, u32 seconds) {
  struct Sum {
    int64_t pid = 0;
    int64_t out = 0, in = 0;
  };
  std::map<u64, Sum> of_source;
  std::map<int64_t, Sum> of_process;
  return Measure(
      flows, seconds, [&](const Flow& flow, u64) { of_source.erase(flow.source); },
      [&](const Flow& flow, u64) {
        const FlowDescription said = Describe(flow);
        Sum& sum = of_source[flow.source];
        Sum& total = of_process[*said.pid];
        total.out += *said.bytes_out - sum.out;
        total.in += *said.bytes_in - sum.in;
        sum = {*said.pid, *said.bytes_out, *said.bytes_in};
      },
      [](u64) {});
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  if (count < 3) return 2;
  const u32 flows = static_cast<u32>(std::atoi(arguments[1]));
  const u32 seconds = static_cast<u32>(std::atoi(arguments[2]));
  const u64 book_ns = MeasureBook(flows, seconds);
  const u64 sums_ns = MeasureSums(flows, seconds);
  std::printf("{\"bookNsPerS\": %llu, \"sumsNsPerS\": %llu}\n",
              static_cast<unsigned long long>(book_ns), static_cast<unsigned long long>(sums_ns));
}
