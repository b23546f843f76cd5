#include "linux/sight.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>

#include <charconv>
#include <utility>

#include "boot_id.h"
#include "linux/procfs.h"
#include "source.h"

namespace freshet {
namespace {

u32 GapsOf(const Sight& sight) {
  const u32 connects = sight.tracefs ? k_gap_connect_events : k_gap_tracefs;
  return (sight.all_processes ? 0 : k_gap_not_root) |
         (sight.process_events ? 0 : k_gap_process_events) | (sight.socket_events ? 0 : connects) |
         (sight.flow_closes ? 0 : k_gap_flow_closes) | (sight.flows ? 0 : k_gap_flows) |
         (sight.final_counters ? 0 : k_gap_final_counters);
}

}  // namespace

void PlatformBootId(u8* out) {
  std::string text;
  if (!ReadFileAt(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &text)) return;
  ParseBootId(std::move(text), out);
}

// CAP_SYS_PTRACE: proc_pid_exe(5).
bool CanReadOthers() {
  std::string text;
  if (!ReadFileAt(AT_FDCWD, "/proc/thread-self/status", 4096, &text)) return false;
  const size_t at = text.find("\nCapEff:\t");
  if (at == std::string::npos) return false;
  u64 capabilities = 0;
  std::from_chars(text.data() + at + 9, text.data() + text.size(), capabilities, 16);
  return (capabilities >> CAP_SYS_PTRACE & 1) != 0;
}

mark_record MarkOf(u32 kind, const Sight& sight) {
  mark_record mark{};
  mark.kind = kind;
  mark.capabilities = (sight.process_events ? k_capability_process_events : 0) |
                      (sight.socket_events ? k_capability_connect_events : 0) |
                      (sight.flow_closes ? k_capability_flow_closes : 0) |
                      (sight.all_processes ? k_capability_all_processes : 0) |
                      (sight.final_counters ? k_capability_final_counters : 0);
  mark.gaps = GapsOf(sight);
  PlatformBootId(mark.boot_id);
  mark.layout = kRecordLayout;
  return mark;
}

std::string MissingNote(const Sight& sight) {
  std::string note;
  if (!sight.all_processes && !sight.process_events)
    return "Only this user's programs are seen, and neither those that run for less than a second "
           "nor the connections they make: run freshet as root.";
  if (!sight.all_processes) note += "Other users' programs are not seen: run freshet as root. ";
  if (!sight.process_events)
    note += "Programs that run for less than a second are not seen: perf_event_open says \"" +
            std::string(strerror(sight.perf_error)) + "\"; give the container CAP_PERFMON. ";
  if (!sight.socket_events)
    note += "Who makes a short connection is not seen: " +
            (sight.tracefs
                 ? "the kernel gives no sock:inet_sock_set_state tracepoint"
                 : "tracefs cannot be mounted (" + std::string(strerror(sight.tracefs_error)) +
                       "): mount it at /sys/kernel/tracing or give CAP_SYS_ADMIN") +
            ". ";
  if (!sight.flow_closes)
    note +=
        "What a connection sent since the last look before it closed is not counted: "
        "NETLINK_SOCK_DIAG gives no destroy messages (CONFIG_INET_DIAG, Linux 4.2). ";
  if (!sight.flows) note += "No flows are seen: NETLINK_SOCK_DIAG cannot be opened. ";
  if (!sight.final_counters)
    note +=
        "What a connection that is reset or disconnected sent is known only up to the last look, "
        "and neither who takes a socket over nor UDP is seen: no program of ours in the kernel (" +
        sight.programs_why + "). ";
  while (note.ends_with(' ')) note.pop_back();
  return note;
}

}  // namespace freshet
