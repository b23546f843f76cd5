// The records of one set of Endpoint Security messages, of the version that is asked for:
// `es_messages VERSION FILE` writes them as they lie in the ring, and prints what was lost. The
// mocha test compares them with golden files.
#include <cstdio>

#include "check.h"
#include "double.h"
#include "mac/es_handler.h"
#include "messages.h"

namespace freshet {
namespace {

constexpr u64 kAbsolute = 24'000'000'000;               // ticks: 1,000 s on Apple silicon
constexpr u64 kContinuous = kAbsolute + 2'400'000'000;  // it has slept 100 s
constexpr u32 kShell = 100;
constexpr u32 kChild = 101;

const ProcessSpec kShellSpec{.pid = kShell,
                             .version = 5,
                             .parent_pid = 1,
                             .parent_version = 1,
                             .responsible_pid = 90,
                             .responsible_version = 4,
                             .file_flags = 0x80020,
                             .codesigning_flags = 0x26000001,
                             .is_platform = true,
                             .cdhash_of = 1,
                             .path = "/bin/zsh",
                             .signing_id = "com.apple.zsh"};

class Messages {
 public:
  explicit Messages(u32 version)
      : make_(version), bell_(std::make_shared<Bell>()), handler_(1 << 20, bell_) {
    // Before the time that all are stamped with: 41.67 ns a tick.
    shell_ = make_.Process(kShellSpec);
  }

  void Fork() {
    ProcessSpec child = kShellSpec;
    child.pid = kChild;
    child.version = 6;
    child.parent_pid = kShell;
    child.parent_version = 5;
    es_message_t* message = Next(ES_EVENT_TYPE_NOTIFY_FORK, shell_);
    message->event.fork.child = make_.Process(child);
    handler_.Handle(*message);
  }

  // The process before an exec is another image than the target.
  void Exec(const ProcessSpec& target, es_file_t* script = nullptr) {
    ProcessSpec before = kShellSpec;
    before.pid = kChild;
    before.version = 6;
    es_message_t* message = Next(ES_EVENT_TYPE_NOTIFY_EXEC, make_.Process(before));
    make_.SetExec(message, make_.Process(target), script);
    handler_.Handle(*message);
  }
  void ExecIn(std::string_view folder, const ProcessSpec& target,
              const std::vector<std::string_view>& arguments,
              const std::vector<std::string_view>& variables) {
    es_message_t* message = Next(ES_EVENT_TYPE_NOTIFY_EXEC, shell_);
    make_.SetExec(message, make_.Process(target), nullptr, make_.File({folder}));
    make_.SetArguments(message, arguments);
    make_.SetVariables(message, variables);
    handler_.Handle(*message);
  }
  void ExecOfNothing() {
    es_message_t* message = Next(ES_EVENT_TYPE_NOTIFY_EXEC, shell_);
    make_.SetExec(message, nullptr, nullptr);
    handler_.Handle(*message);
  }

  void Exit(int status) {
    es_message_t* message = Next(ES_EVENT_TYPE_NOTIFY_EXIT, shell_);
    message->event.exit.stat = status;
    handler_.Handle(*message);
  }

  // Its thread is none, as when another process had the signature marked invalid.
  void Invalidated() { handler_.Handle(*Next(ES_EVENT_TYPE_NOTIFY_CS_INVALIDATED, shell_)); }

  void NotSubscribed() { handler_.Handle(*Next(ES_EVENT_TYPE_NOTIFY_OPEN, shell_)); }
  void WithoutProcess() { handler_.Handle(*Next(ES_EVENT_TYPE_NOTIFY_EXIT, nullptr)); }

  // The kernel dropped so many execs.
  void DropExecs(u64 count) {
    numbers_[ES_EVENT_TYPE_NOTIFY_EXEC] += count;
    global_number_ += count;
  }

  EsHandler& handler() { return handler_; }
  MessageMaker& make() { return make_; }

 private:
  es_message_t* Next(es_event_type_t type, es_process_t* process) {
    at_ += 24'000;  // a millisecond
    return make_.Message(type, process, at_, numbers_[type]++, global_number_++);
  }

  MessageMaker make_;
  std::shared_ptr<Bell> bell_;
  EsHandler handler_;
  es_process_t* shell_;
  u64 at_ = kAbsolute - 1'000'000;
  u64 numbers_[ES_EVENT_TYPE_LAST] = {};
  u64 global_number_ = 7;  // where it begins is nobody's promise
};

void Tell(Messages* messages) {
  const std::string path_too_long = "/" + std::string(5000, 'p');
  ProcessSpec app{.pid = kChild,
                  .version = 7,
                  .parent_pid = kShell,
                  .parent_version = 5,
                  .responsible_pid = 90,
                  .responsible_version = 4,
                  .codesigning_flags = 0x22010301,
                  .cdhash_of = 0x40,
                  .path = "/Applications/Größe.app/Contents/MacOS/Größe",
                  .signing_id = "org.example.groesse",
                  .team_id = "ABCDE12345"};
  messages->Fork();
  messages->Exec(app);
  messages->DropExecs(3);

  ProcessSpec shell = kShellSpec;
  shell.pid = kChild;
  shell.version = 8;
  shell.euid = 0;
  messages->Exec(shell, messages->make().File({"/Users/ada/bin/send.sh"}));

  // No signature: no signing id, no team.
  ProcessSpec unsigned_app = app;
  unsigned_app.version = 9;
  unsigned_app.codesigning_flags = 0;
  unsigned_app.signing_id = unsigned_app.team_id = {};
  unsigned_app.path_truncated = true;
  messages->Exec(unsigned_app);

  // A path longer than a record has room for, and a script that the system itself cut.
  ProcessSpec deep = app;
  deep.version = 10;
  deep.path = path_too_long;
  messages->Exec(deep, messages->make().File({"/Users/ada/cut", true}));

  // An interpreter that was given a script, by a path from the folder it was executed in.
  ProcessSpec python = app;
  python.version = 12;
  python.codesigning_flags = 0x20000003;
  python.path = "/opt/homebrew/bin/python3.13";
  python.signing_id = "python3.13";
  python.team_id = {};
  messages->ExecIn("/Users/ada/work", python, {"python3", "-u", "../bin/send.py", "--token=x"},
                   {"TOKEN=geheim", "DYLD_INSERT_LIBRARIES=/tmp/x.dylib:lib/y.dylib"});

  // Neither a file nor any text.
  ProcessSpec bare{.pid = kChild, .version = 11, .has_executable = false};
  messages->Exec(bare);

  messages->Invalidated();
  messages->ExecOfNothing();
  messages->NotSubscribed();
  messages->WithoutProcess();
  messages->Exit(256);
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  CHECK(count == 3);
  mac_double::SetTimebase(125, 3);
  mac_double::SetClocks(kAbsolute, kContinuous);
  Messages messages(static_cast<u32>(std::atoi(arguments[1])));
  Tell(&messages);
  std::vector<std::byte> records(1 << 20);
  records.resize(messages.handler().Drain(records));
  std::FILE* file = std::fopen(arguments[2], "wb");
  CHECK(file != nullptr);
  CHECK(std::fwrite(records.data(), 1, records.size(), file) == records.size());
  CHECK(std::fclose(file) == 0);
  const EsHandler::Losses losses = messages.handler().losses();
  std::printf("kernel_events %llu, handover_full %llu, malformed %llu\n",
              static_cast<unsigned long long>(losses.kernel_events),
              static_cast<unsigned long long>(losses.handover_full),
              static_cast<unsigned long long>(losses.malformed));
}
