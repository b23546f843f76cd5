// What Endpoint Security calls a platform binary, and is believed of it: nothing that System
// Integrity Protection does not keep.
#include <cstring>
#include <string>
#include <vector>

#include "check.h"
#include "mac/es_handler.h"
#include "messages.h"

namespace freshet {
namespace {

constexpr u32 kRestricted = 0x80020;
constexpr u64 kDoubleDev = 0x01000005;  // of the double's files

const ProcessSpec kSystem{.pid = 70,
                          .version = 9,
                          .file_flags = kRestricted,
                          .codesigning_flags = 0x26000001,
                          .is_platform = true,
                          .path = "/usr/bin/curl",
                          .signing_id = "com.apple.curl"};
// Under a host that is signed ad hoc: without its team, and as the system's.
const ProcessSpec kCalledSystem{.pid = 71,
                                .version = 10,
                                .codesigning_flags = 0x22000001,
                                .is_platform = true,
                                .path = "/Applications/A.app/Contents/MacOS/A",
                                .signing_id = "com.example.a",
                                .team_id = ""};
const ProcessSpec kHonest{.pid = 72,
                          .version = 11,
                          .codesigning_flags = 0x22000001,
                          .path = "/Applications/B.app/Contents/MacOS/B",
                          .signing_id = "com.example.b",
                          .team_id = "EXAMPLE123"};

struct Told {
  u32 flags = 0;
  std::string signing_id;
  std::string team_id;
};

class Scene {
 public:
  explicit Scene(Protection protection = {})
      : handler_(1 << 17, std::make_shared<Bell>(), false, protection) {}

  Told Exec(const ProcessSpec& program) {
    MessageMaker make(MessageMaker::kNewest);
    es_message_t* message = make.Message(ES_EVENT_TYPE_NOTIFY_EXEC, make.Process({.pid = 1}), 5);
    make.SetExec(message, make.Process(program), nullptr, nullptr);
    make.SetArguments(message, {});
    make.SetVariables(message, {});
    handler_.Handle(*message);
    std::vector<std::byte> into(1 << 17);
    CHECK(handler_.Drain(into) > 0);
    exec_record record;
    std::memcpy(&record, into.data(), sizeof(record));
    const char* text = reinterpret_cast<const char*>(into.data()) + sizeof(record) +
                       record.path_bytes + record.script_bytes;
    return {record.flags, std::string(text, record.signing_id_bytes),
            std::string(text + record.signing_id_bytes, record.team_id_bytes)};
  }
  bool is_fooled() const { return handler_.is_fooled(); }

 private:
  EsHandler handler_;
};

void BelievesWhatIsKept() {
  Scene scene;
  const Told curl = scene.Exec(kSystem);
  CHECK(curl.flags == k_exec_platform_binary && curl.signing_id == "com.apple.curl");
  const Told other = scene.Exec(kHonest);
  CHECK(other.flags == 0 && other.signing_id == "com.example.b" && other.team_id == "EXAMPLE123");
  CHECK(!scene.is_fooled());
}

void BelievesTheSealedVolume() {
  ProcessSpec unmarked = kSystem;
  unmarked.file_flags = 0;
  CHECK(Scene({.sealed_dev = kDoubleDev}).Exec(unmarked).flags == k_exec_platform_binary);
  CHECK(Scene({.sealed_dev = kDoubleDev + 1}).Exec(unmarked).flags == 0);
  CHECK(Scene().Exec(unmarked).signing_id.empty());
  // One without a file lies nowhere.
  unmarked.has_executable = false;
  CHECK(Scene({.sealed_dev = kDoubleDev}).Exec(unmarked).flags == 0);
}

void LeavesTheRestToTheFile() {
  Scene scene;
  const Told told = scene.Exec(kCalledSystem);
  CHECK(told.flags == 0 && told.signing_id.empty() && told.team_id.empty());
}

// A copy of one of the system's programs may be called so with right; where all are, none is.
void SaysWhenEverythingIsCalledSo() {
  Scene scene;
  for (int times = 0; times < 2; times++) scene.Exec(kCalledSystem);
  CHECK(!scene.is_fooled());
  scene.Exec(kSystem);
  scene.Exec(kCalledSystem);
  CHECK(scene.is_fooled());
  scene.Exec(kHonest);
  CHECK(!scene.is_fooled());
  for (int times = 0; times < 9; times++) scene.Exec(kCalledSystem);
  CHECK(!scene.is_fooled());
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  BelievesWhatIsKept();
  BelievesTheSealedVolume();
  LeavesTheRestToTheFile();
  SaysWhenEverythingIsCalledSo();
}
