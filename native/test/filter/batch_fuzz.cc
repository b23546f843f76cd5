// libFuzzer: any flows as a batch, through the encoder and the daemon's decoder; and the same
// batch, changed.
#include "batch_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static freshet::FlowBatch batch;
  freshet::BatchTrial(std::as_bytes(std::span(data, size)), &batch).Run();
  return 0;
}
