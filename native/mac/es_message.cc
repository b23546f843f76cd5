#include "mac/es_message.h"

#include <bsm/libbsm.h>

#include "argument_text.h"
#include "emitter.h"
#include "mac/es_versions.h"

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

EsTold TellExec(const es_message_t& message, u64 at_ns, bool arguments, Ring* ring) {
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
  if (target->is_platform_binary) record.flags |= k_exec_platform_binary;

  ExecText text{{}, {}, TextOf(target->signing_id), TextOf(target->team_id)};
  if (const es_file_t* file = target->executable) {
    record.dev = DeviceOf(*file);
    record.ino = file->stat.st_ino;
    text.path = TextOf(file->path);
    if (file->path_truncated) record.flags |= k_exec_truncated;
  }
  if (message.version >= kScriptSince) {
    if (const es_file_t* script = message.event.exec.script) {
      text.script = TextOf(script->path);
      if (script->path_truncated) record.flags |= k_exec_truncated;
    }
  }
  const ExecText cut = CutExec(text, &record);
  const bool pushed = PushRecord(ring, k_source_endpoint_security, &record, at_ns, cut.path,
                                 cut.script, cut.signing_id, cut.team_id);
  if (!pushed || !arguments) return Told(pushed);
  return Told(PushArguments(message.event.exec, name, at_ns, ring));
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

EsTold TellMessage(const es_message_t& message, u64 at_ns, bool arguments, Ring* ring) {
  if (message.process == nullptr) return EsTold::kNotUnderstood;
  switch (message.event_type) {
    case ES_EVENT_TYPE_NOTIFY_EXEC:
      return TellExec(message, at_ns, arguments, ring);
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
