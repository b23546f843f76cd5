// The processes alive, each image named by (pid, pidversion), and the records about them.
//
// Two ways in: events in the order of time (Image, Map, Exec, Fork, Exit), and what /proc says
// (Reconcile). An event older than the moment a process was read from /proc is already in what was
// read, and is left out: that is how an enumeration and the events beside it make no duplicates.
//
// Threads: one. Times are nanoseconds since boot (CLOCK_BOOTTIME).
#ifndef FRESHET_LINUX_PROCESS_TABLE_H_
#define FRESHET_LINUX_PROCESS_TABLE_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "emitter.h"
#include "linux/argument_catcher.h"
#include "linux/code_places.h"
#include "linux/exec_catcher.h"
#include "linux/executed.h"
#include "linux/running_exec.h"
#include "record.h"

namespace freshet {

// A process image's name; pid 0: not known.
struct ProcessName {
  u32 pid = 0;
  u32 version = 0;
  bool operator==(const ProcessName&) const = default;
};

// What else was said of an exec, or read as it was seen; nullptr: nothing.
struct ExecSaid {
  const CaughtExec* caught = nullptr;
  const CaughtArguments* arguments = nullptr;
  const KernelExec* kernel = nullptr;
};

class ProcessTable {
 public:
  struct Options {
    size_t processes_max = 32768;
    u32 first_version = 1;       // pidversion of the first image
    bool own_only = false;       // leave out what /proc hides from an ordinary user
    bool has_exec_names = true;  // an Exec follows each Image; without, the first Map ends it
    bool arguments = false;      // tell them of what is executed
  };

  ProcessTable(Emitter* emitter, Options options) : emitter_(emitter), options_(options) {
    next_version_ = options.first_version;
  }

  // Where the kernel says of a process that was found running whether it executed what it is said
  // to run; kNotAsked: it does not. Without, the process's user namespace decides.
  void AskOfRunning(std::function<RunningExec(u32 pid)> ask) { ask_of_running_ = std::move(ask); }

  // The process began to run a new program (PERF_RECORD_COMM of an exec).
  void Image(u32 pid, u64 at_ns);
  // A file was mapped to run; the first after Image is the program's, or that of its loader
  // (executed.h). One of a place that others than root can change is told (code record).
  void Map(u32 pid, u64 at_ns, std::string_view path, u64 dev, u64 ino);
  // The exec is complete; `filename` is what the caller named: the script, for a script.
  void Exec(u32 pid, u64 at_ns, std::string_view filename, const ExecSaid& said = {});
  // A process or a thread was made (a thread when tid is not pid).
  void Fork(u32 pid, u32 tid, u32 parent_pid, u64 at_ns);
  // A process or a thread ended.
  void Exit(u32 pid, u32 tid, u64 at_ns);

  // Compares with /proc: says what it did not know and what is gone. For the start, for running
  // without events, and after events were lost. Leaves off once `stopping` answers true.
  void Reconcile(u64 now_ns, const std::function<bool()>& stopping);

  // Events were lost: code may have been mapped unseen.
  void LostEvents() { code_lost_ = true; }
  // Looks, until then, at what the processes alive have mapped since events were lost, and goes on
  // the next time: tells what it did not know.
  void ReadLostCode(u64 until_ns);

  // Emits an exec record for every process alive, and the code records that are its.
  void EmitAll();

  // The image that `pid` runs now; reads /proc for a process never heard of. {0, 0} when it is gone
  // or a kernel thread.
  ProcessName NameOf(u32 pid);
  bool IsAlive(ProcessName name) const;
  size_t size() const { return processes_.size(); }
  // What is known of the places of code, for looks while a process still runs.
  CodePlaces* places() { return &places_; }

 private:
  // What a process runs; shared by forks.
  struct Program : Executed {
    ScriptSeen script;
  };
  // A file that an image runs code of beside its program.
  struct Code {
    std::string path;
    u64 dev = 0;
    u64 ino = 0;
    u32 owner_uid = kUidUnknown;
    u64 at_ns = 0;
    u32 flags = 0;  // FLAG code
  };
  using Codes = std::vector<Code>;
  // Between Image and Exec: what was mapped to run, the program or its loader first.
  struct Coming {
    std::vector<MappedFile> mapped;
    u64 at_ns = 0;
  };
  struct Process {
    u32 version = 0;
    ProcessName parent;
    u32 uid = 0xffffffff;
    std::shared_ptr<const Program> program;
    // Those told. A child has its parent's, of whose image it is a part: they are not told again of
    // it, but are in an enumeration. nullptr: none.
    std::shared_ptr<const Codes> codes;
    u64 began_ns = 0;          // at_ns of its exec record
    u64 started_ns = 0;        // start by /proc; 0 when it was not read there
    u64 read_ns = 0;           // events before this are in what was read
    bool threaded = false;     // has or had other threads
    bool leader_gone = false;  // its first thread ended, others live on
    bool seen = false;         // by the Reconcile under way
    std::unique_ptr<Coming> coming;
  };
  // Files of code that are told of an image: most have none, a program with plug-ins a handful.
  static constexpr size_t kCodesMax = 16;
  // Files that an exec maps itself: the program and its loader.
  static constexpr size_t kComingMapsMax = 8;
  // Files of a process found running that are looked at: large programs map some 300.
  static constexpr size_t kMapsLookedAtMax = 1024;

  Process* Find(u32 pid);
  Process* FindOrAdd(u32 pid);  // nullptr when the table is full
  // Reads a process that no event told of, and its parents, and says so. nullptr when it is gone, a
  // kernel thread, hidden, or one too many.
  Process* Adopt(u32 pid);
  // `is_other`: it was known to run another program, and no exec was seen.
  bool ReadInto(u32 pid, Process* process, bool is_other = false);
  RunningExec OfRunning(u32 pid) const;
  void Finish(u32 pid, Process* process, u64 at_ns, std::string_view filename,
              const ExecSaid& said);
  ScriptSeen ScriptOf(const Process& process, const ExecFacts& facts,
                      const Executed& program) const;
  // Keeps a mapped file as code of the image, if it is neither its program nor its script and
  // others can change it; the one that was kept, if any.
  const Code* AddCode(u32 pid, Process* process, u64 at_ns, const MappedFile& mapped, u32 flags);
  // All that it was found to have mapped. Code that was not looked at may be anybody's: an image
  // that maps too much is not vouched for.
  void AddCodes(u32 pid, Process* process, u64 at_ns, const MapsSeen& maps);
  void EmitExec(u32 pid, const Process& process, u32 more_flags);
  void EmitCodes(u32 pid, const Process& process, u32 more_flags);
  void EmitCode(u32 pid, const Process& process, const Code& code, u32 more_flags);
  void EmitArguments(u32 pid, const Process& process, const CaughtArguments* caught);
  void EmitExit(u32 pid, const Process& process, u64 at_ns);

  Emitter* const emitter_;
  const Options options_;
  std::function<RunningExec(u32 pid)> ask_of_running_;
  std::unordered_map<u32, Process> processes_;  // by pid
  u32 next_version_ = 1;
  bool code_lost_ = false;
  std::vector<u32> code_unread_;  // pids whose maps are still to be read since events were lost
  CodePlaces places_;
  Mounts mounts_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_PROCESS_TABLE_H_
