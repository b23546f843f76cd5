#include "linux/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>

#include "fd.h"
#include "linux/argument_catcher.h"
#include "linux/clock.h"
#include "linux/process_root.h"

namespace freshet {
namespace {

constexpr u64 kPfKthread = 0x00200000;  // PF_KTHREAD, include/linux/sched.h of the kernel
constexpr size_t kArgumentBytesLookedAt = 64 << 10;
constexpr std::string_view kDeleted = " (deleted)";

// A page, which is what most files of /proc give at a time.
constexpr size_t kFirstBytes = 4096;

bool ReadLinkAt(int folder, const char* path, std::string* target) {
  char buffer[PATH_MAX];
  const ssize_t length = readlinkat(folder, path, buffer, sizeof(buffer));
  if (length <= 0) return false;
  target->assign(buffer, static_cast<size_t>(length));
  return true;
}

// 0 unless the whole of `text` is a number.
u64 ParseNumber(std::string_view text) {
  u64 value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

std::string_view NextWord(std::string_view* text) {
  const size_t from = std::min(text->find_first_not_of(" \n"), text->size());
  const size_t to = std::min(text->find_first_of(" \n", from), text->size());
  const std::string_view word = text->substr(from, to - from);
  text->remove_prefix(to);
  return word;
}

struct FolderCloser {
  void operator()(DIR* folder) const { closedir(folder); }
};
using Folder = std::unique_ptr<DIR, FolderCloser>;

}  // namespace

bool ReadFileAt(int folder, const char* path, size_t bytes_max, std::string* text) {
  const Fd fd(openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return false;
  text->clear();
  size_t length = 0;
  while (length < bytes_max) {
    // As much as there is, not as much as there may be: each byte of it is written and, where the
    // allocator keeps it for its thread, stays with the process.
    if (length == text->size())
      text->resize(std::min(bytes_max, std::max(kFirstBytes, 2 * length)));
    const ssize_t got = read(fd.get(), text->data() + length, text->size() - length);
    if (got < 0) return false;
    if (got == 0) break;
    length += static_cast<size_t>(got);
  }
  text->resize(length);
  return true;
}

bool ParseProcStat(std::string_view text, ProcStat* stat) {
  const size_t comm_end = text.rfind(')');
  if (comm_end == std::string_view::npos) return false;
  text.remove_prefix(comm_end + 1);
  const std::string_view state = NextWord(&text);  // field 3
  if (state.size() != 1) return false;
  stat->state = state[0];
  u64 fields[23] = {};  // by the numbers of the manual page
  for (int field = 4; field <= 22; field++) {
    const std::string_view word = NextWord(&text);
    if (word.empty()) return false;
    fields[field] = ParseNumber(word);
  }
  stat->parent_pid = static_cast<u32>(fields[4]);
  stat->kernel_thread = (fields[9] & kPfKthread) != 0;
  stat->threads = static_cast<u32>(fields[20]);
  static const u64 ticks_per_second = static_cast<u64>(sysconf(_SC_CLK_TCK));
  stat->start_ns = fields[22] * (kNsPerSecond / ticks_per_second);
  return true;
}

bool ReadProcStat(u32 pid, ProcStat* stat) {
  std::string text;
  return ReadFileAt(AT_FDCWD, ProcPath(pid, "stat").c_str(), 1024, &text) &&
         ParseProcStat(text, stat);
}

u32 ReadProcUid(u32 pid, u32 expected) {
  struct stat status;
  if (stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0) return kUidUnknown;
  if (status.st_uid == expected) return expected;
  std::string text;
  if (!ReadFileAt(AT_FDCWD, ProcPath(pid, "status").c_str(), 2048, &text)) return kUidUnknown;
  size_t at = text.find("\nUid:\t");
  if (at == std::string::npos) return kUidUnknown;
  at = text.find('\t', at + 6);  // behind the real user stands the effective one
  if (at == std::string::npos) return kUidUnknown;
  u32 uid = kUidUnknown;
  std::from_chars(text.data() + at + 1, text.data() + text.size(), uid);
  return uid;
}

std::string_view WithoutDeleted(std::string_view path) {
  if (path.ends_with(kDeleted)) path.remove_suffix(kDeleted.size());
  return path;
}

std::string ReadProcLink(u32 pid, const char* name) {
  std::string target;
  ReadLinkAt(AT_FDCWD, ProcPath(pid, name).c_str(), &target);
  return target;
}

bool ReadProgramFile(u32 pid, ProgramFile* file) {
  const std::string link = ProcPath(pid, "exe");
  FileSeen seen;
  if (!ReadLinkAt(AT_FDCWD, link.c_str(), &file->link) || !LookAt(AT_FDCWD, link.c_str(), &seen))
    return false;
  file->dev = seen.dev;
  file->ino = seen.ino;
  file->path = NameOfFile(pid, file->link, seen.dev, seen.ino);
  return true;
}

std::string ReadNamedProgram(u32 pid) {
  std::string arguments;
  if (!ReadFileAt(AT_FDCWD, ProcPath(pid, "cmdline").c_str(), PATH_MAX, &arguments)) return {};
  arguments.resize(std::min(arguments.find('\0'), arguments.size()));
  return arguments.starts_with('/') ? arguments : std::string();
}

bool CatchArguments(u32 pid, CaughtArguments* caught) {
  ArgumentText* const text = &caught->text;
  arguments_record* const record = &caught->record;
  const Fd fd(open(ProcPath(pid, "cmdline").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  char piece[4096];
  char last = '\0';
  size_t looked_at = 0;
  for (;;) {
    const ssize_t got = read(fd.get(), piece, sizeof(piece));
    if (got < 0) return false;
    if (got == 0) break;
    if (looked_at >= kArgumentBytesLookedAt) {
      record->flags |= k_arguments_at_least;
      break;
    }
    const std::string_view read_now(piece, static_cast<size_t>(got));
    looked_at += read_now.size();
    record->count += static_cast<u32>(std::count(read_now.begin(), read_now.end(), '\0'));
    text->Append(read_now);
    last = read_now.back();
  }
  if (looked_at == 0) return false;  // of one that has ended and was not waited for
  if (last == '\0')
    text->DropLast();
  else
    record->count++;
  ProgramFile file;
  if (!ReadProgramFile(pid, &file)) return false;
  caught->ino = file.ino;
  return true;
}

std::vector<u32> ListPids() {
  std::vector<u32> pids;
  const Folder proc(opendir("/proc"));
  if (!proc) return pids;
  while (const dirent* entry = readdir(proc.get())) {
    const u64 pid = ParseNumber(entry->d_name);
    if (pid > 0) pids.push_back(static_cast<u32>(pid));
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::unordered_map<u64, u32> FindSocketOwners(const std::unordered_set<u64>& inodes) {
  static constexpr std::string_view kSocket = "socket:[";
  std::unordered_map<u64, u32> owners;
  if (inodes.empty()) return owners;
  for (const u32 pid : ListPids()) {
    const Folder folder(opendir(ProcPath(pid, "fd").c_str()));
    if (!folder) continue;
    while (const dirent* entry = readdir(folder.get())) {
      char buffer[64];
      const ssize_t length = readlinkat(dirfd(folder.get()), entry->d_name, buffer, sizeof(buffer));
      if (length <= 0) continue;
      std::string_view target(buffer, static_cast<size_t>(length));
      if (!target.starts_with(kSocket) || !target.ends_with(']')) continue;
      target = target.substr(kSocket.size(), target.size() - kSocket.size() - 1);
      const u64 inode = ParseNumber(target);
      if (inodes.contains(inode)) owners[inode] = pid;
    }
  }
  return owners;
}

}  // namespace freshet
