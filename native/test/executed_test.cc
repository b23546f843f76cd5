// Which program and script an exec is of, and which code it runs, where what is known differs: of a
// process that has ended, that runs another program by now, whose arguments were rewritten. The
// files are this test's own; /proc is asked about this process alone.
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <ranges>

#include "check.h"
#include "elf_file.h"
#include "emitted.h"
#include "linux/clock.h"
#include "linux/process_root.h"
#include "linux/process_table.h"

namespace freshet {
namespace {

constexpr u32 kGone = 4'000'001;  // above any pid_max

// A folder of this test with the files that it asks for.
class Folder {
 public:
  Folder() { CHECK(mkdtemp(path_) != nullptr); }
  ~Folder() {
    for (const std::string& file : files_) unlink(file.c_str());
    rmdir(path_);
  }
  std::string At(std::string_view name) const {
    return std::string(path_) + "/" + std::string(name);
  }
  MappedFile Make(std::string_view name, std::string_view text) {
    const std::string path = At(name);
    const Fd file(open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0755));
    CHECK(file && write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    files_.push_back(path);
    struct stat status;
    CHECK(fstat(file.get(), &status) == 0);
    return {path, status.st_dev, status.st_ino};
  }

 private:
  char path_[32] = "/tmp/freshet-executed-XXXXXX";
  std::vector<std::string> files_;
};

KernelExec ByKernel(const MappedFile& file, std::string_view argv) {
  KernelExec kernel;
  kernel.dev = file.dev;
  kernel.ino = file.ino;
  kernel.kept_bytes = kernel.argv_bytes = static_cast<u32>(argv.size());
  std::copy(argv.begin(), argv.end(), kernel.text.begin());
  return kernel;
}

// A copy of a loader, by any name, and what is only called like one.
void NamesWhatACopyOfALoaderRuns() {
  Folder folder;
  const MappedFile copy = folder.Make("x", Elf{}.Of64());
  const MappedFile fake = folder.Make("ld-linux-x86-64.so.2", Elf{.type = ET_EXEC}.Of64());
  const MappedFile program = folder.Make("program", "");
  using namespace std::string_literals;
  const auto run = [&](const MappedFile& file, bool alone, std::string_view argv) {
    const KernelExec kernel = ByKernel(file, argv);
    const CaughtExec gone{};
    const ExecFacts facts{.pid = kGone,
                          .parent_pid = kGone,
                          .first = file,
                          .first_is_alone = alone,
                          .filename = file.path,
                          .caught = &gone,
                          .kernel = &kernel};
    const Executed executed = WhatWasExecuted(facts);
    const ScriptSeen script = ScriptOfArgument(facts, executed);
    CHECK(script.path.empty() || (script.path == program.path && script.ino == program.ino));
    return (executed.flags & k_exec_loader) != 0 && script.from == k_script_argument;
  };
  for (const std::string& options :
       {std::string(), "--library-path\0/x\0--argv0\0n\0"s, "--preload\0/y.so\0--inhibit-cache\0"s,
        "--preload=/y.so\0--audit\0/z.so\0--list\0"s, "--verify\0"s})
    CHECK(run(copy, true, "x\0"s + options + program.path + "\0-n\0other\0"s));
  const std::string argv = "x\0"s + program.path + '\0';
  CHECK(!run(fake, true, argv) && !run(program, true, argv));
  // It was mapped with another: with its loader.
  CHECK(!run(copy, false, argv));
}

CaughtExec Caught(const MappedFile& exe, bool has_own_code) {
  CaughtExec caught;
  caught.is_it = exe.ino != 0;
  caught.file = {exe.path, exe.path, exe.dev, exe.ino};
  caught.has_own_code = has_own_code;
  return caught;
}

void NamesTheFileThatWasExecuted() {
  Folder folder;
  const MappedFile loader = folder.Make("loader", Elf{}.Of64());
  const MappedFile program = folder.Make("program", "program");
  const MappedFile script = folder.Make("script", "#! " + program.path + " -x\n");
  const CaughtExec gone = Caught({}, true);
  const auto decide = [&](const MappedFile& first, const std::string& name,
                          const CaughtExec& caught, const KernelExec* kernel = nullptr) {
    const ExecFacts facts{.pid = kGone,
                          .parent_pid = kGone,
                          .first = first,
                          .filename = name,
                          .caught = &caught,
                          .kernel = kernel};
    return WhatWasExecuted(facts);
  };
  const auto is = [](const Executed& executed, const MappedFile& file, u32 flags) {
    return executed.path == file.path && executed.ino == file.ino && executed.dev == file.dev &&
           executed.flags == flags;
  };
  // While it runs: the file that it runs, and whether it has code of its own.
  CHECK(is(decide(program, program.path, Caught(program, true)), program, 0));
  CHECK(is(decide(loader, program.path, Caught(program, false)), program, k_exec_code_elsewhere));
  // Its own by mprotect(2) since: the name tells that it was executed all the same.
  CHECK(is(decide(loader, program.path, Caught(program, true)), program, k_exec_code_elsewhere));
  // Executed later, when what was mapped first is what the name says.
  CHECK(is(decide(program, program.path, Caught(loader, true)), program, 0));
  // What ended is what its name leads to, or the interpreter that a script names.
  CHECK(is(decide(program, program.path, gone), program, 0));
  CHECK(is(decide(program, script.path, gone), program, 0));
  CHECK(is(decide(program, "program", gone), program, k_exec_path_guessed));
  CHECK(is(decide(program, loader.path, gone), program, k_exec_path_guessed));
  CHECK(is(decide(program, "/dev/fd/3", gone), program, k_exec_path_guessed));
  // A loader is not believed: the name may lead to it by now.
  CHECK(is(decide(loader, loader.path, gone), loader, k_exec_path_guessed | k_exec_loader));
  // What the kernel said needs nothing else, and its path may be a guess.
  const KernelExec kernel = ByKernel(program, "");
  CHECK(is(decide(program, "nowhere", gone, &kernel), program, 0));
  CHECK(is(decide(loader, program.path, gone, &kernel), program, k_exec_code_elsewhere));
  CHECK(is(decide(loader, program.path, Caught(program, true), &kernel), program,
           k_exec_code_elsewhere));
  CHECK(is(decide({}, program.path, gone, &kernel), program, 0));
  const Executed guessed = decide(loader, "/nowhere/program", gone, &kernel);
  CHECK(guessed.path == "/nowhere/program" && guessed.ino == program.ino);
  CHECK(guessed.flags == (k_exec_code_elsewhere | k_exec_path_guessed));
  // Nothing but a name.
  const Executed named = decide({}, "/nowhere", gone);
  CHECK(named.path == "/nowhere" && named.ino == 0 && named.flags == k_exec_path_guessed);
}

void TakesTheKernelsArgumentsFirst() {
  Folder folder;
  const MappedFile python = folder.Make("python3.11", "");
  const MappedFile evil = folder.Make("evil.py", "");
  CaughtExec caught = Caught(python, true);
  caught.folder = folder.At("");
  caught.script = {k_script_claimed, folder.At("innocent.py"), 1, 2};
  const Executed program{python.path, python.dev, python.ino, 0};
  const auto script = [&](const KernelExec* kernel) {
    const ExecFacts facts{.pid = kGone,
                          .first = python,
                          .filename = python.path,
                          .caught = &caught,
                          .kernel = kernel};
    return ScriptOfArgument(facts, program);
  };
  CHECK(script(nullptr).from == k_script_claimed);
  using namespace std::string_view_literals;
  KernelExec kernel = ByKernel(python, "python3\0./evil.py\0secret\0"sv);
  const ScriptSeen seen = script(&kernel);
  CHECK(seen.from == k_script_argument && seen.path == evil.path);
  CHECK(seen.ino == evil.ino && seen.dev == evil.dev);
  kernel.argv_bytes += 5;  // more than are kept
  CHECK(script(&kernel).from == k_script_argument);
  kernel = ByKernel(python, "python3\0./evi"sv);
  kernel.argv_bytes += 5;
  // It is not among those, or they could not be read: the process's own word is left, or nothing.
  for (const u32 kept_bytes : {kernel.kept_bytes, 0u}) {
    kernel.kept_bytes = kept_bytes;
    CHECK(script(&kernel).from == k_script_claimed && script(&kernel).path == caught.script.path);
  }
  caught.is_it = false;
  CHECK(script(nullptr).from == k_script_claimed && script(nullptr).path.empty());
  CHECK(script(&kernel).from == k_script_claimed && script(&kernel).path.empty());
}

// It ended between two looks, or had executed another program by then.
void TakesNoScriptThatWasReadByOtherRules() {
  Folder folder;
  const MappedFile loader = folder.Make("tool", Elf{}.Of64());
  CaughtExec caught = Caught(loader, true);
  const auto script = [&] {
    const ExecFacts facts{.pid = kGone,
                          .parent_pid = kGone,
                          .first = loader,
                          .filename = loader.path,
                          .caught = &caught};
    const Executed executed = WhatWasExecuted(facts);
    CHECK(executed.path == loader.path && (executed.flags & k_exec_loader) != 0);
    return ScriptOfArgument(facts, executed);
  };
  // Its arguments were read when nothing said yet that it is a loader.
  CHECK(script().from == k_script_claimed && script().path.empty());
  caught.loads = Loads::kYes;
  caught.script = {k_script_claimed, folder.At("program"), 1, 2};
  CHECK(script().path == caught.script.path);
  caught.file.path = folder.At("python3");
  caught.file.ino++;
  CHECK(script().from == k_script_claimed && script().path.empty());
}

// It went elsewhere before it was looked at: its relative name leads to another's file there.
void GoesByTheFolderThatTheKernelSaw() {
  Folder folder;
  const MappedFile python = folder.Make("python3.11", "");
  const MappedFile script = folder.Make("x.py", "");
  FileSeen here;
  CHECK(LookAt(AT_FDCWD, folder.At("").c_str(), &here));
  CaughtExec caught = Caught(python, true);
  caught.folder = folder.At("");
  caught.folder_dev = here.dev;
  caught.folder_ino = here.ino;
  using namespace std::string_view_literals;
  KernelExec kernel = ByKernel(python, "python3\0x.py\0"sv);
  const auto seen = [&] {
    const ExecFacts facts{.pid = kGone,
                          .parent_pid = kGone,
                          .first = python,
                          .filename = python.path,
                          .caught = &caught,
                          .kernel = &kernel};
    return ScriptOfArgument(facts, {python.path, python.dev, python.ino, 0});
  };
  kernel.folder_dev = here.dev;
  kernel.folder_ino = here.ino;
  CHECK(seen().path == script.path && seen().ino == script.ino);
  kernel.folder_ino++;
  CHECK(seen().IsNotTold());
}

void ReadsMaps() {
  constexpr std::string_view kMaps =
      "55d0-55d4 r--p 00000000 fe:01 11                 /usr/bin/x\n"
      "55d4-55d8 r-xp 00004000 fe:01 11                 /usr/bin/x\n"
      "7f00-7f04 rwxp 00000000 00:00 0 \n"
      "7f04-7f08 r-xs 00000000 00:01 1050               /memfd:a b (deleted)\n"
      "7f08-7f0c r-xp 00000000 fe:01 11                 /usr/bin/x\n"
      "7ffc-7ffe r-xp 00000000 00:00 0                  [vdso]\n";
  const auto parse = [](std::string_view text, size_t files_max) {
    MapsSeen seen;
    ParseMaps(text, files_max, &seen);
    return seen;
  };
  const auto files = parse(kMaps, 10).files;
  CHECK(files.size() == 2 && files[0].path == "/usr/bin/x" && files[0].ino == 11);
  CHECK(files[0].dev == makedev(0xfe, 1));
  CHECK(files[1].path == "/memfd:a b (deleted)" && files[1].ino == 1050);
  // As many as may be are all; one more is one that was not looked at.
  CHECK(parse(kMaps, 2).files.size() == 2 && !parse(kMaps, 2).is_cut);
  CHECK(parse(kMaps, 1).files.size() == 1 && parse(kMaps, 1).is_cut);
  Random random(7);
  for (int round = 0; round < 20'000; round++) {
    std::vector<char> bytes(kMaps.begin(),
                            kMaps.begin() + static_cast<ptrdiff_t>(random.Below(kMaps.size() + 1)));
    for (u64 count = random.Below(6); count > 0 && !bytes.empty(); count--)
      bytes[random.Below(bytes.size())] = static_cast<char>(random.Next() & 0xff);
    for (const MappedFile& file : parse({bytes.data(), bytes.size()}, 5).files)
      CHECK(file.ino != 0 && file.path.starts_with('/'));
  }
}

void TellsCodeOnceAnImage() {
  Told told;
  ProcessTable table(told.emitter(), {});
  const auto run = [&](u32 pid, u64 at_ns) {
    table.Image(pid, at_ns);
    table.Map(pid, at_ns + 1, "/nowhere/program", 1, 1);
    table.Map(pid, at_ns + 2, "/nowhere/loader", 1, 2);
    table.Exec(pid, at_ns + 3, "/nowhere/program");
  };
  const auto codes = [&] { return told.Of<code_record>(); };
  run(kGone, 10);
  // What the exec itself mapped beside the program. It cannot be looked at: others may change it.
  CHECK(codes().size() == 1 && codes()[0].ino == 2 && codes()[0].owner_uid == 0xffffffff);
  CHECK(codes()[0].pidversion == told.Of<exec_record>()[0].pidversion);
  for (int twice = 0; twice < 2; twice++) table.Map(kGone, 20, "/nowhere/plug-in", 1, 3);
  CHECK(codes().size() == 2 && codes()[1].ino == 3 && codes()[1].flags == 0);
  // Neither the program itself, nor what has no file, nor anonymous memory.
  table.Map(kGone, 21, "/nowhere/program", 1, 1);
  table.Map(kGone, 21, "//anon", 1, 9);
  table.Map(kGone, 21, "[vdso]", 0, 0);
  table.Map(kGone, 21, "/dev/none", 0, 0);
  CHECK(codes().size() == 2);
  // A child has its parent's image: they are not told again of it, but in an enumeration.
  table.Fork(kGone + 1, kGone + 1, kGone, 30);
  table.Map(kGone + 1, 31, "/nowhere/plug-in", 1, 3);
  CHECK(codes().size() == 2);
  table.EmitAll();
  CHECK(codes().size() == 6);
  for (const code_record& one : codes() | std::views::drop(2))
    CHECK(one.flags == k_code_enumerated);
  // Another program has none of them.
  run(kGone, 40);
  CHECK(codes().size() == 7 && codes().back().ino == 2);
  // Sixteen, and that there are more.
  for (u64 ino = 100; ino < 130; ino++)
    table.Map(kGone, 50 + ino, "/nowhere/" + std::to_string(ino), 1, ino);
  CHECK(codes().size() == 7 + 16);
  CHECK((codes()[7 + 14].flags & k_code_more) == 0);
  CHECK((codes()[7 + 15].flags & k_code_more) != 0);
  const auto paths = told.TextOf(&code_record::path_bytes);
  CHECK(paths[1] == "/nowhere/plug-in" && paths.back() == "/nowhere/115");
}

// Between fork and exec it became another user, and has ended before anybody looked.
void GoesByTheUserThatTheKernelSaw() {
  Told told;
  ProcessTable table(told.emitter(), {});
  const auto run = [&](u32 pid, u64 at_ns, const KernelExec* kernel) {
    table.Fork(pid, pid, static_cast<u32>(getpid()), at_ns);
    table.Image(pid, at_ns + 1);
    table.Map(pid, at_ns + 2, "/nowhere/program", 1, 1);
    table.Exec(pid, at_ns + 3, "/nowhere/program", {.kernel = kernel});
    return told.Of<exec_record>().back().uid;
  };
  KernelExec kernel = ByKernel({"/nowhere/program", 1, 1}, "");
  kernel.uid = geteuid() + 1234;
  const u64 now_ns = BoottimeNs();
  CHECK(run(kGone, now_ns + 1000, &kernel) == geteuid() + 1234);
  // Without its word that is not known: the parent's would be a guess.
  CHECK(run(kGone + 1, now_ns + 2000, nullptr) == kUidUnknown);
}

void KnowsPlacesOfRootsAlone() {
  Folder folder;
  const u32 self = static_cast<u32>(getpid());
  const auto seen = [&](const std::string& path) {
    FileSeen file;
    CHECK(ProcessRoot(self).Look(path, &file));
    return MappedFile{path, file.dev, file.ino};
  };
  CodePlaces places;
  const auto of = [&](const MappedFile& file, u64 now_ns) {
    return places.Of(self, file.path, file.dev, file.ino, now_ns);
  };
  char resolved[PATH_MAX];
  CHECK(realpath("/bin/true", resolved) != nullptr);
  const MappedFile system = seen(resolved);
  CHECK(of(system, 1).is_roots_alone && of(system, 1).owner_uid == 0);
  // /tmp is everybody's, and so is what lies in it, whoever owns that.
  const MappedFile mine = folder.Make("mine", "x");
  CHECK(!of(mine, 1).is_roots_alone && of(mine, 1).owner_uid == getuid());
  // Another file of that name is not it.
  CHECK(!of({system.path, system.dev, system.ino + 1}, 2).is_roots_alone);
  // Without a name: what only root could have put there, and what lay nowhere.
  CHECK(of({"/usr/bin/gone (deleted)", seen("/usr/bin").dev, 5}, 1).is_roots_alone);
  CHECK(of({"/usr/bin/gone (deleted)", seen("/usr/bin").dev, 5}, 1).path == "/usr/bin/gone");
  CHECK(!of({"/memfd:x (deleted)", 1, 5}, 1).is_roots_alone);
  CHECK(!of({folder.At("gone (deleted)"), mine.dev, 5}, 1).is_roots_alone);
  // Of a process that has ended what was known before counts, and what was not is nobody's.
  CHECK(places.Of(kGone, "/nowhere/gone (deleted)", 1, 5, 1).is_roots_alone == false);
  CHECK(!places.Of(kGone, "/usr/bin/other (deleted)", seen("/usr/bin").dev, 6, 1).is_roots_alone);
}

void CutsOnlyWhatTheKernelAppended() {
  Folder folder;
  const u32 self = static_cast<u32>(getpid());
  const MappedFile named = folder.Make("x (deleted)", "");
  CHECK(NameOfFile(self, named.path, named.dev, named.ino) == named.path);
  CHECK(NameOfFile(self, named.path, named.dev, named.ino + 1) == folder.At("x"));
  CHECK(NameOfFile(self, named.path + " (deleted)", named.dev, 1) == named.path);
  CHECK(NameOfFile(self, folder.At("y"), 1, 1) == folder.At("y"));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  NamesWhatACopyOfALoaderRuns();
  NamesTheFileThatWasExecuted();
  TakesTheKernelsArgumentsFirst();
  TakesNoScriptThatWasReadByOtherRules();
  GoesByTheFolderThatTheKernelSaw();
  ReadsMaps();
  TellsCodeOnceAnImage();
  GoesByTheUserThatTheKernelSaw();
  KnowsPlacesOfRootsAlone();
  CutsOnlyWhatTheKernelAppended();
  std::puts("executed: ok");
}
