// libFuzzer: any dictionaries in any order through the book.
#include "dictionary_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freshet::DictionaryTrial(std::as_bytes(std::span(data, size))).Run();
  return 0;
}
