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

#include "emitter.h"
#include "linux/argument_catcher.h"
#include "record.h"

namespace freshet {

// A process image's name; pid 0: not known.
struct ProcessName {
  u32 pid = 0;
  u32 version = 0;
  bool operator==(const ProcessName&) const = default;
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

  // The process began to run a new program (PERF_RECORD_COMM of an exec).
  void Image(u32 pid, u64 at_ns);
  // An executable mapping; the first with a file after Image is the program.
  void Map(u32 pid, u64 at_ns, std::string_view path, u64 dev, u64 ino);
  // The exec is complete; `filename` is what the caller named: the script, for a script. `caught`:
  // its arguments, if they were read already.
  void Exec(u32 pid, u64 at_ns, std::string_view filename, const CaughtArguments* caught = nullptr);
  // A process or a thread was made (a thread when tid is not pid).
  void Fork(u32 pid, u32 tid, u32 parent_pid, u64 at_ns);
  // A process or a thread ended.
  void Exit(u32 pid, u32 tid, u64 at_ns);

  // Compares with /proc: says what it did not know and what is gone. For the start, for running
  // without events, and after events were lost. Leaves off once `stopping` answers true.
  void Reconcile(u64 now_ns, const std::function<bool()>& stopping);

  // Emits an exec record for every process alive.
  void EmitAll();

  // The image that `pid` runs now; reads /proc for a process never heard of. {0, 0} when it is gone
  // or a kernel thread.
  ProcessName NameOf(u32 pid);
  bool IsAlive(ProcessName name) const;
  size_t size() const { return processes_.size(); }

 private:
  // What a process runs; shared by forks.
  struct Program {
    std::string path;
    std::string script;
    u64 dev = 0;
    u64 ino = 0;
    u32 flags = 0;  // FLAG exec
  };
  struct Process {
    u32 version = 0;
    ProcessName parent;
    u32 uid = 0xffffffff;
    std::shared_ptr<const Program> program;
    u64 began_ns = 0;                 // at_ns of its exec record
    u64 started_ns = 0;               // start by /proc; 0 when it was not read there
    u64 read_ns = 0;                  // events before this are in what was read
    bool threaded = false;            // has or had other threads
    bool leader_gone = false;         // its first thread ended, others live on
    bool seen = false;                // by the Reconcile under way
    std::unique_ptr<Program> coming;  // between Image and Exec
    u64 coming_ns = 0;
  };

  Process* Find(u32 pid);
  Process* FindOrAdd(u32 pid);  // nullptr when the table is full
  // Reads a process that no event told of, and its parents, and says so. nullptr when it is gone, a
  // kernel thread, hidden, or one too many.
  Process* Adopt(u32 pid);
  bool ReadInto(u32 pid, Process* process);
  void Finish(u32 pid, Process* process, u64 at_ns, std::string_view filename,
              const CaughtArguments* caught);
  std::string ScriptOf(u32 pid, const Process& process, const Program& program,
                       std::string_view filename) const;
  void EmitExec(u32 pid, const Process& process, u32 more_flags);
  void EmitArguments(u32 pid, const Process& process, const CaughtArguments* caught);
  void EmitExit(u32 pid, const Process& process, u64 at_ns);

  Emitter* const emitter_;
  const Options options_;
  std::unordered_map<u32, Process> processes_;  // by pid
  u32 next_version_ = 1;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_PROCESS_TABLE_H_
