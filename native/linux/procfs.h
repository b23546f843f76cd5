// What /proc says about processes. See proc_pid_stat(5), proc_pid_status(5), proc_pid_exe(5).
#ifndef FRESHET_LINUX_PROCFS_H_
#define FRESHET_LINUX_PROCFS_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "record.h"

namespace freshet {

inline constexpr u32 kUidUnknown = 0xffffffff;

inline std::string ProcPath(u32 pid, const char* name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

// Reads at most `bytes_max` of a file into `text`. False, with errno set, when it cannot be read.
bool ReadFileAt(int folder, const char* path, size_t bytes_max, std::string* text);

struct ProcStat {
  u32 parent_pid = 0;
  u32 threads = 0;
  char state = '?';
  bool kernel_thread = false;
  u64 start_ns = 0;  // since boot, to a clock tick (10 ms)
};

// Parses /proc/<pid>/stat; its comm may hold any byte. False when it is not understood.
bool ParseProcStat(std::string_view text, ProcStat* stat);
// False when the process is gone.
bool ReadProcStat(u32 pid, ProcStat* stat);
// Effective user of the process, kUidUnknown when it is gone. Cheap when it is `expected`: then the
// owner of its folder says so. (Of a process that is not dumpable that is root, whoever runs it:
// proc(5).)
u32 ReadProcUid(u32 pid, u32 expected);

// Where a link of /proc/<pid> leads; empty when it cannot be read.
std::string ReadProcLink(u32 pid, const char* name);

struct ProgramFile {
  std::string path;  // absolute; without the " (deleted)" of a file that has no name any more
  std::string link;  // as the kernel gives it
  u64 dev = 0;
  u64 ino = 0;
};
// The program a process runs. False, with errno, when it is gone or a kernel thread (ENOENT), or
// hidden from us (EACCES: another user's, or one with more capabilities).
bool ReadProgramFile(u32 pid, ProgramFile* file);
// The program as its command line names it, when that is an absolute path; else empty.
std::string ReadNamedProgram(u32 pid);

// Cuts what the kernel appends to the path of a file without a name. A file may be called so too:
// NameOfFile (process_root.h) knows.
std::string_view WithoutDeleted(std::string_view path);

// Every process id in /proc, ascending.
std::vector<u32> ListPids();

// Which process has a descriptor of each of these sockets (inode numbers). One walk through
// /proc/*/fd; of several holders the one with the highest pid, which is the one that inherited it
// last.
std::unordered_map<u64, u32> FindSocketOwners(const std::unordered_set<u64>& inodes);

}  // namespace freshet

#endif  // FRESHET_LINUX_PROCFS_H_
