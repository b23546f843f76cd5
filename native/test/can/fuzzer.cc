// Links and runs wherever libFuzzer does.
#include <cstddef>
#include <cstdint>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return std::vector<uint8_t>(data, data + size).size() == size ? 0 : -1;
}
