#include "mac/running.h"

#include <errno.h>
#include <time.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "boot_clock.h"
#include "mac/dyld_rules.h"
#include "script_rules.h"

namespace freshet {
namespace {

// kern.maxproc of the largest Macs is below.
constexpr size_t kPidsMax = 65536;
// Programs that one process may run while it is looked at, before it is left to its events.
constexpr int kLooksMax = 3;
constexpr size_t kBlobHeadBytes = 8;
// Longest signing identifier that a record holds, with the head and the NUL.
constexpr size_t kBlobBytes = kBlobHeadBytes + exec_record::k_signing_id_max + 1;
// One that is longer is asked for again with as much room as it says, and cut by the record.
constexpr size_t kBlobBytesMax = 64 * 1024;
constexpr u32 kCsPlatformBinary = 0x4000000;  // xnu osfmk/kern/cs_blobs.h CS_PLATFORM_BINARY

u32 BigEndian(std::span<const u8> bytes) {
  return u32{bytes[0]} << 24 | u32{bytes[1]} << 16 | u32{bytes[2]} << 8 | bytes[3];
}

// Whether errno is the answer for this code rather than the want of one. EINVAL: it is not validly
// signed (identity and team), ENOENT: it has none of this kind, ESRCH: it is not this image any
// more, which the second token shows.
bool IsAnAnswer(int error) {
  return error == 0 || error == EINVAL || error == ENOENT || error == ESRCH;
}

int ReadText(RunningApi* api, const ProcessToken& token, CodeSignOp op, std::string* text) {
  std::vector<u8> blob(kBlobBytes);
  int error = api->CodeSign(token, op, blob);
  if (error == ERANGE) {
    // The head alone was written: it says how much there is.
    const size_t whole = BigEndian(std::span(blob).subspan(4, 4));
    if (whole <= blob.size() || whole > kBlobBytesMax) return EINVAL;
    blob.assign(whole, 0);
    error = api->CodeSign(token, op, blob);
  }
  if (error == 0) *text = BlobText(blob);
  return error;
}

// What the kernel holds of the image's signature; where it will not say, what SecCode does.
RunningSignature Signature(RunningApi* api, const ProcessToken& token) {
  RunningSignature signature;
  std::array<u8, 4> flags{};
  int errors[] = {api->CodeSign(token, CodeSignOp::kStatus, flags),
                  api->CodeSign(token, CodeSignOp::kCdhash, signature.cdhash),
                  ReadText(api, token, CodeSignOp::kIdentity, &signature.signing_id),
                  ReadText(api, token, CodeSignOp::kTeamId, &signature.team_id)};
  std::memcpy(&signature.codesign_flags, flags.data(), flags.size());
  if (std::all_of(std::begin(errors), std::end(errors), IsAnAnswer)) return signature;
  RunningSignature fallback;
  return api->SignatureOf(token, &fallback) ? fallback : signature;
}

// Names a process by its pid as it is now: what refers to it, its parent's pidversion, is not kept
// by the system.
class Names {
 public:
  explicit Names(RunningApi* api) : api_(api) {}
  u32 PidversionOf(u32 pid) {
    if (pid == 0) return 0;
    const auto [found, added] = known_.try_emplace(pid, 0);
    ProcessToken token;
    if (added && api_->TokenOf(pid, &token)) found->second = token.pidversion;
    return found->second;
  }

 private:
  RunningApi* const api_;
  std::map<u32, u32> known_;
};

u64 NowUnixNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

struct Look {
  exec_record record{};
  std::string path;
  std::string script;
  RunningSignature signature;
  std::vector<std::pair<code_record, std::string>> code;
};

// What its arguments name, where it is an interpreter.
void LookAtScript(RunningApi* api, const ProcessToken& token, std::string_view arguments,
                  Look* look) {
  const ScriptNamed named = NameScript(look->path, arguments, false);
  look->record.script_from = named.from;
  if (named.from != k_script_argument) return;
  look->script = AbsolutePath(api->FolderOf(token), named.path);
  look->record.script_from = k_script_claimed;
  if (named.other_code && !look->script.empty()) look->record.flags |= k_exec_other_code;
}

// What its environment asked dyld for.
void LookAtCode(RunningApi* api, const ProcessToken& token, std::string_view variables,
                Look* look) {
  DyldPaths paths;
  while (!variables.empty()) {
    const size_t end = std::min(variables.find('\0'), variables.size());
    paths.Take(variables.substr(0, end));
    variables.remove_prefix(std::min(end + 1, variables.size()));
  }
  if (paths.empty()) return;
  std::array<char, code_record::k_path_max> room;
  EachCode(paths, look->path, api->FolderOf(token), room,
           [&](code_record record, std::string_view path) {
             record.pid = token.pid;
             record.pidversion = token.pidversion;
             record.flags |= k_code_enumerated;
             look->code.emplace_back(record, path);
             return true;
           });
}

Look LookAt(RunningApi* api, const ProcessToken& token, Names* names) {
  Look look;
  exec_record& record = look.record;
  record.flags = k_exec_enumerated;
  if (const u64 started = api->StartedUnixNs(token); started != 0)
    record.header.at_ns = SinceBootOf(started, NowUnixNs(), SinceBootNs());
  record.pid = token.pid;
  record.pidversion = token.pidversion;
  record.uid = token.euid;
  record.parent_pid = api->ParentOf(token);
  record.parent_pidversion = names->PidversionOf(record.parent_pid);
  record.responsible_pid = api->ResponsibleFor(token.pid);
  record.responsible_pidversion = record.responsible_pid == token.pid
                                      ? token.pidversion
                                      : names->PidversionOf(record.responsible_pid);
  // One that has ended cannot be named any more; who its parents are tells then whom it acts for.
  if (record.responsible_pidversion == 0) record.responsible_pid = 0;
  look.path = api->PathOf(token);
  ProgramFile file;
  if (!look.path.empty() && !api->FileOf(token, look.path, &file)) file = {};
  record.dev = file.dev;
  record.ino = file.ino;
  look.signature = Signature(api, token);
  record.codesign_flags = look.signature.codesign_flags;
  if ((record.codesign_flags & kCsPlatformBinary) != 0) record.flags |= k_exec_platform_binary;
  std::copy(look.signature.cdhash.begin(), look.signature.cdhash.end(), record.cdhash);
  const bool runs_scripts = IsInterpreter(look.path);
  const bool heeds_dyld =
      HeedsDyldVariables({record.codesign_flags, file.flags, token.changed_user});
  if (!runs_scripts && !heeds_dyld) return look;
  const std::string bytes = api->CallOf(token);
  const ProcessCall call = ReadCall(bytes);
  if (runs_scripts) LookAtScript(api, token, call.arguments, &look);
  if (heeds_dyld) LookAtCode(api, token, call.variables, &look);
  return look;
}

LookedAt TellNamed(RunningApi* api, u32 pid, Names* names, const IsTold& is_told,
                   const TellExec& tell, const TellCode& tell_code) {
  ProcessToken token;
  if (!api->TokenOf(pid, &token)) return LookedAt::kVanished;
  for (int looks = 0; looks < kLooksMax; looks++) {
    if (is_told(pid, token.pidversion)) return LookedAt::kAlreadyTold;
    const Look look = LookAt(api, token, names);
    ProcessToken now;
    if (!api->TokenOf(pid, &now)) return LookedAt::kVanished;
    if (now.pidversion != token.pidversion) {
      token = now;
      continue;
    }
    // It may have been told while it was looked at.
    if (is_told(pid, token.pidversion)) return LookedAt::kAlreadyTold;
    tell(look.record, {look.path, look.script, look.signature.signing_id, look.signature.team_id});
    for (const auto& [code, path] : look.code) tell_code(code, path);
    return LookedAt::kTold;
  }
  return LookedAt::kUnsettled;
}

size_t RunningCounts::* CountOf(LookedAt looked) {
  switch (looked) {
    case LookedAt::kTold:
      return &RunningCounts::told;
    case LookedAt::kAlreadyTold:
      return &RunningCounts::already_told;
    case LookedAt::kVanished:
      return &RunningCounts::vanished;
    case LookedAt::kUnsettled:
      return &RunningCounts::unsettled;
  }
  return &RunningCounts::unsettled;
}

}  // namespace

std::string_view BlobText(std::span<const u8> blob) {
  if (blob.size() < kBlobHeadBytes) return {};
  const size_t whole = BigEndian(blob.subspan(4, 4));
  if (whole < kBlobHeadBytes || whole > blob.size()) return {};
  const std::string_view text(reinterpret_cast<const char*>(blob.data()) + kBlobHeadBytes,
                              whole - kBlobHeadBytes);
  return text.substr(0, text.find('\0'));
}

ProcessCall ReadCall(std::string_view bytes) {
  u32 count = 0;
  if (bytes.size() < sizeof(count)) return {};
  std::memcpy(&count, bytes.data(), sizeof(count));
  bytes.remove_prefix(sizeof(count));
  bytes.remove_prefix(std::min(bytes.find('\0'), bytes.size()));
  bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
  size_t end = 0;
  for (u32 index = 0; index < count && end < bytes.size(); index++)
    end = std::min(bytes.find('\0', end), bytes.size() - 1) + 1;
  return {bytes.substr(0, end), bytes.substr(end)};
}

RunningCounts TellRunning(RunningApi* api, const IsTold& is_told, const TellExec& tell,
                          const TellCode& tell_code) {
  RunningCounts counts;
  std::vector<u32> pids;
  counts.error = api->ListPids(kPidsMax, &pids);
  if (counts.error != 0) return counts;
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  Names names(api);
  for (const u32 pid : pids)
    if (pid != 0)  // 0: the kernel itself
      counts.*CountOf(TellNamed(api, pid, &names, is_told, tell, tell_code)) += 1;
  return counts;
}

LookedAt TellOne(RunningApi* api, u32 pid, const IsTold& is_told, const TellExec& tell,
                 const TellCode& tell_code) {
  Names names(api);
  return TellNamed(api, pid, &names, is_told, tell, tell_code);
}

u64 SinceBootOf(u64 unix_ns, u64 now_unix_ns, u64 now_ns) {
  if (unix_ns > now_unix_ns) return 0;
  const u64 ago_ns = now_unix_ns - unix_ns;
  return ago_ns < now_ns ? now_ns - ago_ns : 0;
}

}  // namespace freshet
