// The arguments of an exec message: told where that is asked for, as far as a record has room, and
// not so much as looked at where it is not.
#include <string>
#include <vector>

#include "check.h"
#include "double.h"
#include "mac/es_handler.h"
#include "messages.h"

namespace freshet {
namespace {

using Texts = std::vector<std::string_view>;

struct ToldExec {
  exec_record record{};
  std::string script;
  std::vector<std::pair<code_record, std::string>> code;
  u32 asked = 0;            // calls of Apple's, of arguments
  u32 asked_variables = 0;  // and of the environment
};

struct Setting {
  ProcessSpec program = {.pid = 70, .version = 9, .path = "/usr/local/bin/python3.13"};
  Texts arguments = {};
  Texts variables = {};
  std::string_view folder = "/Users/ada/work";
  std::string_view script = {};  // the kernel's
  u32 version = MessageMaker::kNewest;
};

// What a handler makes of it when nobody asked for arguments.
ToldExec TellOf(const Setting& setting) {
  MessageMaker make(setting.version);
  EsHandler handler(1 << 17, std::make_shared<Bell>());
  es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
  es_file_t* script = setting.script.empty() ? nullptr : make.File({setting.script});
  es_file_t* folder = setting.folder.empty() ? nullptr : make.File({setting.folder});
  make.SetExec(message, make.Process(setting.program), script, folder);
  const es_double_arguments* arguments = make.SetArguments(message, setting.arguments);
  const es_double_arguments* variables = make.SetVariables(message, setting.variables);
  handler.Handle(*message);
  CHECK(handler.losses().handover_full == 0);
  std::vector<std::byte> into(1 << 17);
  const size_t copied = handler.Drain(into);
  ToldExec told;
  told.asked = arguments->asked;
  told.asked_variables = variables->asked;
  std::memcpy(&told.record, into.data(), sizeof(told.record));
  const char* strings = reinterpret_cast<const char*>(into.data()) + sizeof(told.record);
  told.script.assign(strings + told.record.path_bytes, told.record.script_bytes);
  for (size_t at = told.record.header.size; at < copied;) {
    code_record code;
    std::memcpy(&code, &into[at], sizeof(code));
    CHECK(code.header.type == code_record::kType && code.pid == 70 && code.pidversion == 9);
    CHECK(code.header.at_ns == told.record.header.at_ns);
    told.code.emplace_back(
        code,
        std::string(reinterpret_cast<const char*>(&into[at + sizeof(code)]), code.path_bytes));
    at += code.header.size;
  }
  return told;
}

// Of the arguments an interpreter's script is told, and nothing else of them.
void TellsWhichScriptRuns() {
  ToldExec told = TellOf({.arguments = {"python3", "-u", "../send.py", "--token=geheim"}});
  CHECK(told.record.script_from == k_script_argument && told.script == "/Users/ada/send.py");
  CHECK(told.record.script_dev == 0 && told.record.script_ino == 0);
  CHECK(told.record.header.size ==
        RecordSize<exec_record>(told.record.path_bytes + told.script.size()));
  told = TellOf({.arguments = {"python3", "/opt/a.py"}, .folder = {}});
  CHECK(told.script == "/opt/a.py");
  for (const auto& [arguments, from] :
       std::vector<std::pair<Texts, u32>>{{{"python3", "-c", "print(1)"}, k_script_inline},
                                          {{"python3", "-m", "http.server"}, k_script_module},
                                          {{"python3"}, k_script_standard_input},
                                          {{"python3", "/dev/fd/3"}, k_script_none},
                                          {{}, k_script_none}}) {
    told = TellOf({.arguments = arguments});
    CHECK(told.record.script_from == from && told.script.empty());
  }
  // Code that they bring beside it is told as that, and its name is not.
  told = TellOf({.arguments = {"python3", "-Xpycache_prefix=/geheim", "a.py"}});
  CHECK(told.record.flags == k_exec_other_code && told.script == "/Users/ada/work/a.py");
  told = TellOf({.arguments = {"python3", "a.py", "-i"}});
  CHECK(told.record.flags == 0 && told.script == "/Users/ada/work/a.py");
  // A relative path, and nothing says from where.
  told = TellOf({.arguments = {"python3", "a.py"}, .folder = {}});
  CHECK(told.record.script_from == k_script_claimed && told.script.empty());
  told = TellOf({.arguments = {"python3", "a.py"}, .version = 2});
  CHECK(told.record.script_from == k_script_claimed && told.script.empty());
}

// env -S and its like are execs of their own: first of env, by the kernel's script, then of what it
// runs, by its arguments.
void TheKernelsScriptComesFirst() {
  const ToldExec told = TellOf({.program = {.pid = 70, .version = 9, .path = "/usr/bin/env"},
                                .arguments = {"env", "-S", "python3 -u", "/Users/ada/x"},
                                .script = "/Users/ada/x"});
  CHECK(told.record.script_from == k_script_kernel && told.script == "/Users/ada/x");
  CHECK(told.record.script_dev == 0x01000005 && told.record.script_ino != 0);
  CHECK(told.asked == 0);
}

void LooksAtFewArgumentsOfInterpretersAlone() {
  CHECK(TellOf({.program = {.pid = 70, .version = 9, .path = "/usr/bin/curl"},
                .arguments = {"curl", "/a.py"}})
            .asked == 0);
  Texts many(5'000, "-u");
  many.front() = "python3";
  many.back() = "/a.py";
  const ToldExec told = TellOf({.arguments = many});
  CHECK(told.asked == 1 + 64 && told.record.script_from == k_script_claimed);
}

// A path that the record has no room for is said to be cut, and overruns nothing.
void CutsPathsThatAreTooLong() {
  const std::string folder = "/" + std::string(4'090, 'f');
  for (const size_t bytes : {size_t{1}, size_t{4}, size_t{5}, size_t{6}, size_t{9'000}}) {
    const std::string script = std::string(bytes, 's');
    const ToldExec told =
        TellOf({.arguments = {"python3", script},
                .variables = {"DYLD_LIBRARY_PATH=d", "DYLD_INSERT_LIBRARIES=lib.dylib"},
                .folder = folder});
    const bool is_cut = folder.size() + 1 + bytes > exec_record::k_script_max;
    CHECK(((told.record.flags & k_exec_truncated) != 0) == is_cut);
    CHECK(told.script.size() == (is_cut ? exec_record::k_script_max : folder.size() + 1 + bytes));
    CHECK(told.code.size() == 2 && told.code[0].second == folder + "/d/");
    CHECK(told.code[1].second.size() == code_record::k_path_max);
    CHECK((told.code[1].first.flags & k_code_more) != 0);
  }
}

constexpr u32 kAskedFor = k_code_asked_for;

// Libraries that an environment asks dyld for, and folders it is to look in first.
void TellsCodeThatWasAskedFor() {
  ToldExec told =
      TellOf({.variables = {"HOME=/Users/ada",
                            "DYLD_INSERT_LIBRARIES=/tmp/x.dylib::../y.dylib:/tmp/x.dylib",
                            "TOKEN=geheim", "DYLD_LIBRARY_PATH=/opt/l/:@executable_path/l",
                            "DYLD_INSERT_LIBRARIES=@rpath/z.dylib", "DYLD_PRINT_LIBRARIES=1",
                            "DYLD_FALLBACK_LIBRARY_PATH=/usr/local/lib"}});
  const std::vector<std::string> wanted = {"/tmp/x.dylib", "/Users/ada/y.dylib", "/opt/l/",
                                           "/usr/local/bin/l/", "@rpath/z.dylib"};
  CHECK(told.code.size() == wanted.size());
  for (size_t index = 0; index < wanted.size(); index++) {
    CHECK(told.code[index].second == wanted[index]);
    CHECK(told.code[index].first.flags == kAskedFor);
    CHECK(told.code[index].first.owner_uid == UINT32_MAX && told.code[index].first.ino == 0);
  }
  told = TellOf({.variables = {"DYLD_INSERT_LIBRARIES=a:b:c:d:e:f:g:h:i"}});
  CHECK(told.code.size() == 8);
  for (const auto& [code, path] : told.code) CHECK(code.flags == (kAskedFor | k_code_more));
  // What nobody can change is nobody's code.
  told =
      TellOf({.variables = {"DYLD_INSERT_LIBRARIES=/usr/lib/a:/System/Library/b:/usr/local/lib/c:"
                            "/usr/lib/../local/lib/d:/System/Volumes/Data/e:/usr/libx",
                            "DYLD_LIBRARY_PATH=/usr/lib"}});
  CHECK(told.code.size() == 3 && told.code[0].second == "/usr/local/lib/c");
  CHECK(told.code[1].second == "/usr/local/lib/d" &&
        told.code[2].second == "/System/Volumes/Data/e");
}

void TellsNoneWhereDyldDoesNotHeedIt() {
  const Texts variables = {"DYLD_INSERT_LIBRARIES=/tmp/x.dylib"};
  const auto told_of = [&](ProcessSpec program) {
    program.pid = 70;
    program.version = 9;
    return TellOf({.program = program, .variables = variables});
  };
  // CS_RESTRICT, and library validation of either kind; SIP's file flag; setuid.
  for (const u32 flags : {0x800u, 0x2000u, 0x10u}) {
    const ToldExec told = told_of({.codesigning_flags = flags | 1, .path = "/x"});
    CHECK(told.code.empty() && told.asked_variables == 0);
  }
  CHECK(told_of({.file_flags = 0x80020, .path = "/bin/ls"}).code.empty());
  CHECK(told_of({.euid = 0, .ruid = 501, .path = "/x"}).code.empty());
  // A copy of the system's own file elsewhere is no protected file, though the kernel calls it one
  // of the platform's; nor is a hardened program that is entitled to load what it likes.
  CHECK(told_of({.is_platform = true, .path = "/tmp/ls"}).code.size() == 1);
  CHECK(told_of({.codesigning_flags = 0x10001, .path = "/x"}).code.size() == 1);
}

void SaysThatAnEnvironmentWasTooLong() {
  Texts many(4'096, "A=1");
  CHECK(TellOf({.variables = many}).code.empty());
  many.push_back("DYLD_INSERT_LIBRARIES=/tmp/x.dylib");
  ToldExec told = TellOf({.variables = many});
  CHECK(told.asked_variables == 1 + 4'096);
  CHECK(told.code.size() == 1 && told.code[0].second.empty());
  CHECK(told.code[0].first.flags == (kAskedFor | k_code_more));
  many[7] = "DYLD_INSERT_LIBRARIES=/tmp/y.dylib";
  told = TellOf({.variables = many});
  CHECK(told.code.size() == 1 && told.code[0].second == "/tmp/y.dylib");
  CHECK(told.code[0].first.flags == (kAskedFor | k_code_more));
}

struct Told {
  bool is_told = false;
  arguments_record record{};
  std::string text;
  u32 asked = 0;  // calls of Apple's
};

// What a handler makes of one exec with these arguments. Its exec record always comes first.
Told Tell(const Texts& arguments, bool asks, u32 version = MessageMaker::kNewest) {
  MessageMaker make(version);
  EsHandler handler(1 << 16, std::make_shared<Bell>(), asks);
  es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
  make.SetExec(message, make.Process({.pid = 70, .version = 9, .path = "/bin/x"}), nullptr);
  const es_double_arguments* given = make.SetArguments(message, arguments);
  handler.Handle(*message);
  std::vector<std::byte> into(1 << 16);
  const size_t copied = handler.Drain(into);
  Header head;
  std::memcpy(&head, into.data(), sizeof(head));
  CHECK(head.type == exec_record::kType && head.size <= copied);
  Told told;
  told.asked = given->asked;
  if (copied == head.size) return told;
  told.is_told = true;
  std::memcpy(&told.record, &into[head.size], sizeof(told.record));
  const arguments_record& record = told.record;
  CHECK(record.header.type == arguments_record::kType);
  CHECK(record.header.source == k_source_endpoint_security);
  CHECK(record.header.at_ns == head.at_ns);
  CHECK(record.header.size == copied - head.size);
  CHECK(record.header.size == RecordSize<arguments_record>(record.text_bytes));
  CHECK(record.pid == 70 && record.pidversion == 9 && record.reserved == 0);
  told.text.assign(reinterpret_cast<const char*>(&into[head.size + sizeof(record)]),
                   record.text_bytes);
  return told;
}

std::string Joined(const Texts& arguments) {
  std::string text;
  for (size_t index = 0; index < arguments.size(); index++)
    text.append(index == 0 ? "" : std::string(1, '\0')).append(arguments[index]);
  return text;
}

void LooksAtNoneUnasked() {
  const Told told = Tell({"curl", "-u", "ana:secret"}, false);
  CHECK(!told.is_told && told.asked == 0);
}

void TellsThemOfEveryVersion() {
  const Texts arguments{"curl", "", "https://example.org/?q=größe", "-T", "file"};
  for (const u32 version : {1u, 2u, 4u, 8u, MessageMaker::kNewest, 99u}) {
    const Told told = Tell(arguments, true, version);
    CHECK(told.is_told && told.text == Joined(arguments));
    CHECK(told.record.count == 5 && told.record.left_out_bytes == 0 && told.record.flags == 0);
  }
}

void TellsThatThereAreNone() {
  const Told none = Tell({}, true);
  CHECK(none.is_told && none.record.count == 0 && none.text.empty() && none.record.flags == 0);
  const Told one_without_text = Tell({""}, true);
  CHECK(one_without_text.record.count == 1 && one_without_text.text.empty());
}

void CutsWhatIsTooLong() {
  constexpr size_t kMax = arguments_record::k_text_max;
  const std::string fits(kMax - 2, 'a');
  CHECK(Tell({"x", fits}, true).text.size() == kMax);
  CHECK(Tell({"x", fits}, true).record.left_out_bytes == 0);
  const std::string one_more = fits + "a";
  CHECK(Tell({"x", one_more}, true).text.size() == kMax);
  CHECK(Tell({"x", one_more}, true).record.left_out_bytes == 1);
  // What has no room at all is counted with the NULs before it.
  const Told told = Tell({"x", one_more, "abc", ""}, true);
  CHECK(told.record.count == 4 && told.record.left_out_bytes == 1 + 4 + 1);
  CHECK(told.record.flags == 0);
  const std::string huge(1 << 20, 'h');
  CHECK(Tell({huge}, true).record.left_out_bytes == huge.size() - kMax);
}

void CutsBetweenCharacters() {
  constexpr size_t kMax = arguments_record::k_text_max;
  for (const std::string_view character : {"é", "€", "💧"})
    for (size_t inside = 1; inside < character.size(); inside++) {
      const std::string before(kMax - inside, 'a');
      const std::string whole = before + std::string(character) + "b";
      const Told told = Tell({whole}, true);
      CHECK(told.text == before);
      CHECK(told.record.left_out_bytes == character.size() + 1);
    }
  // What is no UTF-8 is passed on, and cut where the room ends.
  const std::string noise(kMax + 9, '\x80');
  const Told told = Tell({noise}, true);
  CHECK(told.text == noise.substr(0, kMax) && told.record.left_out_bytes == 9);
  CHECK(Tell({"\xff\xc3", "\xed\xa0\x80"}, true).text == Joined({"\xff\xc3", "\xed\xa0\x80"}));
}

void LooksAtSixtyFour() {
  const auto told_of = [](size_t count) { return Tell(Texts(count, "a"), true); };
  CHECK(told_of(64).record.flags == 0 && told_of(64).text.size() == 127);
  const Told told = told_of(5'000);
  CHECK(told.record.count == 5'000 && told.text.size() == 127);
  CHECK(told.record.flags == k_arguments_at_least);
  CHECK(told.asked == 1 + 64);
}

// Each exec and each arguments record is in the ring or counted as dropped.
void CountsThoseOfABurst() {
  MessageMaker make(MessageMaker::kNewest);
  EsHandler handler(1 << 16, std::make_shared<Bell>(), true);
  es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
  make.SetExec(message, make.Process({.pid = 70, .version = 9, .path = "/bin/x"}), nullptr);
  const std::string text(900, 't');
  make.SetArguments(message, {text});
  std::vector<std::byte> into(1 << 16);
  u64 execs = 0;
  u64 arguments = 0;
  constexpr u64 kMessages = 10'000;
  for (u64 number = 0; number < kMessages; number++) {
    message->seq_num = message->global_seq_num = number;
    handler.Handle(*message);
    if (number % 100 != 99) continue;  // the ring has room for some 60
    const size_t copied = handler.Drain(into);
    for (size_t at = 0; at < copied;) {
      Header header;
      std::memcpy(&header, &into[at], sizeof(header));
      (header.type == exec_record::kType ? execs : arguments)++;
      at += header.size;
    }
  }
  CHECK(arguments > 0 && handler.losses().handover_full > 0);
  // Of an exec that found no room the arguments are not tried: one drop, two records less.
  CHECK(execs <= kMessages && arguments <= execs);
  CHECK(kMessages - execs + (execs - arguments) == handler.losses().handover_full);
  CHECK(handler.losses().malformed + handler.losses().kernel_events == 0);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  TellsWhichScriptRuns();
  TheKernelsScriptComesFirst();
  LooksAtFewArgumentsOfInterpretersAlone();
  CutsPathsThatAreTooLong();
  TellsCodeThatWasAskedFor();
  TellsNoneWhereDyldDoesNotHeedIt();
  SaysThatAnEnvironmentWasTooLong();
  LooksAtNoneUnasked();
  TellsThemOfEveryVersion();
  TellsThatThereAreNone();
  CutsWhatIsTooLong();
  CutsBetweenCharacters();
  LooksAtSixtyFour();
  CountsThoseOfABurst();
  std::puts("es arguments: ok");
}
