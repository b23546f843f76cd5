// The Linux source's thread, from opening what the kernel offers to the last record. See
// linux_source.h.
#ifndef FRESHET_LINUX_READER_H_
#define FRESHET_LINUX_READER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "emitter.h"
#include "linux/argument_catcher.h"
#include "linux/connection_table.h"
#include "linux/exec_catcher.h"
#include "linux/flow_table.h"
#include "linux/kernel_events.h"
#include "linux/kernel_exec.h"
#include "linux/kernel_programs.h"
#include "linux/options.h"
#include "linux/perf_reader.h"
#include "linux/process_table.h"
#include "linux/program_catcher.h"
#include "linux/sender_table.h"
#include "linux/sight.h"
#include "linux/socket_diag.h"
#include "source.h"

namespace freshet {

// Threads: made, run and destroyed on one. `stop_fd` and `enumerate_fd` are eventfds that others
// write to.
class Reader {
 public:
  Reader(Ring* ring, const SourceOptions& options, const LinuxOptions& linux_options, int stop_fd,
         int enumerate_fd);
  ~Reader();

  // Runs until `stop_fd` is readable.
  void Run();

 private:
  enum class Wake { kStop, kEvents, kTick };

  Wake Wait();
  // Moves what the rings have into memory, and takes hold of the programs that were executed.
  void Collect();
  // Collects for `ms` as execs come. False when the source is to stop.
  bool Gather(u64 ms);
  bool Stopping(int wait_ms) const;
  // Gathers, then digests. False when the source is to stop: what was gathered waits.
  bool Cycle(bool tick, bool enumerating);
  // Turns what the kernel has told by now, or dropped, into records.
  void Digest(bool tick, bool enumerating);
  void HandlePerf(const PerfEvent& event);
  // What our program told of this kExec event; nullptr: nothing.
  const KernelExec* FindKernelExec(const PerfEvent& event) const;
  // Those of our programs up to `horizon_ns`, in the order of time.
  void HandleKernel(u64 horizon_ns);
  // What our programs sum up in the kernel: who sent in ways that are not watched, and how many
  // events found no room.
  void TellKernelCounts(u64 now_ns);
  void FindListeners();
  void Enumerate();
  void Tick(u64 now_ns);
  void EmitMark(u32 kind, const std::string& note);
  void Flush();
  Sight SeenNow() const;

  Ring* const ring_;
  const SourceOptions& options_;
  const LinuxOptions& linux_options_;
  const int stop_fd_;
  const int enumerate_fd_;
  Emitter emitter_;
  Tracefs tracefs_;
  TraceLayouts layouts_;
  PerfReader perf_;
  std::optional<KernelPrograms> kernel_;  // unless they are switched off
  // What the kernel said of the last execs: Find it as the kExec event of perf is handled.
  KernelExecs kernel_execs_;
  KernelEvents kernel_events_;
  SenderTable senders_;
  DestroyListener destroy_;
  SocketDumper dumper_;
  const bool sees_all_;
  ProcessTable processes_;
  ConnectionTable connections_;
  FlowTable flows_;
  std::optional<ProgramCatcher> catcher_;
  ExecCatcher exec_catcher_;
  std::optional<ArgumentCatcher> argument_catcher_;  // where they are asked for
  Fd timer_;
  Fd poller_;         // for everything
  Fd gather_poller_;  // for execs and the stop
  std::vector<DiagSocket> destroyed_;
  std::vector<DiagSocket> dumped_;
  u64 boot_less_monotonic_ns_ = 0;  // time asleep
  u64 unix_less_boot_ns_ = 0;       // at the last mark
  u64 cycled_ns_ = 0;               // when the last cycle ended
  u64 overrun_ns_ = 0;              // when destroy messages were last lost
  u64 dump_began_ns_ = 0;
  bool events_lost_ = false;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_READER_H_
