#include "linux/process_table.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "linux/clock.h"
#include "linux/procfs.h"
#include "script_rules.h"

namespace freshet {
namespace {

constexpr u32 kStatusUnknown = 0xffffffff;
// Between an exec's first event and its last.
constexpr u64 kExecDurationMaxNs = 100 * kNsPerMs;

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
  process->coming = std::make_unique<Coming>();
  process->coming->at_ns = at_ns;
}

void ProcessTable::Map(u32 pid, u64 at_ns, std::string_view path, u64 dev, u64 ino) {
  Process* process = Find(pid);
  // [stack], [vdso] and anonymous mappings ("//anon") have no file.
  if (process == nullptr || at_ns < process->read_ns || !path.starts_with('/') ||
      path.starts_with("//") || ino == 0)
    return;
  const MappedFile mapped{std::string(path), dev, ino};
  if (process->coming == nullptr) {
    if (process->program == nullptr) return;
    if (const Code* code = AddCode(pid, process, at_ns, mapped, 0))
      EmitCode(pid, *process, *code, 0);
    return;
  }
  if (process->coming->mapped.size() < kComingMapsMax) process->coming->mapped.push_back(mapped);
  if (!options_.has_exec_names) Finish(pid, process, at_ns, {}, {});
}

void ProcessTable::Exec(u32 pid, u64 at_ns, std::string_view filename, const ExecSaid& said) {
  Process* process = FindOrAdd(pid);
  if (process == nullptr || at_ns < process->read_ns) return;
  if (process->coming == nullptr) {
    // Read from /proc between the two events of this exec: what was read is the new program.
    if (process->read_ns != 0 && at_ns - process->read_ns < kExecDurationMaxNs) return;
    process->coming = std::make_unique<Coming>();
  }
  Finish(pid, process, at_ns, filename, said);
}

void ProcessTable::Finish(u32 pid, Process* process, u64 at_ns, std::string_view filename,
                          const ExecSaid& said) {
  const std::vector<MappedFile> mapped = std::move(process->coming->mapped);
  process->coming.reset();
  const MappedFile first = mapped.empty() ? MappedFile{} : mapped[0];
  CaughtExec now;
  const bool alone = std::ranges::all_of(
      mapped, [&](const MappedFile& one) { return one.ino == first.ino && one.dev == first.dev; });
  if (said.caught == nullptr) now = CatchExec(pid, first, alone, filename, &mounts_);
  const ExecFacts facts{.pid = pid,
                        .parent_pid = process->parent.pid,
                        .first = first,
                        .first_is_alone = alone,
                        .filename = filename,
                        .caught = said.caught == nullptr ? &now : said.caught,
                        .kernel = said.kernel,
                        .mounts = &mounts_};
  auto program = std::make_unique<Program>();
  static_cast<Executed&>(*program) = WhatWasExecuted(facts);
  program->script = ScriptOf(*process, facts, *program);
  process->program = std::move(program);
  process->codes.reset();
  process->version = next_version_++;
  process->began_ns = at_ns;
  process->threaded = false;
  process->leader_gone = false;
  // Between fork and exec a process may have become another user, so its parent's says nothing once
  // it has ended.
  process->uid = said.kernel != nullptr ? said.kernel->uid : ReadProcUid(pid, process->uid);
  EmitExec(pid, *process, 0);
  if (options_.arguments) EmitArguments(pid, *process, said.arguments);
  for (const MappedFile& one : mapped)
    if (const Code* code = AddCode(pid, process, at_ns, one, 0)) EmitCode(pid, *process, *code, 0);
}

ScriptSeen ProcessTable::ScriptOf(const Process& process, const ExecFacts& facts,
                                  const Executed& program) const {
  ScriptSeen by_kernel = ScriptOfKernel(facts, program);
  if (by_kernel.from != k_script_none) return by_kernel;
  ScriptSeen by_argument = ScriptOfArgument(facts, program);
  // A script that asks env for its interpreter runs two programs; the second runs it still, unless
  // env was told to give it another (#!/usr/bin/env -S python3 other.py).
  const Program* before = process.program.get();
  if (before == nullptr || before->script.path.empty() || FileName(before->path) != "env" ||
      process.began_ns == 0)
    return by_argument;
  const ScriptSeen& inherited = before->script;
  const bool is_it =
      by_argument.path.empty() || by_argument.path == inherited.path ||
      (inherited.ino != 0 && by_argument.ino == inherited.ino && by_argument.dev == inherited.dev);
  return is_it ? inherited : by_argument;
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
  child->codes = parent->codes;
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

RunningExec ProcessTable::OfRunning(u32 pid) const {
  const RunningExec word = ask_of_running_ ? ask_of_running_(pid) : RunningExec::kNotAsked;
  return word == RunningExec::kNotAsked ? RunningExecByNamespace(pid) : word;
}

bool ProcessTable::ReadInto(u32 pid, Process* process, bool is_other) {
  const u64 before_ns = BoottimeNs();
  u64 read_ns = before_ns;
  ProcStat stat;
  auto program = std::make_unique<Program>();
  ProgramFile file;
  if (!ReadProcStat(pid, &stat) || stat.kernel_thread) return false;
  program->flags = k_exec_enumerated;
  if (ReadProgramFile(pid, &file)) {
    program->path = file.path;
    program->dev = file.dev;
    program->ino = file.ino;
    RunningExec word = OfRunning(pid);
    if (is_other && word == RunningExec::kNotAsked) word = RunningExec::kUnconfirmed;
    // Its exec may be told yet, with which file it was of.
    if (is_other && word == RunningExec::kUnconfirmed) read_ns = process->read_ns;
    program->flags |= FlagsOf(word);
    program->loads = LoadsOfProcess(pid, file, &mounts_);
    if (ActsAsLoader(file.path, program->loads)) program->flags |= k_exec_loader;
    program->script = ScriptOfRunning(pid, file, program->loads);
  } else if (errno == EACCES && !options_.own_only) {
    // It runs with capabilities that we lack.
    program->path = ReadNamedProgram(pid);
    program->flags |= k_exec_path_guessed;
  } else {
    return false;
  }
  const MapsSeen maps = ReadMaps(pid, kMapsLookedAtMax);
  if (file.ino != 0 && !maps.files.empty() && !maps.is_cut &&
      std::ranges::none_of(maps.files,
                           [&](const MappedFile& one) { return IsSameFile(one, file); }))
    program->flags |= k_exec_code_elsewhere;
  process->program = std::move(program);
  process->codes.reset();
  AddCodes(pid, process, before_ns, maps);
  process->coming.reset();
  process->uid = ReadProcUid(pid, kUidUnknown);
  process->started_ns = stat.start_ns;
  process->began_ns = stat.start_ns;
  process->read_ns = read_ns;
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
  EmitCodes(pid, *process, 0);
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
    // The same process runs another program: its exec was not seen, or is under way, or there was
    // none and it set what /proc says (running_exec.h).
    const bool is_other = process->program != nullptr &&
                          (process->coming == nullptr || process->coming->mapped.empty() ||
                           !IsSameFile(process->coming->mapped[0], file));
    const ProcessName parent = process->parent;
    process->version = next_version_++;
    if (!ReadInto(pid, process, is_other)) continue;
    process->parent = parent;
    process->began_ns = now_ns;
    EmitExec(pid, *process, 0);
    EmitCodes(pid, *process, 0);
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
  for (const auto& [pid, process] : processes_) {
    constexpr u32 kNotSeen = k_exec_enumerated | k_exec_path_guessed;
    const bool is_seen = process.program != nullptr && (process.program->flags & kNotSeen) == 0;
    EmitExec(pid, process, k_exec_enumerated | (is_seen ? k_exec_exe_confirmed : 0));
    EmitCodes(pid, process, k_code_enumerated);
  }
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
  if (program.script.other_code) record.flags |= k_exec_other_code;
  record.pid = pid;
  record.pidversion = process.version;
  record.parent_pid = process.parent.pid;
  record.parent_pidversion = process.parent.version;
  record.uid = process.uid;
  record.dev = program.dev;
  record.ino = program.ino;
  record.script_from = program.script.from;
  record.script_dev = program.script.dev;
  record.script_ino = program.script.ino;
  emitter_->Emit(record, process.began_ns, {program.path, program.script.path});
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
