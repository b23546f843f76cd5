// Connections and their flows told apart, once each, with what is known of their bytes: a socket
// that is used again, ends that come late or not at all. Events and dumps are made here; /proc is
// asked about this process alone.
#include <algorithm>
#include <vector>

#include "check.h"
#include "tables.h"

namespace freshet {
namespace {

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

KernelEvent Wrote(u64 cookie, u64 queued) {
  KernelEvent wrote;
  wrote.kind = KernelEvent::Kind::kWriter;
  wrote.cookie = cookie;
  wrote.queued = queued;
  return wrote;
}

// What another sends from the first byte on it sends for who made the connection, which is told.
void TellsWhoMadeWhatAnotherWrites() {
  Tables tables;
  const auto own = static_cast<u32>(getpid());
  const Connected connect(&tables);
  connect(3001, 10);
  tables.flows_.Wrote(Wrote(5, 0), {11, 1});
  tables.flows_.Final(FinalOf(0x100, 5, 3001, 700), 15);
  const auto flows = tables.told.Of<flow_record>();
  CHECK(flows.size() == 3 && flows[0].pid == own && flows[0].bytes_out == 0);
  CHECK(flows[0].state == k_flow_state_opened);
  CHECK(flows[1].pid == 11 && flows[1].bytes_out == 0);
  CHECK(flows[2].pid == 11 && flows[2].bytes_out == 700);
}

// Of an accepted one that is whoever listens, though another has closed it by now.
void TellsWhoAcceptedWhatAnotherWrites() {
  Tables tables;
  const auto own = static_cast<u32>(getpid());
  PerfEvent listens = StateOf(0x50, 3001, kTcpClose, kTcpListen);
  tables.connections_.State(listens, 1);
  const auto accept = [&](u64 skaddr, u16 port, u64 at_ns) {
    auto state = [&](u8 from, u8 to) {
      PerfEvent event = StateOf(skaddr, 3001, from, to);
      event.ends.remote_port = port;
      return event;
    };
    tables.connections_.State(state(kTcpListen, kTcpSynRecv), at_ns);
    tables.connections_.State(state(kTcpSynRecv, kTcpEstablished), at_ns + 1);
    PerfEvent closes = state(kTcpEstablished, kTcpFinWait1);
    closes.pid = 1;  // somebody who is there
    tables.connections_.State(closes, at_ns + 2);
  };
  accept(0x100, 443, 10);
  tables.flows_.Wrote(Wrote(5, 0), {11, 1});
  tables.flows_.Final(FinalOf(0x100, 5, 3001, 700), 15);
  auto flows = tables.told.Of<flow_record>();
  CHECK(flows.size() == 3 && flows[0].pid == own && flows[0].bytes_out == 0);
  CHECK(flows[0].direction == k_direction_inbound);
  CHECK(flows[2].pid == 11 && flows[2].bytes_out == 700);
  // One through which nothing was written is whose who let go of it.
  accept(0x200, 444, 20);
  KernelEvent final = FinalOf(0x200, 6, 3001, 0);
  final.ends.remote_port = 444;
  tables.flows_.Final(final, 25);
  CHECK(tables.told.Of<flow_record>().back().pid == 1);
}

// A connection of MPTCP is written to as a whole: what is known of that goes to the subflow that
// carries it; of several, from what each has sent on.
void GivesWritersOfMptcpTheirBytes() {
  Tables tables;
  const auto joins = [&](u64 cookie) {
    KernelEvent event;
    event.kind = KernelEvent::Kind::kSubflow;
    event.skaddr = 0x900;
    event.cookie = cookie;
    tables.flows_.Joins(event);
  };
  const auto wrote = [&](u64 queued, ProcessName writer) {
    KernelEvent event = Wrote(77, queued);
    event.skaddr = 0x900;
    event.is_mptcp = true;
    tables.flows_.Wrote(event, writer);
  };
  const auto told = [&](u64 cookie, u32 pid, u64 bytes) {
    const auto flows = tables.told.Of<flow_record>();
    return std::any_of(flows.begin(), flows.end(), [&](const flow_record& flow) {
      return flow.flow_id == cookie && flow.pid == pid && flow.bytes_out == bytes;
    });
  };
  joins(5);
  wrote(0, {11, 1});
  wrote(500, {12, 2});
  tables.flows_.Dumped({Socket(5, 2001, 600)}, true, false, 99, 100);
  CHECK(told(5, 11, 500) && told(5, 12, 600) && !told(5, 11, 600));
  joins(6);
  tables.flows_.Dumped({Socket(5, 2001, 600), Socket(6, 2002, 50)}, true, false, 199, 200);
  CHECK(told(6, 12, 50));
  wrote(650, {13, 3});
  tables.flows_.Dumped({Socket(5, 2001, 640), Socket(6, 2002, 70)}, true, false, 299, 300);
  CHECK(told(5, 13, 640) && told(6, 12, 50) && told(6, 13, 70));
  // One of an address that was another's before.
  tables.flows_.Final(FinalOf(0x100, 5, 2001, 640), 400);
  tables.flows_.Final(FinalOf(0x200, 6, 2002, 70), 400);
  joins(7);
  tables.flows_.Dumped({Socket(7, 2003, 10)}, true, false, 499, 500);
  CHECK(told(7, 0, 10) && tables.told.Lost(k_loss_table_full) == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  BeginsAnEpochWhenASocketConnectsAgain();
  KeepsAConnectionWhoseEndWasNotSeen();
  MarksCountersThatWereZeroed();
  ClosesOnceByTheKernelsWord();
  MarksSubflowsOfMptcp();
  TellsEachConnectionOfASocketOnce();
  FinishesTheConnectionThatEnded();
  TellsOverdueConnectionsOfTheSameEnds();
  GivesEachWriterItsBytes();
  TellsWhoMadeWhatAnotherWrites();
  TellsWhoAcceptedWhatAnotherWrites();
  GivesWritersOfMptcpTheirBytes();
  std::puts("flows: ok");
}
