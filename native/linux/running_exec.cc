#include "linux/running_exec.h"

#include <sys/stat.h>

#include "linux/procfs.h"

namespace freshet {

RunningExec RunningExecByNamespace(u32 pid) {
  struct stat its, ours;
  if (stat("/proc/self/ns/user", &ours) != 0) return RunningExec::kNotAsked;  // no namespaces here
  if (stat(ProcPath(pid, "ns/user").c_str(), &its) != 0) return RunningExec::kUnconfirmed;
  return its.st_ino == ours.st_ino && its.st_dev == ours.st_dev ? RunningExec::kNotAsked
                                                                : RunningExec::kUnconfirmed;
}

}  // namespace freshet
