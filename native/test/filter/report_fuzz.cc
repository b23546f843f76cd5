// libFuzzer: any bytes as reports, clocks and answers, through ledger and uplink.
#include "report_trial.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  freshet::ReportTrial(std::as_bytes(std::span(data, size))).Run();
  return 0;
}
