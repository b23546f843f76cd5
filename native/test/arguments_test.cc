// Whose arguments are told, and which are missed: of a process that is gone or runs another
// program. /proc is asked about this process alone.
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "linux/argument_catcher.h"
#include "tables.h"

namespace freshet {
namespace {

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
  MissesArgumentsOfWhatIsGoneOrRunsAnother();
  ForgetsCaughtArguments();
  std::puts("arguments: ok");
}
