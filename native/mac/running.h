// The processes alive at the start: an exec record each, flag `enumerated`, with the identity that
// the kernel holds for them. The decisions here, in plain C++; Apple's calls behind RunningApi
// (running_calls.cc).
//
// A process may end, or run another program, between any two calls. So its audit token is asked for
// first and last: what lies between belongs to one image only if both are the same. Calls that take
// a token fail when it is no longer the process's (xnu bsd/kern/kern_cs.c csops_internal,
// bsd/kern/proc_info.c proc_pidpath_audittoken).
//
// The kernel keeps no script of an interpreter. What KERN_PROCARGS2 has lies in the process's own
// memory, which it may have rewritten: a script that is named there is told as what the process
// says, and so is code that its environment asked dyld for.
#ifndef FRESHET_MAC_RUNNING_H_
#define FRESHET_MAC_RUNNING_H_

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "emitter.h"
#include "record.h"

namespace freshet {

// audit_token_t: eight words that only the kernel gives meaning (bsm/audit.h).
struct ProcessToken {
  std::array<u32, 8> words{};
  u32 pid = 0;
  u32 pidversion = 0;
  u32 euid = 0;
  bool changed_user = false;  // its effective user or group is not the real one

  bool operator==(const ProcessToken&) const = default;
};

// csops(2) operations, xnu bsd/sys/codesign.h.
enum class CodeSignOp : u32 { kStatus = 0, kCdhash = 5, kIdentity = 11, kTeamId = 14 };

struct ProgramFile {
  u64 dev = 0;
  u64 ino = 0;
  u32 flags = 0;  // st_flags
};

// What SecCode says of running code.
struct RunningSignature {
  u32 codesign_flags = 0;
  std::array<u8, 20> cdhash{};
  std::string signing_id;
  std::string team_id;
};

// The system's calls as values, one each. Threads: one at a time.
class RunningApi {
 public:
  virtual ~RunningApi() = default;

  // Pids of all processes, at most `pids_max`: 0, or errno. proc_listallpids.
  virtual int ListPids(size_t pids_max, std::vector<u32>* pids) = 0;
  // False: no such process any more, or it may not be named. task_name_for_pid, TASK_AUDIT_TOKEN.
  virtual bool TokenOf(u32 pid, ProcessToken* token) = 0;
  // Empty when it cannot be told. proc_pidpath_audittoken.
  virtual std::string PathOf(const ProcessToken& token) = 0;
  // The file that is mapped as the program at `path`. False when that cannot be told: another file
  // may lie at the path by now, so stat(2) of it proves nothing. proc_pidinfo
  // PROC_PIDREGIONPATHINFO.
  virtual bool FileOf(const ProcessToken& token, const std::string& path, ProgramFile* file) = 0;
  // Its working directory; empty when it cannot be told. proc_pidinfo PROC_PIDVNODEPATHINFO.
  virtual std::string FolderOf(const ProcessToken& token) = 0;
  // Its arguments and environment as KERN_PROCARGS2 has them; empty when they cannot be had.
  virtual std::string CallOf(const ProcessToken& token) = 0;
  // 0 when it cannot be told. proc_pidinfo PROC_PIDT_SHORTBSDINFO.
  virtual u32 ParentOf(const ProcessToken& token) = 0;
  // 0 when the system does not say.
  virtual u32 ResponsibleFor(u32 pid) = 0;
  // When it was made, ns since 1970 by the wall clock of then; 0 when it cannot be told.
  // proc_pidinfo PROC_PIDTBSDINFO.
  virtual u64 StartedUnixNs(const ProcessToken& token) = 0;
  // 0, or errno. csops_audittoken.
  virtual int CodeSign(const ProcessToken& token, CodeSignOp op, std::span<u8> into) = 0;
  // False when it has none, or it cannot be told. SecCodeCopyGuestWithAttributes: slow.
  virtual bool SignatureOf(const ProcessToken& token, RunningSignature* signature) = 0;
};

// Apple's. macOS only.
std::unique_ptr<RunningApi> MakeRunningApi();

struct RunningCounts {
  size_t told = 0;
  size_t already_told = 0;
  size_t vanished = 0;   // ended, or may not be named
  size_t unsettled = 0;  // ran another program each time it was looked at
  int error = 0;         // errno: the list of processes could not be had
};

// Whether this image was told by an event already.
using IsTold = std::function<bool(u32 pid, u32 pidversion)>;
// Takes a record whose string lengths are not filled in, nor its header but for at_ns: when the
// process was made, since boot; 0 when that is not known. See Emitter::Emit.
using TellExec = std::function<void(const exec_record&, const ExecText&)>;
// The same of code records, right behind their process's exec record.
using TellCode = std::function<void(const code_record&, std::string_view path)>;

// Tells each process once, parents in no order. Takes some tens of microseconds a process.
// REQUIRES: events are subscribed to already, so that what begins meanwhile is told by an event:
// such an image is left out, as is one for which `is_told`. Threads: the caller's; the callbacks
// are called on it.
RunningCounts TellRunning(RunningApi* api, const IsTold& is_told, const TellExec& tell,
                          const TellCode& tell_code);

enum class LookedAt : u8 { kTold, kAlreadyTold, kVanished, kUnsettled };

// The same of one process.
LookedAt TellOne(RunningApi* api, u32 pid, const IsTold& is_told, const TellExec& tell,
                 const TellCode& tell_code);

// When, since boot, that was which the wall clock called `unix_ns`, with both clocks now: 0 where
// the clocks say that it was before the boot or is to come. The wall clock was set since then.
u64 SinceBootOf(u64 unix_ns, u64 now_unix_ns, u64 now_ns);

// The string in a blob that csops answered: u32 (type), u32 big-endian length of all with this
// head, bytes, NUL (xnu csops_copy_token). Empty when it is none.
std::string_view BlobText(std::span<const u8> blob);

// KERN_PROCARGS2 (xnu bsd/kern/kern_sysctl.c): a count of arguments, the path that was executed,
// NULs, the arguments and then the environment, each ended by a NUL.
struct ProcessCall {
  std::string_view arguments;  // as many as the count says and there are
  std::string_view variables;
};
ProcessCall ReadCall(std::string_view bytes);

}  // namespace freshet

#endif  // FRESHET_MAC_RUNNING_H_
