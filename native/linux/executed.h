// Which program and which script an exec is of, from the ways there are to know: what the kernel
// mapped first, what /proc says, and the name that the caller gave.
#ifndef FRESHET_LINUX_EXECUTED_H_
#define FRESHET_LINUX_EXECUTED_H_

#include <string>
#include <string_view>

#include "linux/exec_catcher.h"
#include "linux/kernel_exec.h"

namespace freshet {

// What is known of an exec when it is told.
struct ExecFacts {
  u32 pid = 0;
  u32 parent_pid = 0;          // for the root and the directory of a process that has ended
  MappedFile first;            // the first file that was mapped to run; ino 0: it was not told
  bool first_is_alone = true;  // no other was
  std::string_view filename;   // as the caller gave it, a script's for a script; empty: not told
  const CaughtExec* caught = nullptr;  // read as it was seen; REQUIRES: not nullptr
  const KernelExec* kernel = nullptr;  // what the kernel said; nullptr where it cannot be had
  // Where mounts are remembered: most execs of a busy machine are over when they are told. nullptr:
  // their list is read for this one.
  Mounts* mounts = nullptr;
};

struct Executed {
  std::string path;
  u64 dev = 0;
  u64 ino = 0;
  u32 flags = 0;  // FLAG exec path_guessed, code_elsewhere, loader
  Loads loads = Loads::kNotKnown;
};
// The file that the kernel executed. Our own program in the kernel says it; without, where it has
// no code of its own that is mapped at once, the first mapping is its loader's: /proc/PID/exe
// decides, else the name that was given confirms.
Executed WhatWasExecuted(const ExecFacts& facts);

// The script that the kernel was given, when `filename` is another file than the program; nothing
// else.
ScriptSeen ScriptOfKernel(const ExecFacts& facts, const Executed& program);

// The script that an argument names: as the kernel had it at the exec, else as it was read.
ScriptSeen ScriptOfArgument(const ExecFacts& facts, const Executed& program);

// The script of a process that was found running, as it shows its arguments now.
ScriptSeen ScriptOfRunning(u32 pid, const ProgramFile& file, Loads loads);

}  // namespace freshet

#endif  // FRESHET_LINUX_EXECUTED_H_
