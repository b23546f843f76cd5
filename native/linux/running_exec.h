// Whether the file that /proc/PID/exe names is the one that the process executed. The link is not
// the kernel's word alone: prctl(PR_SET_MM_MAP) sets it (prctl_set_mm_exe_file in kernel/sys.c),
// for whoever has CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE in a user namespace, and so for everybody
// who may make one, once no mapping of the old file is left. Memory that processes share has one
// link: one in a namespace of its own sets it for the other, which is in none.
#ifndef FRESHET_LINUX_RUNNING_EXEC_H_
#define FRESHET_LINUX_RUNNING_EXEC_H_

#include "record.h"

namespace freshet {

enum class RunningExec {
  kExecuted,     // the kernel opened it to execute it
  kSet,          // it was opened otherwise: the link was set
  kUnconfirmed,  // nobody can tell, and it could have been set
  kNotAsked      // nobody can tell; nothing says that it could
};

// What FLAG exec says of it.
inline u32 FlagsOf(RunningExec word) {
  if (word == RunningExec::kSet) return k_exec_exe_set | k_exec_path_guessed;
  if (word == RunningExec::kUnconfirmed) return k_exec_exe_unconfirmed | k_exec_path_guessed;
  return word == RunningExec::kExecuted ? k_exec_exe_confirmed : 0;
}

// Where no program of ours in the kernel can tell: by the user namespace that it is in.
RunningExec RunningExecByNamespace(u32 pid);

}  // namespace freshet

#endif  // FRESHET_LINUX_RUNNING_EXEC_H_
