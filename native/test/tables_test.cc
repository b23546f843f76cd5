// The Linux source's tables at their ends: what is one too many is counted, what is used again is
// told apart. Events and dumps are made here; /proc is asked about this process alone.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "emitted.h"
#include "linux/flow_table.h"
#include "linux/kernel_events.h"

namespace freshet {
namespace {

Endpoints Ends(u16 local_port) {
  const u8 loopback[4] = {127, 0, 0, 1};
  Endpoints ends;
  ends.local = ends.remote = MappedV4(loopback);
  ends.local_port = local_port;
  ends.remote_port = 443;
  return ends;
}

DiagSocket Socket(u64 cookie, u16 local_port, u64 bytes_out) {
  DiagSocket socket;
  socket.cookie = cookie;
  socket.ends = Ends(local_port);
  socket.state = kTcpEstablished;
  socket.has_counters = true;
  socket.bytes_out = bytes_out;
  return socket;
}

PerfEvent StateOf(u64 skaddr, u16 local_port, u8 from, u8 to) {
  PerfEvent event;
  event.kind = PerfEvent::Kind::kSocketState;
  event.pid = event.tid = static_cast<u32>(getpid());
  event.skaddr = skaddr;
  event.old_state = from;
  event.new_state = to;
  event.ends = Ends(local_port);
  return event;
}

struct Tables {
  explicit Tables(ProcessTable::Options processes = {}, ConnectionTable::Options connections = {},
                  FlowTable::Options flows = {})
      : processes_(told.emitter(), processes),
        connections_(&processes_, told.emitter(), connections),
        flows_(&processes_, &connections_, told.emitter(), flows) {}
  Told told;
  ProcessTable processes_;
  ConnectionTable connections_;
  FlowTable flows_;
};

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

void BeginsAnEpochWhenASocketConnectsAgain() {
  Tables tables;
  tables.flows_.Dumped({Socket(5, 2001, 700)}, true, false, 99, 100);
  tables.flows_.Dumped({Socket(5, 2002, 30)}, true, false, 199, 200);  // other ends, fewer bytes
  std::vector<flow_record> states;
  for (const flow_record& flow : tables.told.Of<flow_record>())
    if (flow.state != k_flow_state_report) states.push_back(flow);
  CHECK(states.size() == 3);
  CHECK(states[0].state == k_flow_state_opened && states[0].epoch == 0);
  CHECK(states[1].state == k_flow_state_closed && states[1].epoch == 0);
  CHECK(states[1].bytes_out == 700 && (states[1].flags & k_flow_inexact) != 0);
  CHECK(states[2].state == k_flow_state_opened && states[2].epoch == 1);
  CHECK(states[2].local_port == 2002);
  const auto names = tables.told.Of<name_record>();
  CHECK(names.size() == 2 && names[1].epoch == 1);
}

void KeepsAConnectionWhoseEndWasNotSeen() {
  Tables tables;
  const auto connect = [&](u16 local_port, u64 at_ns) {
    tables.connections_.State(StateOf(0x100, 0, kTcpClose, kTcpSynSent), at_ns);
    tables.connections_.State(StateOf(0x100, local_port, kTcpSynSent, kTcpEstablished), at_ns + 1);
  };
  connect(3001, 10);
  connect(3002, 20);  // the same address: the first one's end was not told
  const Connection* first = tables.connections_.Find(0, Ends(3001));
  const Connection* second = tables.connections_.Find(0, Ends(3002));
  CHECK(first != nullptr && second != nullptr && first != second);
  CHECK(first->process.pid == static_cast<u32>(getpid()));
  CHECK(first->direction == k_direction_outbound && first->opened_ns == 10);
  // Its destroy message names it, and forgets it.
  DiagSocket closed = Socket(9, 3001, 1234);
  closed.state = kTcpClose;
  tables.flows_.Closed(closed, 30);
  const flow_record flow = tables.told.Of<flow_record>().back();
  CHECK(flow.pid == static_cast<u32>(getpid()) && flow.bytes_out == 1234);
  CHECK(tables.connections_.Find(0, Ends(3001)) == nullptr);
  CHECK(tables.connections_.Find(0, Ends(3002)) != nullptr);
  // One whose message does not come is forgotten in time.
  connect(3003, 40);
  CHECK(tables.connections_.Find(0, Ends(3002)) != nullptr);
  tables.connections_.ForgetOverdue(39, [](const Connection&) {});
  CHECK(tables.connections_.Find(0, Ends(3002)) != nullptr);
  tables.connections_.ForgetOverdue(41, [](const Connection&) {});
  CHECK(tables.connections_.Find(0, Ends(3002)) == nullptr);
}

// Never a zero that counts as true: what a dump read stays, and the loss is counted.
void MarksCountersThatWereZeroed() {
  Tables tables;
  tables.flows_.Dumped({Socket(5, 2001, 700)}, true, false, 99, 100);
  DiagSocket zeroed = Socket(5, 0, 0);
  zeroed.ends = {};
  zeroed.state = kTcpClose;
  zeroed.is_zeroed = true;
  tables.flows_.Closed(zeroed, 200);
  const flow_record flow = tables.told.Of<flow_record>().back();
  CHECK(flow.state == k_flow_state_closed && flow.bytes_out == 700 && flow.local_port == 2001);
  CHECK((flow.flags & k_flow_counters_lost) != 0 && (flow.flags & k_flow_inexact) != 0);
  // One that no dump has seen is told too.
  tables.connections_.State(StateOf(0x100, 0, kTcpClose, kTcpSynSent), 300);
  tables.connections_.State(StateOf(0x100, 2002, kTcpSynSent, kTcpEstablished), 301);
  tables.connections_.State(StateOf(0x100, 2002, kTcpEstablished, kTcpClose), 302);
  PerfEvent destroyed;
  destroyed.skaddr = 0x100;
  destroyed.cookie = zeroed.cookie = 6;
  tables.connections_.Destroyed(destroyed, 303);
  tables.flows_.Closed(zeroed, 400);
  const flow_record unseen = tables.told.Of<flow_record>().back();
  CHECK(unseen.flow_id == 6 && unseen.bytes_out == 0 && unseen.local_port == 2002);
  CHECK((unseen.flags & k_flow_counters_lost) != 0);
  CHECK(tables.told.Lost(k_loss_flow_counters) == 2);
}

KernelEvent FinalOf(u64 skaddr, u64 cookie, u16 local_port, u64 bytes_out) {
  KernelEvent event;
  event.kind = KernelEvent::Kind::kFinal;
  event.skaddr = skaddr;
  event.cookie = cookie;
  event.ends = Ends(local_port);
  event.bytes_out = bytes_out;
  return event;
}

void ClosesOnceByTheKernelsWord() {
  Tables tables;
  tables.flows_.SetFinals(true);
  tables.flows_.Dumped({Socket(5, 2001, 700)}, true, false, 99, 100);
  tables.flows_.Final(FinalOf(0x100, 5, 2001, 900), 150);
  tables.flows_.Dumped({Socket(5, 2001, 800)}, true, false, 140, 200);  // as it was before
  DiagSocket closed = Socket(5, 2001, 900);
  closed.state = kTcpClose;
  CHECK(tables.flows_.size() == 0);
  // The same socket connects again, from the same port: another epoch.
  tables.flows_.Dumped({Socket(5, 2001, 10)}, true, false, 240, 250);
  tables.flows_.Final(FinalOf(0x100, 5, 2001, 20), 260);
  tables.flows_.Closed(closed, 300);
  std::vector<flow_record> ends;
  for (const flow_record& flow : tables.told.Of<flow_record>())
    if (flow.state == k_flow_state_closed) ends.push_back(flow);
  CHECK(ends.size() == 2 && ends[0].bytes_out == 900 && ends[1].bytes_out == 20);
  CHECK(ends[0].epoch == 0 && ends[1].epoch == 1 && (ends[0].flags | ends[1].flags) == 0);
  CHECK(tables.told.Lost(k_loss_flow_counters) == 0);
}

// MPTCP sends again what a subflow does not bring through: only the kernel's last word tells, and
// without our programs nobody does.
void MarksSubflowsOfMptcp() {
  Tables tables;
  const auto last = [&] { return tables.told.Of<flow_record>().back(); };
  const auto closed = [](u64 cookie, u16 port) {
    DiagSocket socket = Socket(cookie, port, 900);
    socket.state = kTcpClose;
    return socket;
  };
  // One that a dump tells.
  DiagSocket subflow = Socket(5, 2001, 700);
  subflow.is_mptcp = true;
  tables.flows_.Dumped({subflow}, true, false, 99, 100);
  tables.flows_.Closed(closed(5, 2001), 200);
  CHECK(last().state == k_flow_state_closed && last().flags == k_flow_inexact);
  // One that is told by the state of its connection, between two dumps.
  tables.connections_.State(StateOf(0x100, 0, kTcpClose, kTcpSynSent), 300);
  tables.connections_.State(StateOf(0x100, 2002, kTcpSynSent, kTcpEstablished), 301);
  PerfEvent connection = StateOf(0x200, 2002, kTcpSynSent, kTcpEstablished);
  connection.kind = PerfEvent::Kind::kMptcpState;
  tables.connections_.Mptcp(connection);
  tables.flows_.Closed(closed(6, 2002), 400);
  CHECK(last().flow_id == 6 && last().bytes_out == 900 && last().flags == k_flow_inexact);
  // What is none is not marked, nor what the kernel's word makes exact.
  tables.flows_.Closed(closed(7, 2003), 500);
  CHECK(last().flow_id == 7 && last().flags == 0);
  tables.flows_.SetFinals(true);
  subflow = Socket(8, 2004, 700);
  subflow.is_mptcp = true;
  tables.flows_.Dumped({subflow}, true, false, 599, 600);
  KernelEvent final = FinalOf(0x300, 8, 2004, 700);
  final.is_mptcp = true;
  tables.flows_.Final(final, 601);
  CHECK(last().flow_id == 8 && last().state == k_flow_state_closed && last().flags == 0);
  final = FinalOf(0x300, 9, 2005, 700);
  final.is_mptcp = final.is_inexact = true;
  tables.flows_.Final(final, 700);
  CHECK(last().flow_id == 9 && last().bytes_out == 700 && last().flags == k_flow_inexact);
  // A kernel that is locked down says of it what it says of all.
  subflow = Socket(10, 2006, 700);
  subflow.is_mptcp = true;
  tables.flows_.Dumped({subflow}, true, false, 799, 800);
  tables.flows_.Final(FinalOf(0x300, 10, 2006, 700), 801);
  CHECK(last().flow_id == 10 && last().flags == k_flow_inexact);
}

size_t Closed(Tables& tables) {
  const auto flows = tables.told.Of<flow_record>();
  return static_cast<size_t>(std::ranges::count_if(
      flows, [](const flow_record& flow) { return flow.state == k_flow_state_closed; }));
}

// A dump and the kernel's word about one socket that is disconnected and connected over and over:
// each connection is told once, whichever of them the dump has seen.
void TellsEachConnectionOfASocketOnce() {
  for (const u16 seen : {2001, 2002, 2003}) {
    Tables tables;
    tables.flows_.SetFinals(true);
    tables.flows_.Dumped({Socket(5, 2001, 300)}, true, false, 90, 95);
    // While the dump ran two of them ended.
    tables.flows_.Final(FinalOf(0x100, 5, 2001, 700), 110);
    tables.flows_.Final(FinalOf(0x100, 5, 2002, 700), 120);
    tables.flows_.Dumped({Socket(5, seen, 700)}, true, false, 100, 130);
    tables.flows_.Final(FinalOf(0x100, 5, 2003, 700), 140);
    for (const flow_record& flow : tables.told.Of<flow_record>()) CHECK(flow.flags == 0);
    CHECK(Closed(tables) == 3 && tables.told.Lost(k_loss_flow_counters) == 0);
  }
  // The kernel's word comes late: a dump that shows the next connection does not end the former.
  Tables tables;
  tables.flows_.SetFinals(true);
  tables.flows_.Dumped({Socket(5, 2001, 300)}, true, false, 90, 95);
  tables.flows_.Dumped({Socket(5, 2002, 10)}, true, false, 190, 195);
  tables.flows_.Final(FinalOf(0x100, 5, 2001, 700), 189);
  CHECK(Closed(tables) == 1 && tables.told.Of<flow_record>().back().bytes_out == 700);
  // It does not come at all.
  tables.flows_.Dumped({Socket(5, 2002, 20)}, true, false, 290, 295);
  for (const u64 at_ns : {390u, 490u})
    tables.flows_.Dumped({Socket(5, 2003, 10)}, true, false, at_ns, at_ns + 5);
  CHECK(Closed(tables) == 2 && tables.told.Lost(k_loss_flow_counters) == 1);
}

struct Connected {
  explicit Connected(Tables* made) : tables(made) {}
  void operator()(u16 local_port, u64 at_ns) const {
    tables->connections_.State(StateOf(0x100, 0, kTcpClose, kTcpSynSent), at_ns);
    tables->connections_.State(StateOf(0x100, local_port, kTcpSynSent, kTcpEstablished), at_ns + 1);
  }
  void Ended(u16 local_port, u64 at_ns) const {
    tables->connections_.State(StateOf(0x100, local_port, kTcpEstablished, kTcpClose), at_ns);
  }
  Tables* tables;
};

// The socket connects again before the kernel's word about its last connection is read.
void FinishesTheConnectionThatEnded() {
  Tables tables;
  tables.flows_.SetFinals(true);
  const Connected connect(&tables);
  connect(3001, 10);
  connect.Ended(3001, 15);
  connect(3002, 20);
  tables.flows_.Final(FinalOf(0x100, 5, 3001, 700), 15);
  CHECK(tables.told.Of<flow_record>().back().pid == static_cast<u32>(getpid()));
  CHECK(tables.told.Of<name_record>().back().header.at_ns == 10);
  CHECK(tables.connections_.Find(0, Ends(3001)) == nullptr);
  CHECK(!tables.connections_.Find(0, Ends(3002))->told);
}

// Nothing tells the end of disconnected ones but their events: each is handed out, also when a
// later one had the same ends, and what has those now is let be.
void TellsOverdueConnectionsOfTheSameEnds() {
  Tables tables;
  const Connected connect(&tables);
  for (const u64 at_ns : {10u, 20u, 30u}) {
    connect(3001, at_ns);
    connect.Ended(3001, at_ns + 5);
  }
  connect(3001, 40);
  tables.flows_.Dumped({Socket(5, 3001, 300)}, true, false, 50, 55);
  tables.connections_.ForgetOverdue(
      50, [&](const Connection& one) { tables.flows_.CloseLost(one, false); });
  CHECK(Closed(tables) == 3 && tables.told.Lost(k_loss_flow_counters) == 3);
  CHECK(tables.flows_.size() == 1 && tables.connections_.Find(5, Ends(3001)) != nullptr);
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

void GivesEachWriterItsBytes() {
  Tables tables;
  tables.flows_.Dumped({Socket(5, 2001, 300)}, true, false, 99, 100);
  KernelEvent wrote;
  wrote.cookie = 5;
  wrote.queued = 500;
  tables.flows_.Wrote(wrote, {11, 1});
  wrote.queued = 900;
  tables.flows_.Wrote(wrote, {12, 2});
  tables.flows_.Dumped({Socket(5, 2001, 500)}, true, false, 199, 200);  // nothing of the next yet
  CHECK(tables.told.Of<flow_record>().back().pid == 0);
  tables.flows_.Final(FinalOf(0x100, 5, 2001, 900), 300);  // the last one's was never sent
  const auto flows = tables.told.Of<flow_record>();
  const auto told = [&](u32 pid, u64 bytes) {
    return std::any_of(flows.begin(), flows.end(), [&](const flow_record& flow) {
      return flow.pid == pid && flow.bytes_out == bytes;
    });
  };
  CHECK(told(0, 500) && told(11, 500) && told(11, 900) && !told(0, 900) && !told(12, 900));
  CHECK(flows.back().pid == 11 && flows.back().state == k_flow_state_closed);
}

void MissesArgumentsOfWhatIsGoneOrRunsAnother() {
  const u32 self = static_cast<u32>(getpid());
  constexpr u32 kGone = 4'000'001;  // above any pid_max
  constexpr u64 kOther = 77;
  struct stat own;
  CHECK(stat("/proc/self/exe", &own) == 0);
  CaughtArguments early;
  early.ino = kOther;
  early.record.count = 1;
  early.text.Append("early");
  CaughtArguments late;  // as when the process ran another program already
  late.ino = kOther + 1;
  late.text.Append("late");

  // The flags that are told, or 8 more when the text is "early".
  const auto tell = [&](bool asks, u32 pid, u64 ino, const CaughtArguments* caught) {
    Tables tables({.arguments = asks});
    tables.processes_.Image(pid, 10);
    tables.processes_.Map(pid, 11, "/opt/program", 1, ino);
    tables.processes_.Exec(pid, 12, "/opt/program", {.arguments = caught});
    const exec_record exec = tables.told.Of<exec_record>().at(0);
    const auto all = tables.told.Of<arguments_record>();
    CHECK(all.size() == (asks ? 1 : 0));
    if (!asks) return 0u;
    const arguments_record& told = all[0];
    CHECK(told.pid == pid && told.pidversion == exec.pidversion);
    CHECK(told.header.at_ns == exec.header.at_ns && told.left_out_bytes == 0);
    const bool is_missed = (told.flags & k_arguments_missed) != 0;
    CHECK((told.count == 0) == is_missed && (told.text_bytes == 0) == is_missed);
    return told.flags | (told.text_bytes == 5 && caught == &early ? 8 : 0);
  };
  CHECK(tell(true, self, own.st_ino, nullptr) == 0);
  CHECK(tell(true, kGone, kOther, nullptr) == k_arguments_missed);
  CHECK(tell(true, self, kOther, nullptr) == k_arguments_missed);
  // What was read early is taken if the program ran then; else it is read once more.
  CHECK(tell(true, kGone, kOther, &early) == 8);
  CHECK(tell(true, kGone, kOther, &late) == k_arguments_missed);
  CHECK(tell(true, self, own.st_ino, &late) == 0);
  CHECK(tell(false, self, own.st_ino, nullptr) == 0);
}

void ForgetsCaughtArguments() {
  ArgumentCatcher catcher;
  PerfEvent exec;
  exec.kind = PerfEvent::Kind::kExec;
  exec.pid = static_cast<u32>(getpid());
  exec.at_ns = 1;
  CHECK(catcher.Find(exec) == nullptr);
  catcher.See(exec);
  struct stat own;
  CHECK(stat("/proc/self/exe", &own) == 0);
  const CaughtArguments* found = catcher.Find(exec);
  CHECK(found != nullptr && found->ino == own.st_ino && found->record.count >= 1);
  PerfEvent other = exec;
  other.kind = PerfEvent::Kind::kImage;
  other.at_ns = 2;
  catcher.See(other);
  CHECK(catcher.Find(other) == nullptr);
  other.kind = PerfEvent::Kind::kExec;
  other.pid = 4'000'001;
  catcher.See(other);
  CHECK(catcher.Find(other) == nullptr && catcher.Find(exec) != nullptr);
  // Those of 256 execs are kept.
  other.pid = exec.pid;
  for (; other.at_ns < 1 + 255; other.at_ns++) catcher.See(other);
  CHECK(catcher.Find(exec) != nullptr);
  catcher.See(other);
  CHECK(catcher.Find(exec) == nullptr && catcher.Find(other) != nullptr);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  CountsProcessesThatFindTheTableFull();
  CountsFlowsThatFindTheTableFull();
  CountsConnectionsThatFindTheTableFull();
  BeginsAnEpochWhenASocketConnectsAgain();
  KeepsAConnectionWhoseEndWasNotSeen();
  MarksCountersThatWereZeroed();
  ClosesOnceByTheKernelsWord();
  MarksSubflowsOfMptcp();
  TellsEachConnectionOfASocketOnce();
  FinishesTheConnectionThatEnded();
  TellsOverdueConnectionsOfTheSameEnds();
  KeepsNoEventThatWasHandedOut();
  GivesEachWriterItsBytes();
  MissesArgumentsOfWhatIsGoneOrRunsAnother();
  ForgetsCaughtArguments();
  std::puts("tables: ok");
}
