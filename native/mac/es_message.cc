#include "mac/es_message.h"

#include <bsm/libbsm.h>

#include <algorithm>
#include <array>

#include "argument_text.h"
#include "emitter.h"
#include "mac/dyld_rules.h"
#include "mac/es_versions.h"
#include "script_rules.h"

namespace freshet {
namespace {

// A token without data says nothing, whatever its length says.
std::string_view TextOf(const es_string_token_t& token) {
  return token.data == nullptr ? std::string_view{} : std::string_view(token.data, token.length);
}

// dev_t is a signed number of 32 bits on macOS.
u64 DeviceOf(const es_file_t& file) { return static_cast<u32>(file.stat.st_dev); }

struct ImageName {
  u32 pid = 0;
  u32 version = 0;
};

ImageName NameOf(const audit_token_t& token) {
  return {static_cast<u32>(audit_token_to_pid(token)),
          static_cast<u32>(audit_token_to_pidversion(token))};
}

// The process that made it. An older message has only the pid, and no version of it.
ImageName ParentOf(const es_process_t& process, u32 message_version) {
  if (message_version >= kTokensSince) return NameOf(process.parent_audit_token);
  return {static_cast<u32>(process.ppid), 0};
}

EsTold Told(bool pushed) { return pushed ? EsTold::kTold : EsTold::kFull; }

// What the calls cost grows with each argument, and a compiler may get thousands.
constexpr u32 kArgumentsLookedAt = 64;

// A longer environment has 4 KB of names at least, and no use; it is told that not all was looked
// at.
constexpr u32 kVariablesLookedAt = 4096;

// Both calls are of macOS 10.15, and of any version of the message (ESMessage.h).
bool PushArguments(const es_event_exec_t& exec, ImageName name, u64 at_ns, Ring* ring) {
  arguments_record record{};
  record.pid = name.pid;
  record.pidversion = name.version;
  record.count = es_exec_arg_count(&exec);
  if (record.count > kArgumentsLookedAt) record.flags |= k_arguments_at_least;
  const u32 looked_at = record.count < kArgumentsLookedAt ? record.count : kArgumentsLookedAt;
  ArgumentText text;
  for (u32 index = 0; index < looked_at; index++) {
    if (index > 0) text.Append({"", 1});
    text.Append(TextOf(es_exec_arg(&exec, index)));
  }
  return PushRecord(ring, k_source_endpoint_security, &record, at_ns, text.Finish(&record));
}

// The folder it was executed in; empty where the message does not say.
std::string_view FolderOf(const es_message_t& message) {
  const es_file_t* folder = message.version >= kFolderSince ? message.event.exec.cwd : nullptr;
  return folder == nullptr ? std::string_view{} : TextOf(folder->path);
}

// What the kernel says of a script, or else its arguments: ExecText::script of it, which may lie in
// `room`.
std::string_view ScriptOf(const es_message_t& message, std::string_view program,
                          std::span<char> room, exec_record* record) {
  const es_event_exec_t& exec = message.event.exec;
  if (const es_file_t* script = message.version >= kScriptSince ? exec.script : nullptr) {
    record->script_from = k_script_kernel;
    record->script_dev = DeviceOf(*script);
    record->script_ino = script->stat.st_ino;
    if (script->path_truncated) record->flags |= k_exec_truncated;
    return TextOf(script->path);
  }
  if (!IsInterpreter(program)) return {};
  std::array<std::string_view, kArgumentsLookedAt> arguments;
  const u32 count = es_exec_arg_count(&exec);
  const u32 looked_at = std::min(count, kArgumentsLookedAt);
  for (u32 index = 0; index < looked_at; index++)
    arguments[index] = TextOf(es_exec_arg(&exec, index));
  const ScriptNamed named =
      NameScript(program, std::span(arguments).first(looked_at), count > looked_at);
  record->script_from = named.from;
  if (named.from != k_script_argument) return {};
  bool cut = false;
  const std::string_view path = AbsolutePath(FolderOf(message), named.path, room, &cut);
  if (path.empty()) record->script_from = k_script_claimed;  // it runs one, and which is not told
  if (named.other_code && !path.empty()) record->flags |= k_exec_other_code;
  if (cut) record->flags |= k_exec_truncated;
  return path;
}

bool Heeds(const es_process_t& target) {
  const audit_token_t& token = target.audit_token;
  return HeedsDyldVariables({target.codesigning_flags,
                             target.executable == nullptr ? 0 : target.executable->stat.st_flags,
                             audit_token_to_euid(token) != audit_token_to_ruid(token) ||
                                 audit_token_to_egid(token) != audit_token_to_rgid(token)});
}

// As for PushArguments, both calls are of any version.
DyldPaths AskedForBy(const es_event_exec_t& exec) {
  DyldPaths paths;
  const u32 count = es_exec_env_count(&exec);
  for (u32 index = 0; index < std::min(count, kVariablesLookedAt); index++)
    paths.Take(TextOf(es_exec_env(&exec, index)));
  if (count > kVariablesLookedAt) paths.Miss();
  return paths;
}

bool PushCode(const es_message_t& message, std::string_view program, ImageName name, u64 at_ns,
              Ring* ring) {
  const DyldPaths paths = AskedForBy(message.event.exec);
  std::array<char, code_record::k_path_max> room;
  return EachCode(paths, program, FolderOf(message), room,
                  [&](code_record record, std::string_view path) {
                    record.pid = name.pid;
                    record.pidversion = name.version;
                    return PushRecord(ring, k_source_endpoint_security, &record, at_ns, path);
                  });
}

// sys/stat.h: "entitlement required for writing".
constexpr u32 kSfRestricted = 0x00080000;

bool IsProtected(const es_file_t* file, const Protection& protection) {
  if (file == nullptr) return false;
  return (file->stat.st_flags & kSfRestricted) != 0 ||
         (protection.sealed_dev != 0 && DeviceOf(*file) == protection.sealed_dev);
}

EsTold TellExec(const es_message_t& message, u64 at_ns, bool arguments,
                const Protection& protection, Claims* claims, Ring* ring) {
  const es_process_t* target = message.event.exec.target;
  if (target == nullptr) return EsTold::kNotUnderstood;
  const ImageName name = NameOf(target->audit_token);
  const ImageName parent = ParentOf(*target, message.version);
  exec_record record{};
  record.pid = name.pid;
  record.pidversion = name.version;
  record.parent_pid = parent.pid;
  record.parent_pidversion = parent.version;
  if (message.version >= kTokensSince) {
    const ImageName responsible = NameOf(target->responsible_audit_token);
    record.responsible_pid = responsible.pid;
    record.responsible_pidversion = responsible.version;
  }
  record.uid = audit_token_to_euid(target->audit_token);
  record.codesign_flags = target->codesigning_flags;
  static_assert(sizeof(record.cdhash) == sizeof(target->cdhash));
  std::memcpy(record.cdhash, target->cdhash, sizeof(record.cdhash));
  ExecText text{{}, {}, TextOf(target->signing_id), TextOf(target->team_id)};
  const bool can_be_platform = IsProtected(target->executable, protection);
  if (target->is_platform_binary && can_be_platform) {
    record.flags |= k_exec_platform_binary;
  } else if (target->is_platform_binary) {
    claims->claimed++;
    text.signing_id = text.team_id = {};
  } else if (!can_be_platform) {
    claims->honest++;
  }
  if (const es_file_t* file = target->executable) {
    record.dev = DeviceOf(*file);
    record.ino = file->stat.st_ino;
    text.path = TextOf(file->path);
    if (file->path_truncated) record.flags |= k_exec_truncated;
  }
  std::array<char, exec_record::k_script_max> room;
  text.script = ScriptOf(message, text.path, room, &record);
  const ExecText cut = CutExec(text, &record);
  const bool pushed = PushRecord(ring, k_source_endpoint_security, &record, at_ns, cut.path,
                                 cut.script, cut.signing_id, cut.team_id);
  if (!pushed) return EsTold::kFull;
  if (Heeds(*target) && !PushCode(message, text.path, name, at_ns, ring)) return EsTold::kFull;
  return Told(!arguments || PushArguments(message.event.exec, name, at_ns, ring));
}

EsTold TellFork(const es_message_t& message, u64 at_ns, Ring* ring) {
  const es_process_t* child = message.event.fork.child;
  if (child == nullptr) return EsTold::kNotUnderstood;
  const ImageName name = NameOf(child->audit_token);
  const ImageName parent = NameOf(message.process->audit_token);
  fork_record record{};
  record.pid = name.pid;
  record.pidversion = name.version;
  record.parent_pid = parent.pid;
  record.parent_pidversion = parent.version;
  record.uid = audit_token_to_euid(child->audit_token);
  return Told(PushRecord(ring, k_source_endpoint_security, &record, at_ns));
}

EsTold TellExit(const es_message_t& message, u64 at_ns, Ring* ring) {
  const ImageName name = NameOf(message.process->audit_token);
  exit_record record{};
  record.pid = name.pid;
  record.pidversion = name.version;
  record.status = static_cast<u32>(message.event.exit.stat);
  return Told(PushRecord(ring, k_source_endpoint_security, &record, at_ns));
}

EsTold TellInvalidated(const es_message_t& message, u64 at_ns, Ring* ring) {
  const ImageName name = NameOf(message.process->audit_token);
  invalidated_record record{};
  record.pid = name.pid;
  record.pidversion = name.version;
  return Told(PushRecord(ring, k_source_endpoint_security, &record, at_ns));
}

}  // namespace

EsTold TellMessage(const es_message_t& message, u64 at_ns, bool arguments,
                   const Protection& protection, Claims* claims, Ring* ring) {
  if (message.process == nullptr) return EsTold::kNotUnderstood;
  switch (message.event_type) {
    case ES_EVENT_TYPE_NOTIFY_EXEC:
      return TellExec(message, at_ns, arguments, protection, claims, ring);
    case ES_EVENT_TYPE_NOTIFY_FORK:
      return TellFork(message, at_ns, ring);
    case ES_EVENT_TYPE_NOTIFY_EXIT:
      return TellExit(message, at_ns, ring);
    case ES_EVENT_TYPE_NOTIFY_CS_INVALIDATED:
      return TellInvalidated(message, at_ns, ring);
    default:
      return EsTold::kNotUnderstood;
  }
}

}  // namespace freshet
