// The fuzzers' trials on what they have found so far, and on seeded random bytes: so they run where
// there is no fuzzer too. `trials CORPUS`: the folder that holds one for each target.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "batch_trial.h"
#include "check.h"
#include "message_trial.h"
#include "report_trial.h"

namespace freshet {
namespace {

void TryReports(std::span<const std::byte> bytes) { ReportTrial(bytes).Run(); }
void TryBatch(std::span<const std::byte> bytes) {
  static FlowBatch batch;
  BatchTrial(bytes, &batch).Run();
}
void TryMessages(std::span<const std::byte> bytes) { MessageTrial(bytes).Run(); }

struct Target {
  const char* name;
  void (*Try)(std::span<const std::byte> bytes);
};
constexpr Target kTargets[] = {
    {"report", TryReports}, {"batch", TryBatch}, {"message", TryMessages}};

u64 TryCorpus(const Target& target, const std::string& corpus) {
  u64 files = 0;
  for (const auto& file : std::filesystem::directory_iterator(corpus + "/" + target.name)) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    target.Try(std::as_bytes(std::span(text)));
    files++;
  }
  return files;
}

void TryRandom(const Target& target, u64 seeds) {
  for (u64 seed = 1; seed <= seeds; seed++) {
    Random random(seed);
    std::vector<std::byte> bytes(random.Below(400));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Below(256));
    target.Try(bytes);
  }
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  CHECK(count == 2);
  for (const Target& target : kTargets) {
    CHECK(TryCorpus(target, arguments[1]) > 10);
    TryRandom(target, 2'000);
  }
  std::puts("trials: ok");
}
