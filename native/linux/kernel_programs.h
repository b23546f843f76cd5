// Our own programs in the kernel (BPF), and what they say. They are put together here at the
// start, for the offsets that this kernel's BTF names; nothing is compiled, and no library or
// download is wanted. Each reads, writes to maps of ours and changes nothing else:
//
//   inet_sock_set_state   the counters of a TCP socket as it closes, before reset and disconnect
//                         zero them, whatever its network namespace
//   sock_send_length      which program writes to a TCP socket, when that changes; and sums of what
//                         is sent by sockets of other kinds
//   sched_process_exec    the file executed and the first arguments (kernel_exec.h)
//
// A fourth is run when it is asked, by the walk through tasks (bpf_iter_task): whether the file
// that /proc/PID/exe names was executed (running_exec.h).
//
// They are gone with this object. Events are stamped with CLOCK_MONOTONIC, as perf's are.
//
// Threads: one.
#ifndef FRESHET_LINUX_KERNEL_PROGRAMS_H_
#define FRESHET_LINUX_KERNEL_PROGRAMS_H_

#include <string>
#include <vector>

#include "linux/bpf_calls.h"
#include "linux/kernel_event.h"
#include "linux/program_maker.h"
#include "linux/running_exec.h"

namespace freshet {

class KernelPrograms {
 public:
  // Of events that wait: an exec takes 1 KB, a close 100 bytes. They are read with each exec and
  // each destroy message, and once it is half full.
  static constexpr u32 kRingBytes = 1 << 20;

  // Loads what it may: each program by itself. `btf_path`: the kernel's types. `ring_bytes`: a
  // power of two, at least a page.
  explicit KernelPrograms(const char* btf_path, u32 ring_bytes = kRingBytes);

  bool has_finals() const { return static_cast<bool>(finals_.attached); }
  bool has_senders() const { return static_cast<bool>(senders_.attached); }
  bool has_execs() const { return static_cast<bool>(execs_.attached); }
  bool has_walk() const { return static_cast<bool>(running_); }
  // Why what is missing is missing, in one line; empty when nothing is.
  const std::string& why() const { return why_; }

  // Readable once the ring is half full. Else nobody is woken: it is read when another thing wakes.
  int descriptor() const { return ring_.descriptor(); }
  // Hands out each record as it is in the ring, for ParseKernelEvent, in the order of its writing.
  template <typename Handle>
  void Take(Handle handle) {
    ring_.Take(handle);
  }

  // Events that found the ring full, and runs that the kernel left out, since the last call.
  u64 TakeDropped();
  // Sends that found the map of sums full, since the last call.
  SenderSum TakeUnnamed();

  // Of a process that runs now. Some 45 microseconds. kNotAsked: there is no such walk here, or the
  // process is gone.
  RunningExec LookAtRunning(u32 pid) const;

  struct Sent {
    SenderKey key;
    SenderSum sum;
  };
  // The sums by sender since each was first told (kSender), in no certain order.
  void ReadSenders(std::vector<Sent>* all) const;
  // Forgets a sum that rises no more.
  void ForgetSender(const SenderKey& key) { DeleteFromBpfMap(sums_.get(), &key); }

 private:
  struct Program {
    Fd loaded;
    Fd attached;
  };
  KernelMaps Maps() const {
    return {ring_.descriptor(), ring_bytes_, counters_.get(), writers_.get(), sums_.get()};
  }
  using Make = MadeProgram (*)(const Btf& btf, const KernelMaps& maps);
  // Loads what `make` put together; what is missing is added to why_.
  void Attach(const char* tracepoint, Make make, const Btf& btf, Program* program);

  const u32 ring_bytes_;
  BpfRing ring_;
  Fd counters_;
  Fd writers_;  // who writes to a socket, by its cookie
  Fd sums_;     // SenderSum by SenderKey
  Program finals_, senders_, execs_;
  Fd running_;                 // the walk
  bool has_handlers_ = false;  // a user namespace may have its own
  std::string why_;
  KernelCounters told_;
  u64 missed_told_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_KERNEL_PROGRAMS_H_
