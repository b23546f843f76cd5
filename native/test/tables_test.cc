// The Linux source's tables at their ends: what is one too many is counted. Events and dumps are
// made here.
#include "tables.h"

#include <algorithm>

#include "check.h"
#include "linux/kernel_events.h"

namespace freshet {
namespace {

void CountsProcessesThatFindTheTableFull() {
  Tables tables({.processes_max = 2, .has_exec_names = false});
  for (const u32 pid : {4'000'001u, 4'000'002u, 4'000'003u, 4'000'004u}) {
    tables.processes_.Image(pid, 10);
    tables.processes_.Map(pid, 11, "/opt/program", 1, pid);
  }
  CHECK(tables.processes_.size() == 2);
  CHECK(tables.told.Of<exec_record>().size() == 2);
  CHECK(tables.told.Lost(k_loss_table_full) == 2);
  // One that ends makes room.
  tables.processes_.Exit(4'000'001, 4'000'001, 12);
  tables.processes_.Image(4'000'003, 13);
  tables.processes_.Map(4'000'003, 14, "/opt/program", 1, 7);
  CHECK(tables.told.Of<exec_record>().size() == 3);
  CHECK(tables.told.Lost(k_loss_table_full) == 2);
}

void CountsFlowsThatFindTheTableFull() {
  Tables tables({}, {}, {.flows_max = 1});
  tables.flows_.Dumped({Socket(1, 1001, 10), Socket(2, 1002, 20)}, true, false, 99, 100);
  CHECK(tables.flows_.size() == 1);
  CHECK(tables.told.Lost(k_loss_table_full) == 1);
  // The one that is known goes on.
  tables.flows_.Dumped({Socket(1, 1001, 15)}, true, false, 199, 200);
  const auto flows = tables.told.Of<flow_record>();
  CHECK(flows.back().flow_id == 1 && flows.back().bytes_out == 15);
  CHECK(std::ranges::none_of(flows, [](const flow_record& flow) { return flow.flow_id == 2; }));
}

void CountsConnectionsThatFindTheTableFull() {
  Tables tables({}, {.connections_max = 1});
  tables.connections_.State(StateOf(0x100, 0, kTcpClose, kTcpSynSent), 10);
  tables.connections_.State(StateOf(0x200, 0, kTcpClose, kTcpSynSent), 11);
  CHECK(tables.connections_.size() == 1);
  CHECK(tables.told.Lost(k_loss_table_full) == 1);
}

// On a machine that is never quiet something always waits: what was handed out goes all the same.
void KeepsNoEventThatWasHandedOut() {
  KernelEvents events;
  KernelEvent event;
  u64 handed_out = 0;
  u64 last_ns = 0;
  const auto take = [&](u64 horizon_ns) {
    events.Take(horizon_ns, [&](const KernelEvent& one) {
      CHECK(one.at_ns >= last_ns && one.at_ns <= horizon_ns);
      last_ns = one.at_ns;
      handed_out++;
    });
  };
  constexpr u64 kEvents = 3 * KernelEvents::kWaitingMax;
  for (u64 at_ns = 1; at_ns <= kEvents; at_ns++) {
    // Each two in the other order, as of two processors.
    event.at_ns = at_ns ^ 1;
    CHECK(events.Push(event));
    if (at_ns % 100 == 0) take(at_ns - 50);
    CHECK(events.waiting() <= 150 && events.bytes() <= KernelEvents::kKeptBytesMax);
  }
  CHECK(handed_out == kEvents - 50);
  // A storm: as many as there is room for, and then the memory is given back.
  while (events.Push(event)) continue;
  CHECK(events.waiting() == KernelEvents::kWaitingMax);
  take(event.at_ns);
  CHECK(events.waiting() == 0 && events.bytes() <= KernelEvents::kKeptBytesMax);
  CHECK(events.Push(event));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  CountsProcessesThatFindTheTableFull();
  CountsFlowsThatFindTheTableFull();
  CountsConnectionsThatFindTheTableFull();
  KeepsNoEventThatWasHandedOut();
  std::puts("tables: ok");
}
