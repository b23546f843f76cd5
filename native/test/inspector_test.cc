// What the inspector does with its time, and whom it lets wait with whom: files of this test's own
// and of the system, and a double of the digest that counts what it was given.
#include "inspector.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "check.h"

namespace freshet {
namespace {

using Depth = Inspector::Depth;

constexpr size_t kPieceBytes = 128 << 10;

class TemporaryFile {
 public:
  explicit TemporaryFile(size_t bytes) : fd_(mkstemp(path_)) {
    const std::string text(bytes, 'x');
    CHECK(fd_ && write(fd_.get(), text.data(), bytes) == static_cast<ssize_t>(bytes));
  }
  ~TemporaryFile() { unlink(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/freshet-inspector-XXXXXX";
  Fd fd_;
};

Inspection Ask(Inspector* inspector, const std::string& path, Depth depth) {
  struct stat status;
  CHECK(stat(path.c_str(), &status) == 0);
  InspectRequest request;
  request.path = path;
  request.dev = DeviceOf(status);
  request.ino = status.st_ino;
  return inspector->InspectAll({&request, 1}, depth).at(0);
}

Inspector Within(u64 hash_ns) {
  return Inspector(std::make_shared<ProgramFiles>(), nullptr, {.hash_ns = hash_ns});
}

void EndsWithItsTime() {
  const TemporaryFile file(8 * kPieceBytes);
  Inspector hurried = Within(0);
  const auto is_whose = [&](const Inspection& found) {
    return found.owner_uid == geteuid() && found.file_bytes == 8 * kPieceBytes;
  };
  // A time that is over already: the first piece is read, and no more of it at any question.
  for (size_t times = 1; times <= 3; times++) {
    const Inspection found = Ask(&hurried, file.path(), Depth::kRead);
    CHECK(found.error == ETIMEDOUT && is_whose(found) && found.sha256 == Sha256Digest{});
    CHECK(g_digested_bytes == times * kPieceBytes);
  }
  // Nothing was learnt of it.
  CHECK(!Ask(&hurried, file.path(), Depth::kLook).lane.empty());
  Inspector patient = Within(InspectTimes().hash_ns);
  g_digested_bytes = 0;
  for (int times = 0; times < 2; times++) {
    const Inspection found = Ask(&patient, file.path(), Depth::kRead);
    CHECK(found.error == 0 && is_whose(found) && found.sha256 != Sha256Digest{});
    // The second time it is known.
    CHECK(g_digested_bytes == 8 * kPieceBytes);
  }
  CHECK(Ask(&patient, file.path(), Depth::kLook).lane.empty());
}

// No user's files stand before those that only root can change.
void LetsFilesOfRootsAloneWaitForNone() {
  Inspector inspector = Within(InspectTimes().hash_ns);
  char system[PATH_MAX];
  CHECK(realpath("/bin/sleep", system) != nullptr);
  const Inspection of_system = Ask(&inspector, system, Depth::kLook);
  CHECK(of_system.lane == "system" && of_system.error == 0 && of_system.owner_uid == 0);
  CHECK(of_system.sha256 == Sha256Digest{});
  // Root's, in a folder of everybody's.
  const TemporaryFile file(1);
  const auto lane = [&] { return Ask(&inspector, file.path(), Depth::kLook).lane; };
  CHECK(lane() == "owner:" + std::to_string(geteuid()));
  if (geteuid() != 0) return;
  CHECK(chown(file.path().c_str(), 1234, 1234) == 0);
  CHECK(lane() == "owner:1234");
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  EndsWithItsTime();
  LetsFilesOfRootsAloneWaitForNone();
  std::puts("inspector: ok");
}
