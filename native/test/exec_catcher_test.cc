// What is read of a process as its exec is seen, and of which exec that is then. The events are
// made here, of this process; /proc is asked about it alone.
#include "linux/exec_catcher.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <string_view>

#include "check.h"
#include "linux/clock.h"
#include "linux/process_root.h"

namespace freshet {
namespace {

constexpr u32 kGone = 4'000'001;  // above any pid_max

void GivesWhatTheKernelSaidToTheNearestExec() {
  CodePlaces places;
  ExecCatcher catcher(nullptr, &places, true);
  PerfEvent event;
  event.kind = PerfEvent::Kind::kExec;
  event.pid = kGone;
  for (const u64 at_ns : {1000u, 3000u}) {
    event.at_ns = at_ns;
    catcher.See(event, at_ns);
  }
  CHECK(catcher.IsNearest(event, 2001) && !catcher.IsNearest(event, 1999));
  event.pid++;
  CHECK(catcher.IsNearest(event, 1000));
}

// What was read after another exec began is that one's.
void BelievesWhatWasReadBeforeTheNextExec() {
  CodePlaces places;
  ExecCatcher catcher(nullptr, &places, true);
  PerfEvent exec;
  exec.kind = PerfEvent::Kind::kExec;
  exec.pid = static_cast<u32>(getpid());
  exec.at_ns = MonotonicNs();
  catcher.See(exec, exec.at_ns);
  CHECK(catcher.Find(exec)->is_it && catcher.Find(exec)->file.ino != 0);
  PerfEvent next = exec;
  next.kind = PerfEvent::Kind::kImage;
  next.at_ns = MonotonicNs();
  catcher.See(next, next.at_ns);
  CHECK(catcher.Find(exec)->is_it);
  next.at_ns = exec.at_ns + 1;
  catcher.See(next, next.at_ns);
  CHECK(!catcher.Find(exec)->is_it);
}

// The events of an exec of this process, as a catcher gets them.
struct Exec {
  CodePlaces places;
  ExecCatcher catcher;
  const u32 pid = static_cast<u32>(getpid());
  u64 at_ns = 1000;
  PerfEvent last;

  explicit Exec(bool has_exec_names = true) : catcher(nullptr, &places, has_exec_names) {
    See(PerfEvent::Kind::kImage, "", 0, 0);
  }
  void See(PerfEvent::Kind kind, std::string_view path, u64 dev, u64 ino) {
    last = {};
    last.kind = kind;
    last.pid = pid;
    last.at_ns = ++at_ns;
    last.path = path;
    last.dev = dev;
    last.ino = ino;
    catcher.See(last, at_ns);
  }
  const CaughtExec& End(std::string_view filename) {
    See(PerfEvent::Kind::kExec, filename, 0, 0);
    return *catcher.Find(last);
  }
};

// A program's own place is not looked at: nobody asks for it. Of what else is mapped it is, in
// time: what has no name any more counts as root's because it was seen while its process ran.
void LooksAtThePlacesOfOtherCode() {
  ProgramFile own;
  CHECK(ReadProgramFile(static_cast<u32>(getpid()), &own));
  FileSeen folder;
  CHECK(LookAt(AT_FDCWD, "/usr/bin", &folder));
  constexpr std::string_view kLibrary = "/usr/bin/gone (deleted)";
  constexpr auto kMap = PerfEvent::Kind::kMap;
  const auto is_known = [&](Exec* exec) {
    return exec->places.Of(kGone, kLibrary, folder.dev, 5, exec->at_ns).is_roots_alone;
  };
  {
    Exec exec;
    exec.See(kMap, own.link, own.dev, own.ino);
    exec.End(own.path);
    CHECK(exec.places.looks() == 0);
    exec.See(kMap, kLibrary, folder.dev, 5);
    CHECK(exec.places.looks() == 1 && is_known(&exec));
  }
  {
    // A loader is mapped first of what has no code of its own.
    Exec exec;
    exec.See(kMap, kLibrary, folder.dev, 5);
    CHECK(exec.places.looks() == 0);
    exec.End(own.path);
    CHECK(exec.places.looks() == 1 && is_known(&exec));
  }
  {
    // Where nothing tells that an exec has ended, nothing can wait for that.
    Exec exec(false);
    exec.See(kMap, kLibrary, folder.dev, 5);
    CHECK(exec.places.looks() == 1 && is_known(&exec));
  }
  Exec exec;
  CHECK(!is_known(&exec));
}

// What is read as an exec is seen: its program by the mapping's name or /proc's, and its folder
// where a name is to be looked for from there.
void ReadsWhatIsAskedFor() {
  ProgramFile own;
  CHECK(ReadProgramFile(static_cast<u32>(getpid()), &own));
  char here[PATH_MAX];
  CHECK(getcwd(here, sizeof(here)) != nullptr);
  constexpr auto kMap = PerfEvent::Kind::kMap;
  for (const bool is_mapped : {true, false}) {
    Exec exec;
    if (is_mapped) exec.See(kMap, own.link, own.dev, own.ino);
    const CaughtExec& caught = exec.End(own.path);
    CHECK(caught.is_it && caught.file.path == own.path && caught.file.ino == own.ino);
    CHECK(caught.file.dev == own.dev && caught.file.link == own.link && caught.has_own_code);
    CHECK(caught.folder.empty());
    CHECK(Exec().End("executed").folder == here);
    CHECK(Exec().End("").folder == here);
  }
  // Mapped under another number than stat(2) shows: /proc's name is that of the mapping.
  Exec exec;
  exec.See(kMap, own.link, own.dev + 1, own.ino);
  CHECK(exec.End(own.path).file.dev == own.dev);
  CHECK(exec.places.looks() == 0);
}

// That others can change a place is believed for a while where we see it by our own root; by that
// of a process, which may be a namespace of its own, each time anew.
void BelievesWhatIsSeenByOurOwnRoot() {
  char path[] = "/tmp/freshet-place-XXXXXX";
  const Fd file(mkstemp(path));
  FileSeen seen;
  CHECK(file && LookAt(file.get(), "", &seen));
  const auto looks = [&](u32 pid, u64 dev, u64 now_ns, CodePlaces* places) {
    CHECK(!places->Of(pid, path, dev, seen.ino, now_ns).is_roots_alone);
    return places->looks();
  };
  CodePlaces places;
  CHECK(looks(kGone, seen.dev, 1, &places) == 1 && looks(kGone + 1, seen.dev, 2, &places) == 1);
  CHECK(looks(static_cast<u32>(getpid()), seen.dev, 3, &places) == 2);
  CHECK(looks(kGone, seen.dev, 4, &places) == 3);  // what the process made of it is not believed
  CHECK(looks(kGone, seen.dev, 5, &places) == 3);
  CHECK(looks(kGone, seen.dev + 1, 6, &places) == 4);  // another file
  CHECK(looks(kGone, seen.dev, 5 + CodePlaces::kBelievedNs, &places) == 5);
  unlink(path);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  GivesWhatTheKernelSaidToTheNearestExec();
  BelievesWhatWasReadBeforeTheNextExec();
  LooksAtThePlacesOfOtherCode();
  ReadsWhatIsAskedFor();
  BelievesWhatIsSeenByOurOwnRoot();
  std::puts("exec_catcher: ok");
}
