#include "linux/process_table.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/clock.h"
#include "linux/procfs.h"

namespace freshet {
namespace {

constexpr u32 kStatusUnknown = 0xffffffff;
// Between an exec's first event and its last.
constexpr u64 kExecDurationMaxNs = 100 * kNsPerMs;

std::string_view FileName(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // npos + 1 is 0: the whole
}

// A path as the process sees it, made readable for us and absolute; empty when a relative one
// cannot be resolved any more.
std::string Resolve(u32 pid, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  char cwd[PATH_MAX];
  const std::string link = "/proc/" + std::to_string(pid) + "/cwd";
  const ssize_t length = readlink(link.c_str(), cwd, sizeof(cwd));
  if (length <= 0) return {};
  if (path.starts_with("./")) path.remove_prefix(2);
  return std::string(cwd, static_cast<size_t>(length)) + "/" + std::string(path);
}

}  // namespace

ProcessTable::Process* ProcessTable::Find(u32 pid) {
  const auto found = processes_.find(pid);
  return found == processes_.end() ? nullptr : &found->second;
}

ProcessTable::Process* ProcessTable::FindOrAdd(u32 pid) {
  if (Process* known = Find(pid)) return known;
  if (processes_.size() >= options_.processes_max) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return nullptr;
  }
  Process& made = processes_[pid];
  made.version = next_version_++;
  return &made;
}

void ProcessTable::Image(u32 pid, u64 at_ns) {
  Process* process = FindOrAdd(pid);
  if (process == nullptr || at_ns < process->read_ns) return;
  process->coming = std::make_unique<Program>();
  process->coming_ns = at_ns;
}

void ProcessTable::Map(u32 pid, u64 at_ns, std::string_view path, u64 dev, u64 ino) {
  Process* process = Find(pid);
  if (process == nullptr || process->coming == nullptr || process->coming->ino != 0) return;
  // [stack], [vdso] and anonymous mappings have no file.
  if (!path.starts_with('/') || ino == 0) return;
  process->coming->path = WithoutDeleted(path);
  process->coming->dev = dev;
  process->coming->ino = ino;
  if (!options_.has_exec_names) Finish(pid, process, at_ns, {}, nullptr);
}

void ProcessTable::Exec(u32 pid, u64 at_ns, std::string_view filename,
                        const CaughtArguments* caught) {
  Process* process = FindOrAdd(pid);
  if (process == nullptr || at_ns < process->read_ns) return;
  if (process->coming == nullptr) {
    // Read from /proc between the two events of this exec: what was read is the new program.
    if (process->read_ns != 0 && at_ns - process->read_ns < kExecDurationMaxNs) return;
    process->coming = std::make_unique<Program>();
  }
  Finish(pid, process, at_ns, filename, caught);
}

void ProcessTable::Finish(u32 pid, Process* process, u64 at_ns, std::string_view filename,
                          const CaughtArguments* caught) {
  std::unique_ptr<Program> program = std::move(process->coming);
  if (program->ino == 0) {
    // Its mapping was lost.
    ProgramFile file;
    if (ReadProgramFile(pid, &file)) {
      program->path = file.path;
      program->dev = file.dev;
      program->ino = file.ino;
    } else {
      program->path = filename;
      program->flags |= k_exec_path_guessed;
    }
  }
  program->script = ScriptOf(pid, *process, *program, filename);
  process->program = std::move(program);
  process->version = next_version_++;
  process->began_ns = at_ns;
  process->threaded = false;
  process->leader_gone = false;
  const u32 uid = ReadProcUid(pid, process->uid);
  if (uid != kUidUnknown) process->uid = uid;
  EmitExec(pid, *process, 0);
  if (options_.arguments) EmitArguments(pid, *process, caught);
}

// The script, when `filename` is another file than the program; else empty.
std::string ProcessTable::ScriptOf(u32 pid, const Process& process, const Program& program,
                                   std::string_view filename) const {
  // A script that asks env for its interpreter runs two programs; the second runs it still.
  const Program* before = process.program.get();
  const bool from_env = before != nullptr && !before->script.empty() &&
                        FileName(before->path) == "env" && process.began_ns != 0;
  const std::string inherited = from_env ? before->script : std::string();
  // The last: /bin is a symbolic link to /usr/bin almost everywhere.
  if (filename.empty() || filename == program.path ||
      (program.path.starts_with("/usr") && filename == std::string_view(program.path).substr(4)))
    return inherited;
  std::string path = Resolve(pid, filename);
  if (path.empty()) path = Resolve(process.parent.pid, filename);
  if (path.empty() || path == program.path) return inherited;
  // A symbolic link to the program, or /bin where that is /usr/bin, is the program by another name.
  struct stat status;
  const std::string through_root = "/proc/" + std::to_string(pid) + "/root" + path;
  if (stat(through_root.c_str(), &status) != 0 && stat(path.c_str(), &status) != 0)
    return FileName(path) == FileName(program.path) ? inherited : path;
  return status.st_ino == program.ino ? inherited : path;
}

void ProcessTable::Fork(u32 pid, u32 tid, u32 parent_pid, u64 at_ns) {
  if (tid != pid) {
    if (Process* process = Find(pid)) process->threaded = true;
    return;
  }
  if (const Process* known = Find(pid)) {
    if (at_ns < known->read_ns) return;
    EmitExit(pid, *known, at_ns);  // its exit was lost: the pid is used again
    processes_.erase(pid);
  }
  // Kernel threads are not in the table, nor are what they fork; if it runs a program, Image adds
  // it.
  const Process* parent = Find(parent_pid);
  if (parent == nullptr) parent = Adopt(parent_pid);
  if (parent == nullptr) return;
  Process* child = FindOrAdd(pid);
  if (child == nullptr) return;
  child->began_ns = at_ns;
  child->parent = {parent_pid, parent->version};
  child->uid = parent->uid;
  child->program = parent->program;
  fork_record record{};
  record.pid = pid;
  record.pidversion = child->version;
  record.parent_pid = child->parent.pid;
  record.parent_pidversion = child->parent.version;
  record.uid = child->uid;
  emitter_->Emit(record, at_ns);
}

void ProcessTable::Exit(u32 pid, u32 tid, u64 at_ns) {
  Process* process = Find(pid);
  if (process == nullptr || at_ns < process->read_ns) return;
  if (tid != pid && !process->leader_gone) return;
  if (process->threaded) {
    // The first thread of a process may end before the others: the process lives while any does.
    ProcStat stat;
    if (ReadProcStat(pid, &stat) && stat.threads > 1) {
      process->leader_gone = true;
      return;
    }
  }
  EmitExit(pid, *process, at_ns);
  processes_.erase(pid);
}

bool ProcessTable::ReadInto(u32 pid, Process* process) {
  const u64 before_ns = BoottimeNs();
  ProcStat stat;
  auto program = std::make_unique<Program>();
  ProgramFile file;
  if (!ReadProcStat(pid, &stat) || stat.kernel_thread) return false;
  program->flags = k_exec_enumerated;
  if (ReadProgramFile(pid, &file)) {
    program->path = file.path;
    program->dev = file.dev;
    program->ino = file.ino;
    program->script = ReadScript(pid, file);
  } else if (errno == EACCES && !options_.own_only) {
    // It runs with capabilities that we lack.
    program->path = ReadNamedProgram(pid);
    program->flags |= k_exec_path_guessed;
  } else {
    return false;
  }
  process->program = std::move(program);
  process->coming.reset();
  process->uid = ReadProcUid(pid, kUidUnknown);
  process->started_ns = stat.start_ns;
  process->began_ns = stat.start_ns;
  process->read_ns = before_ns;
  process->threaded = stat.threads > 1;
  process->leader_gone = stat.state == 'Z';
  process->parent = NameOf(stat.parent_pid);
  return true;
}

ProcessTable::Process* ProcessTable::Adopt(u32 pid) {
  Process read;
  if (pid == 0 || !ReadInto(pid, &read)) return nullptr;
  Process* process = FindOrAdd(pid);
  if (process == nullptr) return nullptr;
  read.version = process->version;
  read.seen = true;
  *process = std::move(read);
  EmitExec(pid, *process, 0);
  return process;
}

void ProcessTable::Reconcile(u64 now_ns, const std::function<bool()>& stopping) {
  const u32 own_uid = geteuid();
  for (auto& [pid, process] : processes_) process.seen = false;
  for (const u32 pid : ListPids()) {
    if (stopping()) return;
    if (options_.own_only) {
      struct stat status;
      if (stat(("/proc/" + std::to_string(pid)).c_str(), &status) != 0 || status.st_uid != own_uid)
        continue;
    }
    Process* process = Find(pid);
    if (process == nullptr) {
      Adopt(pid);
      continue;
    }
    ProcStat stat;
    if (!ReadProcStat(pid, &stat)) continue;
    const bool same_process = process->started_ns == 0 || process->started_ns == stat.start_ns;
    ProgramFile file;
    const bool readable = ReadProgramFile(pid, &file);
    const bool same_program =
        !readable || (process->program != nullptr && process->program->ino == file.ino);
    process->seen = true;
    if (same_process && same_program) continue;
    if (!same_process) {
      EmitExit(pid, *process, now_ns);
      processes_.erase(pid);
      Adopt(pid);
      continue;
    }
    // The same process runs another program, whose exec was not seen.
    const ProcessName parent = process->parent;
    process->version = next_version_++;
    if (!ReadInto(pid, process)) continue;
    process->parent = parent;
    process->began_ns = now_ns;
    EmitExec(pid, *process, 0);
  }
  for (auto at = processes_.begin(); at != processes_.end();) {
    if (at->second.seen) {
      ++at;
      continue;
    }
    EmitExit(at->first, at->second, now_ns);
    at = processes_.erase(at);
  }
}

void ProcessTable::EmitAll() {
  for (const auto& [pid, process] : processes_) EmitExec(pid, process, k_exec_enumerated);
}

ProcessName ProcessTable::NameOf(u32 pid) {
  if (pid == 0) return {};
  const Process* process = Find(pid);
  if (process == nullptr) process = Adopt(pid);
  return process == nullptr ? ProcessName{} : ProcessName{pid, process->version};
}

bool ProcessTable::IsAlive(ProcessName name) const {
  const auto found = processes_.find(name.pid);
  return found != processes_.end() && found->second.version == name.version;
}

void ProcessTable::EmitExec(u32 pid, const Process& process, u32 more_flags) {
  static const Program kUnknown;
  const Program& program = process.program != nullptr ? *process.program : kUnknown;
  exec_record record{};
  record.flags = program.flags | more_flags;
  record.pid = pid;
  record.pidversion = process.version;
  record.parent_pid = process.parent.pid;
  record.parent_pidversion = process.parent.version;
  record.uid = process.uid;
  record.dev = program.dev;
  record.ino = program.ino;
  emitter_->Emit(record, process.began_ns, {program.path, program.script});
}

void ProcessTable::EmitArguments(u32 pid, const Process& process, const CaughtArguments* caught) {
  // What was read is this exec's only if its program ran then. The inode alone tells: on some file
  // systems events have another device than stat(2) (README.md).
  const auto is_of_it = [&](const CaughtArguments& one) { return one.ino == process.program->ino; };
  CaughtArguments now;
  if (caught == nullptr || !is_of_it(*caught)) {
    if (!CatchArguments(pid, &now) || !is_of_it(now)) {
      now = {};
      now.record.flags = k_arguments_missed;
    }
    caught = &now;
  }
  arguments_record record = caught->record;
  record.pid = pid;
  record.pidversion = process.version;
  const std::string_view told = caught->text.Finish(&record);
  emitter_->Emit(record, process.began_ns, told);
}

void ProcessTable::EmitExit(u32 pid, const Process& process, u64 at_ns) {
  exit_record record{};
  record.pid = pid;
  record.pidversion = process.version;
  record.status = kStatusUnknown;
  emitter_->Emit(record, at_ns);
}

}  // namespace freshet
