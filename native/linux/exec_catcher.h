// What can only be read while a program runs is read as soon as the kernel tells of its exec,
// before the events of that moment are put in order and turned into records: which file was
// executed, which script it was given, and where code of other files lies.
//
// Threads: one.
#ifndef FRESHET_LINUX_EXEC_CATCHER_H_
#define FRESHET_LINUX_EXEC_CATCHER_H_

#include <array>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "linux/code_places.h"
#include "linux/loader_file.h"
#include "linux/mounts.h"
#include "linux/perf_record.h"
#include "linux/procfs.h"
#include "program_files.h"

namespace freshet {

// A script as an argument names it.
struct ScriptSeen {
  u32 from = k_script_none;  // CODE script
  // Absolute; only of kernel, argument and claimed. Claimed and empty: an interpreter whose
  // arguments could not be read any more, or do not tell it, or lead to no file.
  std::string path;
  u64 dev = 0;  // 0: it is not there, or could not be looked at
  u64 ino = 0;
  bool other_code = false;  // the arguments bring other code beside it, or may

  bool IsNotTold() const { return from == k_script_claimed && path.empty(); }
};

inline const ScriptSeen kScriptNotTold{k_script_claimed, {}, 0, 0, false};

struct CaughtExec {
  u32 pid = 0;
  u64 at_ns = 0;       // of its kExec event
  u64 read_ns = 0;     // CLOCK_MONOTONIC, when it was read
  bool is_it = false;  // nothing else was executed before it was read, as far as is known
  ProgramFile file;    // by /proc/PID/exe; ino 0: it has ended
  Loads loads = Loads::kNotKnown;  // that file
  std::string copied;  // of which interpreter it is a copy; empty: of none that is known
  bool has_own_code =
      true;  // some of that file is mapped to run; looked at where it is not the first
  // Its working directory when that was read; empty when not known, or when nothing that it was
  // given is looked for from there. Since its exec it may have gone elsewhere: the kernel says
  // where it was (KernelExec).
  std::string folder;
  u64 folder_dev = 0;
  u64 folder_ino = 0;
  ScriptSeen script;
};

// A file that a process has mapped to run.
struct MappedFile {
  std::string path;  // as the kernel gives it
  u64 dev = 0;
  u64 ino = 0;
};
struct MapsSeen {
  std::vector<MappedFile> files;  // each once
  bool is_cut = false;            // there is more, or there may be, that was not looked at
};
// Adds the files in the text of /proc/PID/maps (proc_pid_maps(5)) that are mapped to run, up to
// `files_max` in all. Total.
void ParseMaps(std::string_view text, size_t files_max, MapsSeen* seen);
// Nothing of a process that has ended, or whose maps are kept from us.
MapsSeen ReadMaps(u32 pid, size_t files_max);

// Whether the kernel's two ways to name a file name the same: a mapping's has another device on
// some file systems (README.md), and then the path decides.
bool IsSameFile(const MappedFile& mapped, const ProgramFile& file);

// What a process runs now; `first` is the first file that its exec mapped to run, ino 0 when not
// known, and `alone` whether the only one: what has no loader may be one. `filename`: what its
// caller gave to be executed, empty when not known.
// `interpreters`: by which a copy of one is known; nullptr: by none.
CaughtExec CatchExec(u32 pid, const MappedFile& first, bool alone, std::string_view filename,
                     Mounts* mounts, SystemInterpreters* interpreters = nullptr);

// Whether the file that a process runs is a loader; not known when it runs another by now.
Loads LoadsOfProcess(u32 pid, const ProgramFile& file, Mounts* mounts);

// What the process says now that it was given to run; nothing where `file` is no interpreter.
// `ruled_as`: as the rules know it.
ScriptSeen ClaimedScript(u32 pid, std::string_view ruled_as, const std::string& folder);
// By what name the rules know it: RuledAs, or of an interpreter's copy that interpreter's name.
std::string_view RuledAs(const CaughtExec& caught);
// The same by arguments, joined by NUL, which the kernel or the process tell (`from`: argument or
// claimed). `program`: as the rules know it.
ScriptSeen ScriptOfArguments(u32 pid, u32 parent_pid, std::string_view program,
                             std::string_view joined, bool cut, u32 from,
                             const std::string& folder);

// Where a descriptor of the process leads, if that is a file with a name: /dev/fd/3,
// /dev/fd/3/x.py. Empty for other paths, and for what is no file.
std::string ThroughDescriptor(u32 pid, std::string_view path);

class ExecCatcher {
 public:
  // Both outlive it. `files` (may be nullptr): the program's file is kept there for the inspector
  // where it is not the one that was mapped first. `places`: what else is mapped to run is looked
  // at there. `has_exec_names`: an exec ends with a kExec event.
  ExecCatcher(ProgramFiles* files, CodePlaces* places, bool has_exec_names)
      : files_(files), places_(places), has_exec_names_(has_exec_names), caught_(kCaughtMax) {}

  // Any event, in the order of its CPU's ring. `now_ns` CLOCK_MONOTONIC.
  void See(const PerfEvent& event, u64 now_ns);

  // What was read of this kExec event; nullptr when nothing was, or too many came since.
  const CaughtExec* Find(const PerfEvent& event) const;
  // Whether no other kExec event of its process that was seen is nearer to `at_ns`.
  bool IsNearest(const PerfEvent& event, u64 at_ns) const;

 private:
  static constexpr size_t kCaughtMax = 256;
  static constexpr size_t kComingMax = 256;

  struct Coming {
    MappedFile first;
    bool alone = true;
  };

  void Map(const PerfEvent& event, u64 now_ns);
  void Exec(const PerfEvent& event, u64 now_ns);
  void Keep(u32 pid, const ProgramFile& file, u64 now_ns);

  ProgramFiles* const files_;
  CodePlaces* const places_;
  const bool has_exec_names_;
  Mounts mounts_;
  SystemInterpreters interpreters_;
  std::unordered_map<u32, Coming> coming_;  // by pid, between the two events of an exec
  std::vector<CaughtExec> caught_;
  // Of those, apart: each exec looks through them three times, and all of them are 70 KB.
  std::array<u32, kCaughtMax> pids_{};
  size_t next_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_EXEC_CATCHER_H_
