// What the source can see on this machine, and what not: as codes for a mark, and as sentences that
// say why and what to do.
#ifndef FRESHET_LINUX_SIGHT_H_
#define FRESHET_LINUX_SIGHT_H_

#include <string>

#include "record.h"

namespace freshet {

struct Sight {
  bool all_processes = false;   // other users' too
  bool process_events = false;  // perf's of execs, forks and exits
  bool socket_events = false;   // the tracepoint of socket states
  bool tracefs = false;
  bool flow_closes = false;     // destroy messages
  bool flows = false;           // dumps of sockets
  bool final_counters = false;  // our own programs in the kernel
  int perf_error = 0;           // errno, of what perf has not
  int tracefs_error = 0;
  std::string programs_why;  // why there are no final counters
};

// Whether /proc/<pid>/exe and /proc/<pid>/fd of other users can be read (CAP_SYS_PTRACE).
bool CanReadOthers();

// With everything but the time of day.
mark_record MarkOf(u32 kind, const Sight& sight);
// One sentence for each thing that is missing; empty when nothing is.
std::string MissingNote(const Sight& sight);

}  // namespace freshet

#endif  // FRESHET_LINUX_SIGHT_H_
