#include "linux/exec_catcher.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "linux/clock.h"
#include "linux/process_root.h"
#include "script_rules.h"

namespace freshet {
namespace {

// What names a script stands among the first arguments, but class paths of Java are long.
constexpr size_t kArgumentBytesRead = 64 << 10;
// 65,530 mappings, as many as most kernels allow (vm.max_map_count), with lines of a usual length
// are some 6 MiB. The kernel writes those in some 50 ms.
constexpr size_t kMapsBytesMax = 16 << 20;

template <typename Number>
bool TakeNumber(std::string_view* text, Number* value, int base) {
  const auto [end, error] =
      std::from_chars(text->data(), text->data() + text->size(), *value, base);
  if (error != std::errc()) return false;
  text->remove_prefix(static_cast<size_t>(end - text->data()));
  return true;
}

bool Take(std::string_view* text, char one) {
  if (!text->starts_with(one)) return false;
  text->remove_prefix(1);
  return true;
}

// "7f0-7f9 r-xp 00000000 fe:01 1234   /usr/lib/x.so". A newline in a path is written as \012 there,
// and a name with those four characters is not told apart: it names no file then.
bool ParseMapsLine(std::string_view line, MappedFile* file) {
  u64 number = 0;
  u32 major = 0;
  u32 minor = 0;
  if (!TakeNumber(&line, &number, 16) || !Take(&line, '-') || !TakeNumber(&line, &number, 16) ||
      !Take(&line, ' ') || line.size() < 5 || line[2] != 'x' || line[4] != ' ')
    return false;
  line.remove_prefix(5);
  if (!TakeNumber(&line, &number, 16) || !Take(&line, ' ') || !TakeNumber(&line, &major, 16) ||
      !Take(&line, ':') || !TakeNumber(&line, &minor, 16) || !Take(&line, ' ') ||
      !TakeNumber(&line, &file->ino, 10) || file->ino == 0)
    return false;
  const size_t path = line.find('/');
  if (path == std::string_view::npos) return false;
  file->dev = makedev(major, minor);
  file->path = line.substr(path);
  return true;
}

// By the name that the kernel gave of the first mapping, if that is it: one look, no name to read.
bool ReadExecuted(u32 pid, const MappedFile& first, ProgramFile* file) {
  FileSeen seen;
  if (first.ino == 0 || !LookAt(AT_FDCWD, ProcPath(pid, "exe").c_str(), &seen) ||
      !seen.Is(first.dev, first.ino))
    return ReadProgramFile(pid, file);
  *file = {NameOfFile(pid, first.path, first.dev, first.ino), first.path, first.dev, first.ino};
  return true;
}

// Whether the arguments bring other code than a script's own first line, which asks for its options
// each time that it is executed by its name.
bool BringsMoreThan(std::string_view first_line, std::string_view program, std::string_view joined,
                    bool cut) {
  const std::string_view path = NameScript(program, joined, cut).path;
  std::vector<std::string_view> asked;
  if (first_line.starts_with("#!")) {
    // The kernel hands all that stands behind the interpreter over as one argument, env -S as many.
    std::string_view rest = first_line.substr(2);
    while (!rest.empty()) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r"), rest.size()));
      const size_t end = std::min(rest.find_first_of(" \t\r"), rest.size());
      if (end > 0) asked.push_back(rest.substr(0, end));
      if (asked.size() == 2) asked.push_back(rest);
      rest.remove_prefix(end);
    }
  }
  std::string others;
  for (bool is_name = true; !joined.empty(); is_name = false) {
    const std::string_view one = joined.substr(0, joined.find('\0'));
    joined.remove_prefix(std::min(one.size() + 1, joined.size()));
    if (!is_name && std::ranges::find(asked, one) != asked.end()) continue;
    others.append(one).push_back('\0');
  }
  const ScriptNamed left = NameScript(program, others, cut);
  return left.other_code || left.path != path;
}

// Whether a loader was given an interpreter by another name, that of a link to it.
bool IsInterpreterByLink(const ProcessRoot& root, std::string_view path) {
  const Fd place = root.Open(path);
  const std::string fd = "fd/" + std::to_string(place.get());
  return place && IsInterpreter(ReadProcLink(static_cast<u32>(getpid()), fd.c_str()));
}

// The file that a process runs (O_PATH), and what it is; none where it runs another by now.
Fd HoldProgram(u32 pid, const ProgramFile& file, FileSeen* now) {
  Fd place(open(ProcPath(pid, "exe").c_str(), O_PATH | O_CLOEXEC));
  const bool is_it = place && LookAt(place.get(), "", now) && now->Is(file.dev, file.ino);
  return is_it ? std::move(place) : Fd();
}

}  // namespace

std::string ThroughDescriptor(u32 pid, std::string_view path) {
  for (const std::string_view begin : {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/"}) {
    if (!path.starts_with(begin)) continue;
    path.remove_prefix(begin.size());
    const std::string_view number = path.substr(0, path.find('/'));
    if (number.empty() || !std::ranges::all_of(number, [](char c) { return c >= '0' && c <= '9'; }))
      return {};
    const std::string target = ReadProcLink(pid, ("fd/" + std::string(number)).c_str());
    if (!target.starts_with('/')) return {};  // "pipe:[12]"
    path.remove_prefix(number.size());
    return target + std::string(path);
  }
  return {};
}

void ParseMaps(std::string_view text, size_t files_max, MapsSeen* seen) {
  while (!text.empty() && !seen->is_cut) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    MappedFile file;
    if (!ParseMapsLine(line, &file)) continue;
    if (std::ranges::any_of(seen->files, [&](const MappedFile& one) {
          return one.ino == file.ino && one.dev == file.dev;
        }))
      continue;
    seen->is_cut = seen->files.size() >= files_max;
    if (!seen->is_cut) seen->files.push_back(std::move(file));
  }
}

MapsSeen ReadMaps(u32 pid, size_t files_max) {
  MapsSeen seen;
  const Fd fd(open(ProcPath(pid, "maps").c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return seen;
  // What is not parsed yet: the kernel gives whole lines, a page at most at a time.
  std::string text;
  char piece[16 << 10];
  for (size_t bytes = 0; !seen.is_cut;) {
    const ssize_t got = read(fd.get(), piece, sizeof(piece));
    // ESRCH: it has ended.
    if (got < 0) seen.is_cut = errno != ESRCH;
    if (got <= 0) break;
    bytes += static_cast<size_t>(got);
    text.append(piece, static_cast<size_t>(got));
    const size_t whole = text.rfind('\n') + 1;  // 0 where there is none
    ParseMaps(std::string_view(text).substr(0, whole), files_max, &seen);
    text.erase(0, whole);
    if (bytes >= kMapsBytesMax) seen.is_cut = true;
  }
  ParseMaps(text, files_max, &seen);
  return seen;
}

bool IsSameFile(const MappedFile& mapped, const ProgramFile& file) {
  return (mapped.ino == file.ino && mapped.dev == file.dev) || mapped.path == file.link;
}

ScriptSeen ScriptOfArguments(u32 pid, u32 parent_pid, std::string_view program,
                             std::string_view joined, bool cut, u32 from,
                             const std::string& folder) {
  const ScriptNamed named = NameScript(program, joined, cut);
  ScriptSeen seen;
  std::string path(named.path);
  seen.from = named.from == k_script_argument ? from : named.from;
  if (named.from == k_script_none && !path.empty()) {
    path = ThroughDescriptor(pid, path);
    if (!path.empty()) seen.from = k_script_claimed;
  }
  if (path.empty() || (seen.from != k_script_argument && seen.from != k_script_claimed)) {
    seen.from = path.empty() ? seen.from : u32{k_script_none};
    return seen;
  }
  // A text that the rules take for a file would be a secret told, and leads to none. Of a script
  // that has gone since, or whose folder is not known, no more is known either.
  if (folder.empty() && !path.starts_with('/')) return kScriptNotTold;
  seen.path = AbsolutePath(folder, path);
  if (seen.path.empty()) return kScriptNotTold;
  const ProcessRoot root(pid, parent_pid);
  const std::string as_given = path.starts_with('/') ? path : folder + "/" + path;
  seen.other_code =
      named.other_code && BringsMoreThan(root.ReadFirstLine(as_given), program, joined, cut);
  FileSeen file;
  if (!root.Look(as_given, &file)) return kScriptNotTold;
  if (IsLoader(program) && IsInterpreterByLink(root, as_given)) seen.other_code = true;
  if (!file.IsRegular()) return seen;
  seen.dev = file.dev;
  seen.ino = file.ino;
  // ".." behind a symbolic link leads elsewhere than its letters say.
  FileSeen plain;
  if (!root.Look(seen.path, &plain) || !plain.Is(file.dev, file.ino)) seen.path = as_given;
  return seen;
}

std::string_view RuledAs(const CaughtExec& caught) {
  return caught.copied.empty() ? RuledAs(caught.file.path, caught.loads) : caught.copied;
}

ScriptSeen ClaimedScript(u32 pid, std::string_view program, const std::string& folder) {
  if (!IsInterpreter(program)) return {};
  std::string joined;
  // One that has ended and was not waited for has none.
  if (!ReadFileAt(AT_FDCWD, ProcPath(pid, "cmdline").c_str(), kArgumentBytesRead, &joined) ||
      joined.empty())
    return kScriptNotTold;
  const bool is_cut = joined.size() == kArgumentBytesRead;
  ScriptSeen seen = ScriptOfArguments(pid, 0, program, joined, is_cut, k_script_claimed, folder);
  return seen;
}

Loads LoadsOfProcess(u32 pid, const ProgramFile& file, Mounts* mounts) {
  FileSeen now;
  const Fd place = HoldProgram(pid, file, &now);
  return place ? LoadsOfPlace(mounts, place.get(), pid, now) : Loads::kNotKnown;
}

CaughtExec CatchExec(u32 pid, const MappedFile& first, bool alone, std::string_view filename,
                     Mounts* mounts, SystemInterpreters* interpreters) {
  CaughtExec caught;
  caught.pid = pid;
  if (!ReadExecuted(pid, first, &caught.file)) {
    caught.file = {};
    return caught;
  }
  caught.is_it = true;
  FileSeen now;
  Fd place;
  if (alone || interpreters != nullptr) place = HoldProgram(pid, caught.file, &now);
  if (!alone)
    caught.loads = Loads::kNo;
  else if (place)
    caught.loads = LoadsOfPlace(mounts, place.get(), pid, now);
  if (interpreters != nullptr && place && !IsInterpreter(RuledAs(caught.file.path, caught.loads)))
    caught.copied = interpreters->CopiedBy(mounts, place.get(), pid, now);
  FileSeen folder;
  if ((!filename.starts_with('/') || IsInterpreter(RuledAs(caught))) &&
      LookAt(AT_FDCWD, ProcPath(pid, "cwd").c_str(), &folder)) {
    caught.folder = ReadProcLink(pid, "cwd");
    caught.folder_dev = folder.dev;
    caught.folder_ino = folder.ino;
  }
  caught.script = ClaimedScript(pid, RuledAs(caught), caught.folder);
  if (first.ino == 0 || IsSameFile(first, caught.file)) return caught;
  constexpr size_t kFilesLookedAt = 1024;
  const auto mapped = ReadMaps(pid, kFilesLookedAt);
  // None: it has ended meanwhile, and that says nothing.
  caught.has_own_code = (mapped.files.empty() && !mapped.is_cut) ||
                        std::ranges::any_of(mapped.files, [&](const MappedFile& one) {
                          return IsSameFile(one, caught.file);
                        });
  return caught;
}

void ExecCatcher::See(const PerfEvent& event, u64 now_ns) {
  switch (event.kind) {
    case PerfEvent::Kind::kImage:
      // What was read of it after this moment is of this program, not of the one before.
      for (size_t index = 0; index < kCaughtMax; index++) {
        if (pids_[index] != event.pid) continue;
        CaughtExec& one = caught_[index];
        if (one.at_ns < event.at_ns && event.at_ns <= one.read_ns) one.is_it = false;
      }
      if (coming_.size() >= kComingMax) coming_.clear();  // their last events were lost
      coming_[event.pid] = {};
      break;
    case PerfEvent::Kind::kMap:
      if (event.path.starts_with('/') && event.ino != 0) Map(event, now_ns);
      break;
    case PerfEvent::Kind::kExec:
      Exec(event, now_ns);
      break;
    default:
      break;
  }
}

// The first of an exec is its program almost always, whose place is not asked for here: it waits
// for the end of the exec, which tells.
void ExecCatcher::Map(const PerfEvent& event, u64 now_ns) {
  bool waits = false;
  if (const auto found = coming_.find(event.pid); found != coming_.end()) {
    auto& [first, alone] = found->second;
    waits = first.ino == 0 && has_exec_names_;
    if (first.ino == 0) first = {std::string(event.path), event.dev, event.ino};
    if (first.ino != event.ino || first.dev != event.dev) alone = false;
  }
  if (!waits) places_->Of(event.pid, event.path, event.dev, event.ino, now_ns);
}

void ExecCatcher::Exec(const PerfEvent& event, u64 now_ns) {
  Coming coming;
  if (const auto found = coming_.extract(event.pid)) coming = found.mapped();
  const MappedFile& first = coming.first;
  const size_t index = next_++ % kCaughtMax;
  CaughtExec& oldest = caught_[index];
  oldest = CatchExec(event.pid, first, coming.alone, event.path, &mounts_, &interpreters_);
  pids_[index] = event.pid;
  oldest.at_ns = event.at_ns;
  oldest.read_ns = MonotonicNs();
  const ProgramFile& file = oldest.file;
  const bool is_first = first.ino == 0 || (file.ino != 0 && IsSameFile(first, file));
  if (!is_first) places_->Of(event.pid, first.path, first.dev, first.ino, now_ns);
  if (file.ino != 0 && !IsSameFile(first, file)) Keep(event.pid, file, now_ns);
}

void ExecCatcher::Keep(u32 pid, const ProgramFile& file, u64 now_ns) {
  if (files_ == nullptr || files_->Renew(pid, file.dev, file.ino, now_ns)) return;
  Fd held(open(ProcPath(pid, "exe").c_str(), O_PATH | O_CLOEXEC));
  FileSeen now;
  if (held && LookAt(held.get(), "", &now) && now.Is(file.dev, file.ino))
    files_->Keep(pid, file.dev, file.ino, std::move(held), now_ns);
}

const CaughtExec* ExecCatcher::Find(const PerfEvent& event) const {
  for (size_t index = 0; index < kCaughtMax; index++)
    if (pids_[index] == event.pid && caught_[index].at_ns == event.at_ns) return &caught_[index];
  return nullptr;
}

bool ExecCatcher::IsNearest(const PerfEvent& event, u64 at_ns) const {
  const auto apart = [at_ns](u64 other_ns) {
    return std::max(other_ns, at_ns) - std::min(other_ns, at_ns);
  };
  for (size_t index = 0; index < kCaughtMax; index++)
    if (pids_[index] == event.pid && apart(caught_[index].at_ns) < apart(event.at_ns)) return false;
  return true;
}

}  // namespace freshet
