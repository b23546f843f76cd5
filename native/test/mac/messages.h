// Endpoint Security messages as the system hands them over, for tests: each struct is allocated
// only as far as its version reaches, and fields inside that came later are poisoned, so that
// AddressSanitizer stops whoever reads a field without looking at the version. Strings end without
// a zero behind them.
#ifndef FRESHET_TEST_MAC_MESSAGES_H_
#define FRESHET_TEST_MAC_MESSAGES_H_

#include <EndpointSecurity/EndpointSecurity.h>

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "record.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FRESHET_TEST_HAS_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(FRESHET_TEST_HAS_ASAN)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes) (static_cast<void>(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes) (static_cast<void>(address))
#endif

namespace freshet {

struct ProcessSpec {
  u32 pid = 0;
  u32 version = 0;
  u32 parent_pid = 0;
  u32 parent_version = 0;
  u32 responsible_pid = 0;
  u32 responsible_version = 0;
  u32 euid = 501;
  u32 ruid = 0;  // 0: as euid
  u32 file_flags = 0;
  u32 codesigning_flags = 0;
  bool is_platform = false;
  u8 cdhash_of = 0;  // what the hash's 20 bytes count up from
  std::string_view path = {};
  bool path_truncated = false;
  bool has_executable = true;
  std::string_view signing_id = {};
  std::string_view team_id = {};
};

struct FileSpec {
  std::string_view path = {};
  bool truncated = false;
};

// Owns what it makes until it is destroyed. Threads: one.
class MessageMaker {
 public:
  // The newest version whose fields the double knows.
  static constexpr u32 kNewest = 10;

  explicit MessageMaker(u32 version) : version_(version) {}
  MessageMaker(const MessageMaker&) = delete;
  MessageMaker& operator=(const MessageMaker&) = delete;
  ~MessageMaker() {
    for (const Block& block : blocks_) {
      ASAN_UNPOISON_MEMORY_REGION(block.memory, block.bytes);
      std::free(block.memory);
    }
  }

  es_string_token_t Text(std::string_view text) {
    if (text.empty()) return {0, nullptr};
    char* copy = static_cast<char*>(Allocate(text.size()));
    std::memcpy(copy, text.data(), text.size());
    return {text.size(), copy};
  }

  es_file_t* File(const FileSpec& spec) {
    auto* file = static_cast<es_file_t*>(Allocate(sizeof(es_file_t)));
    file->path = Text(spec.path);
    file->path_truncated = spec.truncated;
    file->stat.st_dev = 0x01000005;
    file->stat.st_ino = 0x0fffffff00000000 + spec.path.size();
    return file;
  }

  es_process_t* Process(const ProcessSpec& spec) {
    auto* process = static_cast<es_process_t*>(Allocate(ProcessBytes(version_)));
    process->audit_token = Token(spec.pid, spec.version, spec.euid);
    if (spec.ruid != 0) process->audit_token.val[3] = spec.ruid;
    process->ppid = static_cast<pid_t>(spec.parent_pid);
    process->codesigning_flags = spec.codesigning_flags;
    process->is_platform_binary = spec.is_platform;
    for (size_t index = 0; index < sizeof(process->cdhash); index++)
      process->cdhash[index] = static_cast<u8>(spec.cdhash_of + index);
    process->signing_id = Text(spec.signing_id);
    process->team_id = Text(spec.team_id);
    process->executable = spec.has_executable ? File({spec.path, spec.path_truncated}) : nullptr;
    if (spec.has_executable) process->executable->stat.st_flags = spec.file_flags;
    if (version_ >= 4) {
      process->responsible_audit_token =
          Token(spec.responsible_pid, spec.responsible_version, spec.euid);
      process->parent_audit_token = Token(spec.parent_pid, spec.parent_version, spec.euid);
    }
    return process;
  }

  // `seq_num` counts within the type, `global_seq_num` over all.
  es_message_t* Message(es_event_type_t type, es_process_t* process, u64 mach_time, u64 seq_num = 0,
                        u64 global_seq_num = 0) {
    auto* message = static_cast<es_message_t*>(Allocate(MessageBytes(version_)));
    message->version = version_;
    message->mach_time = mach_time;
    message->process = process;
    message->action_type = ES_ACTION_TYPE_NOTIFY;
    message->event_type = type;
    if (version_ >= 2)
      message->seq_num = seq_num;
    else
      ASAN_POISON_MEMORY_REGION(&message->seq_num, sizeof(message->seq_num));
    if (version_ >= 4) message->global_seq_num = global_seq_num;
    return message;
  }

  // What the exec was called with. Each string ends where its bytes end.
  const es_double_arguments* SetArguments(es_message_t* message,
                                          const std::vector<std::string_view>& arguments) {
    return message->event.exec.arguments = Texts(arguments);
  }
  const es_double_arguments* SetVariables(es_message_t* message,
                                          const std::vector<std::string_view>& variables) {
    return message->event.exec.variables = Texts(variables);
  }
  const es_double_arguments* Texts(const std::vector<std::string_view>& arguments) {
    auto* texts =
        static_cast<es_string_token_t*>(Allocate(arguments.size() * sizeof(es_string_token_t) + 1));
    for (size_t index = 0; index < arguments.size(); index++) texts[index] = Text(arguments[index]);
    auto* made = static_cast<es_double_arguments*>(Allocate(sizeof(es_double_arguments)));
    made->count = static_cast<u32>(arguments.size());
    made->texts = texts;
    return made;
  }

  // Makes `message` an exec of `target`. `script` and `folder` may be nullptr.
  void SetExec(es_message_t* message, es_process_t* target, es_file_t* script,
               es_file_t* folder = nullptr) {
    es_event_exec_t& exec = message->event.exec;
    exec.target = target;
    if (version_ < 7) ASAN_POISON_MEMORY_REGION(&exec.dyld_exec_path, sizeof(exec.dyld_exec_path));
    if (version_ >= 2)
      exec.script = script;
    else
      ASAN_POISON_MEMORY_REGION(&exec.script, sizeof(exec.script));
    if (version_ >= 3)
      exec.cwd = folder;
    else
      ASAN_POISON_MEMORY_REGION(&exec.cwd, sizeof(exec.cwd));
  }

 private:
  struct Block {
    void* memory;
    size_t bytes;
  };

  // Of a version that is not known yet there is more behind what is.
  static constexpr size_t kUnknownBytes = 64;

  static size_t ProcessBytes(u32 version) {
    if (version < 2) return offsetof(es_process_t, tty);
    if (version < 3) return offsetof(es_process_t, start_time);
    if (version < 4) return offsetof(es_process_t, responsible_audit_token);
    if (version < 10) return offsetof(es_process_t, cs_validation_category);
    return sizeof(es_process_t) + (version > kNewest ? kUnknownBytes : 0);
  }
  static size_t MessageBytes(u32 version) {
    if (version < 4) return offsetof(es_message_t, thread);
    return sizeof(es_message_t) + (version > kNewest ? kUnknownBytes : 0);
  }

  static audit_token_t Token(u32 pid, u32 version, u32 euid) {
    return {{euid, euid, 20, euid, 20, pid, 100'000, version}};
  }

  // Zeros where the system has zeros or anything: what the source reads is always set.
  void* Allocate(size_t bytes) {
    void* memory = std::calloc(1, bytes);
    blocks_.push_back({memory, bytes});
    return memory;
  }

  const u32 version_;
  std::vector<Block> blocks_;
};

}  // namespace freshet

#endif  // FRESHET_TEST_MAC_MESSAGES_H_
