// Endpoint Security messages of random content and version against a decoder that is plain to read,
// and what the handler may not do: allocate. `es_random [MESSAGES]`.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "check.h"
#include "emitter.h"
#include "mac/es_handler.h"
#include "messages.h"
#include "script_rules.h"

namespace {

thread_local freshet::u64 allocations = 0;

}  // namespace

void* operator new(size_t bytes) {
  allocations++;
  if (void* memory = std::malloc(bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace freshet {
namespace {

std::string Text(Random* random, size_t bytes_max) {
  // Mostly short, at times at or beyond the limit of a record; none at all too.
  const size_t lengths[] = {0,
                            1,
                            random->Below(60),
                            random->Below(60),
                            bytes_max - 1,
                            bytes_max,
                            bytes_max + 1 + random->Below(40)};
  std::string text(lengths[random->Below(7)], ' ');
  // Of characters of one, two and four bytes, also cut ones: the kernel promises no UTF-8.
  for (char& one : text) one = "a/\xc3\xa9\xf0\x9f\x92\xa7"[random->Below(8)];
  return text;
}

struct Content {
  u32 version;
  ProcessSpec process;
  std::string path, signing_id, team_id, script;
  bool has_script, script_truncated;
  bool has_null_team;  // a length, and nothing there
  std::string folder;
  std::vector<std::string> arguments;  // of one in four, which is an interpreter
  std::vector<std::string> variables;
};

// A word that some program or dyld might read something into, or none.
std::string Word(Random* random) {
  constexpr std::string_view kWords[] = {"-u",
                                         "-c",
                                         "-m",
                                         "-",
                                         "--",
                                         "send.py",
                                         "../x.py",
                                         "/opt/./a.py",
                                         "/dev/fd/3",
                                         "-W",
                                         "",
                                         "x//y/../../z",
                                         "@rpath/l",
                                         "@loader_path/l",
                                         "a:b::/usr/lib/c",
                                         "\xff\xf0"};
  return std::string(kWords[random->Below(16)]);
}

Content Any(Random* random) {
  Content content;
  content.version = static_cast<u32>(1 + random->Below(12));
  content.path = Text(random, exec_record::k_path_max);
  content.signing_id = Text(random, exec_record::k_signing_id_max);
  content.team_id = Text(random, exec_record::k_team_id_max);
  content.script = Text(random, exec_record::k_script_max);
  content.has_script = random->Below(3) == 0;
  content.script_truncated = random->Below(4) == 0;
  content.has_null_team = random->Below(8) == 0;
  content.folder = random->Below(5) == 0 ? Text(random, 1000) : "/Users/ada/work";
  if (random->Below(4) == 0) {
    content.path = "/opt/homebrew/bin/python3.13-with-a-name-that-no-string-holds-inside";
    if (random->Below(2) == 0) content.path = "/bin/zsh";
    for (u64 left = random->Below(80); left > 0; left--) content.arguments.push_back(Word(random));
    for (u64 left = random->Below(12); left > 0; left--)
      content.variables.push_back(
          std::string(random->Below(2) == 0 ? "DYLD_INSERT_LIBRARIES=" : "DYLD_LIBRARY_PATH=") +
          Word(random));
  }
  if (content.has_null_team) content.team_id.clear();
  ProcessSpec& process = content.process;
  for (u32* number : {&process.pid, &process.version, &process.parent_pid, &process.parent_version,
                      &process.responsible_pid, &process.responsible_version, &process.euid,
                      &process.codesigning_flags})
    *number = static_cast<u32>(random->Next());
  process.is_platform = random->Below(2) == 0;
  process.cdhash_of = static_cast<u8>(random->Next());
  process.path_truncated = random->Below(4) == 0;
  process.has_executable = random->Below(8) != 0;
  process.ruid = random->Below(4) == 0 ? 1 : 0;
  process.file_flags = random->Below(4) == 0 ? 0x80020 : 0x20;
  return content;
}

// The code records of an exec of `content`, likewise.
std::string ExpectedCode(const Content& content) {
  const ProcessSpec& process = content.process;
  const bool is_protected = process.has_executable && (process.file_flags & 0x80000) != 0;
  const bool is_setuid = process.ruid != 0 && process.ruid != process.euid;
  if ((process.codesigning_flags & 0x2810) != 0 || is_protected || is_setuid) return "";
  const std::string program = process.has_executable ? content.path : "";
  const std::string folder = content.version >= 3 ? content.folder : "";
  std::vector<std::string> given, paths;
  for (const std::string& variable : content.variables) {
    const bool is_folder = variable.find("LIBRARY_PATH") != std::string::npos;
    std::string value = variable.substr(variable.find('=') + 1) + ":";
    for (size_t end; (end = value.find(':')) != std::string::npos; value.erase(0, end + 1)) {
      const std::string one = value.substr(0, end);
      const std::string key = one + (is_folder ? "/" : "");
      if (one.empty() || std::find(given.begin(), given.end(), key) != given.end()) continue;
      given.push_back(key);
      std::string path =
          one.starts_with("@loader_path")
              ? AbsolutePath(program.substr(0, program.rfind('/') + 1), one.substr(13))
          : one.starts_with('@') ? ""
                                 : AbsolutePath(folder, one);
      if (path.empty()) path = one;
      if (is_folder && path.back() != '/') path += '/';
      const bool is_protected_place = path.starts_with("/bin/") || path.starts_with("/usr/lib/");
      paths.push_back(is_protected_place ? "" : path);
    }
  }
  std::string bytes;
  for (size_t index = 0; index < std::min<size_t>(paths.size(), 8); index++) {
    if (paths[index].empty()) continue;
    code_record record{};
    record.flags = k_code_asked_for | (paths.size() > 8 ? k_code_more : 0);
    record.pid = process.pid;
    record.pidversion = process.version;
    record.owner_uid = UINT32_MAX;
    record.path_bytes = static_cast<u16>(paths[index].size());
    record.header.type = code_record::kType;
    record.header.source = k_source_endpoint_security;
    record.header.size = static_cast<u32>((sizeof(record) + paths[index].size() + 7) / 8 * 8);
    std::string one(reinterpret_cast<const char*>(&record), sizeof(record));
    one += paths[index];
    one.resize(record.header.size);
    bytes += one;
  }
  return bytes;
}

// The record of an exec of `content`, written down a second way: its fixed part and its strings.
std::string Expected(const Content& content, u64 ino) {
  const ProcessSpec& process = content.process;
  const bool has_script = content.version >= 2 && content.has_script;
  exec_record record{};
  record.pid = process.pid;
  record.pidversion = process.version;
  record.parent_pid = process.parent_pid;
  if (content.version >= 4) {
    record.parent_pidversion = process.parent_version;
    record.responsible_pid = process.responsible_pid;
    record.responsible_pidversion = process.responsible_version;
  }
  record.uid = process.euid;
  record.codesign_flags = process.codesigning_flags;
  for (size_t index = 0; index < 20; index++)
    record.cdhash[index] = static_cast<u8>(process.cdhash_of + index);
  bool cut = (process.has_executable && process.path_truncated) ||
             (has_script && content.script_truncated);
  std::string script = has_script ? content.script : "";
  if (has_script) {
    record.script_from = k_script_kernel;
    record.script_dev = 0x01000005;
    record.script_ino = 0x0fffffff00000000 + content.script.size();
  } else if (process.has_executable) {
    // As the longer form has them, with memory of its own.
    std::string joined;
    for (size_t index = 0; index < std::min<size_t>(content.arguments.size(), 64); index++)
      joined += content.arguments[index] + std::string(1, '\0');
    const ScriptNamed named = NameScript(content.path, joined, content.arguments.size() > 64);
    record.script_from = named.from;
    if (named.from == k_script_argument)
      script = AbsolutePath(content.version >= 3 ? content.folder : "", named.path);
    if (named.from == k_script_argument && script.empty()) record.script_from = k_script_claimed;
  }
  std::string strings;
  const auto add = [&](std::string text, size_t bytes_max, u16* bytes) {
    if (text.size() > bytes_max) {
      cut = true;
      text.resize(CutText(text, bytes_max).size());
    }
    *bytes = static_cast<u16>(text.size());
    strings += text;
  };
  add(process.has_executable ? content.path : "", exec_record::k_path_max, &record.path_bytes);
  add(script, exec_record::k_script_max, &record.script_bytes);
  // What nobody protects is no platform binary, and what is said of its signature not believed.
  const bool is_kept = process.has_executable && (process.file_flags & 0x80000) != 0;
  const bool is_believed = is_kept || !process.is_platform;
  add(is_believed ? content.signing_id : "", exec_record::k_signing_id_max,
      &record.signing_id_bytes);
  add(is_believed ? content.team_id : "", exec_record::k_team_id_max, &record.team_id_bytes);
  if (process.has_executable) {
    record.dev = 0x01000005;
    record.ino = ino;
  }
  if (process.is_platform && is_kept) record.flags |= k_exec_platform_binary;
  if (cut) record.flags |= k_exec_truncated;
  record.header.type = exec_record::kType;
  record.header.source = k_source_endpoint_security;
  record.header.size = static_cast<u32>((sizeof(record) + strings.size() + 7) / 8 * 8);
  std::string bytes(reinterpret_cast<const char*>(&record), sizeof(record));
  bytes += strings;
  bytes.resize(record.header.size);
  return bytes;
}

void DecodesWhatever(u64 messages, u64 seed) {
  Random random(seed);
  EsHandler handler(1 << 16, std::make_shared<Bell>());
  std::vector<std::byte> into(1 << 16);
  u64 told_code = 0;
  for (u64 index = 0; index < messages; index++) {
    Content content = Any(&random);
    content.process.path = content.path;
    content.process.signing_id = content.signing_id;
    content.process.team_id = content.team_id;
    MessageMaker make(content.version);
    es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 0);
    es_process_t* target = make.Process(content.process);
    if (content.has_null_team) target->team_id = {9, nullptr};
    make.SetExec(
        message, target,
        content.has_script ? make.File({content.script, content.script_truncated}) : nullptr,
        make.File({content.folder}));
    make.SetArguments(message, {content.arguments.begin(), content.arguments.end()});
    make.SetVariables(message, {content.variables.begin(), content.variables.end()});
    const u64 before = allocations;
    handler.Handle(*message);
    CHECK(allocations == before);
    const size_t copied = handler.Drain(into);
    for (size_t at = 0; at < copied;) {
      Header header;
      std::memcpy(&header, &into[at], sizeof(header));
      header.at_ns = 0;  // when it was
      std::memcpy(&into[at], &header, sizeof(header));
      at += header.size;
    }
    const std::string expected =
        Expected(content, target->executable == nullptr ? 0 : target->executable->stat.st_ino) +
        ExpectedCode(content);
    told_code += ExpectedCode(content).empty() ? 0 : 1;
    CHECK(copied == expected.size());
    CHECK(std::memcmp(into.data(), expected.data(), copied) == 0);
  }
  CHECK(handler.losses().kernel_events + handler.losses().malformed == 0);
  CHECK(told_code > messages / 1'000);
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  const freshet::u64 messages = count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 20'000;
  DecodesWhatever(messages, 1);
  std::puts("es random: ok");
}
