// libFuzzer: any bytes as what peers send to the daemon.
#include "message_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freshet::MessageTrial(std::as_bytes(std::span(data, size))).Run();
  return 0;
}
