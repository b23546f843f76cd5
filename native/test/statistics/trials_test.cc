// The fuzzer's trial on what it has found so far, and on seeded random bytes: so it runs where
// there is no fuzzer too. `trials CORPUS`: the folder of what was found.
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dictionary_trial.h"

int main(int count, char** arguments) {
  using namespace freshet;
  CHECK(count == 2);
  u64 files = 0;
  for (const auto& file : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream stream(file.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    DictionaryTrial(std::as_bytes(std::span(text))).Run();
    files++;
  }
  CHECK(files > 10);
  for (u64 seed = 1; seed <= 2'000; seed++) {
    Random random(seed);
    std::vector<std::byte> bytes(random.Below(600));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random.Below(256));
    DictionaryTrial(bytes).Run();
  }
  std::puts("trials: ok");
}
