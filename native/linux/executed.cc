#include "linux/executed.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>

#include "linux/process_root.h"
#include "script_rules.h"

namespace freshet {
namespace {

// What stands behind "#!" up to a blank; empty when it is no script.
std::string InterpreterOf(std::string_view line) {
  if (!line.starts_with("#!")) return {};
  line.remove_prefix(std::min(line.find_first_not_of(" \t", 2), line.size()));
  return std::string(line.substr(0, line.find_first_of(" \t\r")));
}

// Where this process is now, if that is where the kernel says that it was at the exec; empty
// otherwise. On btrfs the kernel's device is another than stat(2) shows.
std::string FolderNow(u32 pid, const KernelExec& kernel) {
  const std::string link = "/proc/" + std::to_string(pid) + "/cwd";
  FileSeen seen;
  if (!LookAt(AT_FDCWD, link.c_str(), &seen) || seen.ino != kernel.folder_ino) return {};
  struct statfs where;
  const bool has_own_numbers =
      statfs(link.c_str(), &where) == 0 && where.f_type == BTRFS_SUPER_MAGIC;
  if (seen.dev != kernel.folder_dev && !has_own_numbers) return {};
  return ReadProcLink(pid, "cwd");
}

// Its working directory at the exec, from where a relative name leads to its file; a program may
// have gone elsewhere since, and then the name leads to another's. Empty when not known.
std::string FolderOf(const ExecFacts& facts) {
  const CaughtExec& caught = *facts.caught;
  if (facts.kernel != nullptr && facts.kernel->folder_ino != 0) {
    const KernelExec& kernel = *facts.kernel;
    if (caught.is_it && caught.folder_ino == kernel.folder_ino &&
        caught.folder_dev == kernel.folder_dev)
      return caught.folder;
    const std::string own = FolderNow(facts.pid, kernel);
    return own.empty() ? FolderNow(facts.parent_pid, kernel) : own;
  }
  std::string folder = caught.is_it ? caught.folder : std::string();
  if (folder.empty()) folder = ReadProcLink(facts.pid, "cwd");
  if (folder.empty()) folder = ReadProcLink(facts.parent_pid, "cwd");
  return folder;
}

// The name that the caller gave as a path inside its root; empty when that cannot be told any more.
std::string NamedPath(const ExecFacts& facts) {
  if (facts.filename.empty() || facts.filename.starts_with('/')) return std::string(facts.filename);
  const std::string folder = FolderOf(facts);
  return folder.empty() ? folder : folder + "/" + std::string(facts.filename);
}

// Whether the name that was given is that of this file, or of a script that names it.
bool Names(const ExecFacts& facts, u64 dev, u64 ino, bool also_scripts) {
  const std::string path = NamedPath(facts);
  if (path.empty() || IsOwnDescriptor(path)) return false;
  const ProcessRoot root(facts.pid, facts.parent_pid);
  FileSeen file;
  if (root.Look(path, &file) && file.Is(dev, ino)) return true;
  if (!also_scripts) return false;
  const std::string interpreter = InterpreterOf(root.ReadFirstLine(path));
  return interpreter.starts_with('/') && root.Look(interpreter, &file) && file.Is(dev, ino);
}

// Whether this file is a loader, looked for by its path.
Loads LoadsAt(const ExecFacts& facts, const std::string& path, u64 dev, u64 ino) {
  const ProcessRoot root(facts.pid, facts.parent_pid);
  const Fd place = root.Open(path);
  FileSeen file;
  if (!place || !LookAt(place.get(), "", &file) || !file.Is(dev, ino)) return Loads::kNotKnown;
  Mounts own;
  return LoadsOfPlace(facts.mounts != nullptr ? facts.mounts : &own, place.get(), facts.pid, file);
}

Loads LoadsOf(const ExecFacts& facts, const Executed& program) {
  const MappedFile& first = facts.first;
  // What is not mapped alone, or is not mapped first, asks for a loader.
  if (first.ino != 0 && (!facts.first_is_alone || first.ino != program.ino)) return Loads::kNo;
  const CaughtExec& caught = *facts.caught;
  const bool is_caught = caught.is_it && caught.loads != Loads::kNotKnown &&
                         caught.file.ino == program.ino && caught.file.path == program.path;
  return is_caught ? caught.loads : LoadsAt(facts, program.path, program.dev, program.ino);
}

// By what the kernel said; the path is the mapping's, the process's or the caller's, whichever is
// of that file.
Executed ByKernel(const ExecFacts& facts) {
  const KernelExec& kernel = *facts.kernel;
  const CaughtExec& caught = *facts.caught;
  Executed executed{{}, kernel.dev, kernel.ino, 0};
  if (facts.first.ino != 0) executed.flags = k_exec_code_elsewhere;
  if (caught.is_it && caught.file.ino == kernel.ino && caught.file.dev == kernel.dev) {
    executed.path = caught.file.path;
    return executed;
  }
  executed.path = NamedPath(facts);
  if (!Names(facts, kernel.dev, kernel.ino, false)) executed.flags |= k_exec_path_guessed;
  return executed;
}

Executed FileExecuted(const ExecFacts& facts) {
  const CaughtExec& caught = *facts.caught;
  const MappedFile& first = facts.first;
  const bool is_read = caught.is_it && caught.file.ino != 0;
  Executed from_file{caught.file.path, caught.file.dev, caught.file.ino, 0};
  if (first.ino == 0) {
    if (facts.kernel != nullptr) return ByKernel(facts);
    if (is_read) return from_file;
    return {std::string(facts.filename), 0, 0, k_exec_path_guessed};
  }
  Executed from_mapping{NameOfFile(facts.pid, first.path, first.dev, first.ino), first.dev,
                        first.ino, 0};
  if (is_read && IsSameFile(first, caught.file)) return from_mapping;
  if (facts.kernel != nullptr) {
    const bool is_mapped = (facts.kernel->ino == first.ino && facts.kernel->dev == first.dev) ||
                           facts.filename == first.path;
    return is_mapped ? from_mapping : ByKernel(facts);
  }
  if (is_read) {
    // A file with code of its own would have been mapped first: then it was executed later, unless
    // it is the one that was named.
    if (!caught.has_own_code || Names(facts, caught.file.dev, caught.file.ino, false)) {
      from_file.flags = k_exec_code_elsewhere;
      return from_file;
    }
  }
  // A loader is mapped first of whatever has no code of its own, and a name can be made to lead to
  // it once the process has ended.
  const Loads loads = LoadsAt(facts, from_mapping.path, first.dev, first.ino);
  if (ActsAsLoader(first.path, loads) || !Names(facts, first.dev, first.ino, true))
    from_mapping.flags = k_exec_path_guessed;
  return from_mapping;
}

}  // namespace

Executed WhatWasExecuted(const ExecFacts& facts) {
  Executed executed = FileExecuted(facts);
  executed.loads = LoadsOf(facts, executed);
  if (ActsAsLoader(executed.path, executed.loads)) executed.flags |= k_exec_loader;
  return executed;
}

ScriptSeen ScriptOfKernel(const ExecFacts& facts, const Executed& program) {
  const std::string_view name = facts.filename;
  // The last: /bin is a symbolic link to /usr/bin almost everywhere.
  if (name.empty() || name == program.path ||
      (program.path.starts_with("/usr") && name == std::string_view(program.path).substr(4)))
    return {};
  std::string given = NamedPath(facts);
  if (given.empty()) return {};
  ScriptSeen script;
  script.from = k_script_kernel;
  if (IsOwnDescriptor(given)) {
    given = ThroughDescriptor(facts.pid, given);
    script.from = k_script_claimed;  // it may have put another file there since
    if (given.empty()) return {};
  }
  script.path = AbsolutePath("/", given);
  if (script.path == program.path) return {};
  // A symbolic link to the program, or /bin where that is /usr/bin, is the program by another name.
  const ProcessRoot root(facts.pid, facts.parent_pid);
  FileSeen file;
  if (!root.Look(given, &file))
    return FileName(given) == FileName(program.path) ? ScriptSeen{} : script;
  if (file.ino == program.ino) return {};
  if (!file.IsRegular()) return script;
  script.dev = file.dev;
  script.ino = file.ino;
  // ".." behind a symbolic link leads elsewhere than its letters say.
  FileSeen plain;
  if (!root.Look(script.path, &plain) || !plain.Is(file.dev, file.ino)) script.path = given;
  return script;
}

ScriptSeen ScriptOfArgument(const ExecFacts& facts, const Executed& program) {
  const CaughtExec& caught = *facts.caught;
  const bool is_of_it = caught.is_it && caught.file.ino == program.ino && program.ino != 0 &&
                        caught.file.path == program.path;
  const std::string_view ruled_as =
      is_of_it && !caught.copied.empty() ? caught.copied : RuledAs(program.path, program.loads);
  if (!IsInterpreter(ruled_as)) return {};
  if (facts.kernel != nullptr && facts.kernel->has_argv()) {
    const bool is_cut = facts.kernel->is_cut();
    ScriptSeen seen = ScriptOfArguments(facts.pid, facts.parent_pid, ruled_as, facts.kernel->argv(),
                                        is_cut, k_script_argument, FolderOf(facts));
    if (!is_cut || !seen.IsNotTold()) return seen;
  }
  // What was read counts if it was of this program, by the rules that it goes by: one that ended
  // between two looks was not yet known as the loader that it is.
  const bool is_read = caught.is_it && caught.file.ino != 0 && caught.file.path == program.path &&
                       RuledAs(caught) == ruled_as;
  return is_read ? caught.script : kScriptNotTold;
}

ScriptSeen ScriptOfRunning(u32 pid, const ProgramFile& file, Loads loads) {
  const std::string folder = ReadProcLink(pid, "cwd");
  const ScriptSeen by_rules = ClaimedScript(pid, RuledAs(file.path, loads), folder);
  if (by_rules.from != k_script_none || IsInterpreter(RuledAs(file.path, loads))) return by_rules;
  // One that no rules are known of: for a script the kernel makes the arguments interpreter, its
  // one optional argument, script.
  std::string arguments;
  const std::string cmdline = "/proc/" + std::to_string(pid) + "/cmdline";
  if (!ReadFileAt(AT_FDCWD, cmdline.c_str(), PATH_MAX, &arguments)) return {};
  const ProcessRoot root(pid);
  std::string_view rest = arguments;
  for (int index = 0; index < 3 && !rest.empty(); index++) {
    const size_t end = std::min(rest.find('\0'), rest.size());
    const std::string candidate = AbsolutePath(folder, rest.substr(0, end));
    const bool is_option = end == 0 || rest[0] == '-';
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (index == 0 || is_option || candidate.empty()) continue;
    const std::string interpreter = InterpreterOf(root.ReadFirstLine(candidate));
    FileSeen seen;
    if (!interpreter.starts_with('/') || !root.Look(interpreter, &seen)) continue;
    // "#!/usr/bin/env program" has run another program since.
    if (!seen.Is(file.dev, file.ino) && !interpreter.ends_with("/env")) continue;
    FileSeen script;
    if (!root.Look(candidate, &script)) continue;
    return {k_script_claimed, candidate, script.dev, script.ino};
  }
  return {};
}

}  // namespace freshet
