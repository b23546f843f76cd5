// The Linux source's tables at their ends: what is one too many is counted. Events and dumps are
// made here.
#include "tables.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "check.h"
#include "linux/clock.h"
#include "linux/kernel_events.h"
#include "linux/procfs.h"
#include "linux/sender_table.h"

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

// A mapping whose event was lost is found by a look at what is mapped.
void FindsCodeThatWasMappedUnseen() {
  Tables tables;
  const u32 self = static_cast<u32>(getpid());
  const ProcessName name = tables.processes_.NameOf(self);
  CHECK(name.pid == self);
  char path[] = "/tmp/freshet-tables-XXXXXX";
  const Fd file(mkstemp(path));
  struct stat status;
  CHECK(file && write(file.get(), "code", 4) == 4 && fstat(file.get(), &status) == 0);
  void* const mapped = mmap(nullptr, 4, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
  CHECK(mapped != MAP_FAILED);
  const auto count = [&] {
    return std::ranges::count(tables.told.Of<code_record>(), u64{status.st_ino}, &code_record::ino);
  };
  constexpr u64 kEver = ~u64{0};
  // Nothing was lost; no time.
  tables.processes_.ReadLostCode(kEver);
  tables.processes_.LostEvents();
  tables.processes_.ReadLostCode(0);
  CHECK(count() == 0);
  tables.processes_.ReadLostCode(kEver);
  CHECK(count() == 1);
  CHECK(tables.told.Of<code_record>().back().pidversion == name.version);
  // It is known now.
  tables.processes_.LostEvents();
  tables.processes_.ReadLostCode(kEver);
  CHECK(count() == 1);
  munmap(mapped, 4);
  unlink(path);
}

// A process that runs another file than was known, of which no exec was told.
void GuessesWhatNoExecWasToldOf() {
  constexpr u32 kGuess = k_exec_enumerated | k_exec_path_guessed;
  struct Case {
    RunningExec word;
    u32 flags;
  };
  for (const Case& one : {Case{RunningExec::kNotAsked, kGuess | k_exec_exe_unconfirmed},
                          Case{RunningExec::kUnconfirmed, kGuess | k_exec_exe_unconfirmed},
                          Case{RunningExec::kSet, kGuess | k_exec_exe_set},
                          Case{RunningExec::kExecuted, k_exec_enumerated | k_exec_exe_confirmed}}) {
    Tables tables;
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    const pid_t child = fork();
    if (child == 0) {
      char byte;
      if (read(pipes[0], &byte, 1) == 1) execl("/bin/sleep", "sleep", "1000", nullptr);
      _exit(1);
    }
    const u32 pid = static_cast<u32>(child);
    const ProcessName before = tables.processes_.NameOf(pid);
    CHECK(before.pid == pid && tables.told.Of<exec_record>().back().flags == k_exec_enumerated);
    tables.processes_.AskOfRunning([&](u32) { return one.word; });
    CHECK(write(pipes[1], "x", 1) == 1);
    ProgramFile file;
    while (!ReadProgramFile(pid, &file) || !file.path.ends_with("/sleep")) usleep(1000);
    const auto reconcile = [&] {
      tables.processes_.Reconcile(BoottimeNs(), [] { return false; });
      exec_record found{};
      for (const exec_record& told : tables.told.Of<exec_record>())
        if (told.pid == pid) found = told;
      return found;
    };
    const exec_record found = reconcile();
    CHECK(found.ino == file.ino && found.pidversion != before.version && found.flags == one.flags);
    // Its exec is told after all.
    tables.processes_.Image(pid, BoottimeNs());
    tables.processes_.Map(pid, BoottimeNs(), file.path, file.dev, file.ino);
    tables.processes_.Exec(pid, BoottimeNs(), file.path);
    CHECK(tables.told.Of<exec_record>().back().flags == 0);
    CHECK(reconcile().flags == 0);
    tables.processes_.EmitAll();
    CHECK(reconcile().flags == (k_exec_enumerated | k_exec_exe_confirmed));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    for (const int end : pipes) close(end);
  }
}

// Between the two events of an exec: what was mapped says that it is of this file.
void BelievesAnExecThatIsUnderWay() {
  Tables tables;
  const u32 self = static_cast<u32>(getpid());
  CHECK(tables.processes_.NameOf(self).pid == self);
  ProgramFile file;
  CHECK(ReadProgramFile(self, &file));
  const auto found_after = [&](const std::string& path, u64 ino) {
    // What is known is another.
    tables.processes_.Image(self, BoottimeNs());
    tables.processes_.Map(self, BoottimeNs(), "/opt/other", file.dev, 7);
    tables.processes_.Exec(self, BoottimeNs(), "/opt/other");
    tables.processes_.Image(self, BoottimeNs());
    tables.processes_.Map(self, BoottimeNs(), path, file.dev, ino);
    tables.processes_.Reconcile(BoottimeNs(), [] { return false; });
    exec_record found{};
    for (const exec_record& told : tables.told.Of<exec_record>())
      if (told.pid == self) found = told;
    CHECK(found.ino == file.ino);
    return found.flags;
  };
  CHECK(found_after(file.path, file.ino) == k_exec_enumerated);
  const u32 guess = k_exec_enumerated | k_exec_path_guessed | k_exec_exe_unconfirmed;
  CHECK(found_after("/opt/third", 8) == guess);
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

// The kernel's sums are read as they are now, its events a moment later, in their order.
void TellsASumOnceThatWasReadBeforeItsBeginning() {
  SenderTable senders;
  const ProcessName process{7, 1};
  const auto name = [&] { return process; };
  SenderKey late;
  late.pid = 7;
  CHECK(senders.Tell(late, {3008, 47}, name).since.bytes == 3008);
  senders.Begin(late, process);
  const auto told = senders.Tell(late, {256000, 4000}, name);
  CHECK(told.since.bytes == 256000 - 3008 && told.since.sends == 4000 - 47);

  SenderKey early = late;
  early.exec_id = 1;
  senders.Begin(early, process);
  const auto gone = [] { return ProcessName{}; };
  const auto all = senders.Tell(early, {64, 1}, gone);
  CHECK(all.since.bytes == 64 && all.process.pid == 7);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  CountsProcessesThatFindTheTableFull();
  CountsFlowsThatFindTheTableFull();
  CountsConnectionsThatFindTheTableFull();
  FindsCodeThatWasMappedUnseen();
  GuessesWhatNoExecWasToldOf();
  BelievesAnExecThatIsUnderWay();
  KeepsNoEventThatWasHandedOut();
  TellsASumOnceThatWasReadBeforeItsBeginning();
  std::puts("tables: ok");
}
