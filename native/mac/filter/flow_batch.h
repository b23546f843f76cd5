// A batch of records for the daemon, and how a row of the ledger becomes records.
//
// Threads: one. A batch's memory is reserved by its constructor and used again.
#ifndef FRESHET_MAC_FILTER_FLOW_BATCH_H_
#define FRESHET_MAC_FILTER_FLOW_BATCH_H_

#include <span>
#include <string_view>
#include <vector>

#include "mac/filter/flow_rows.h"
#include "record.h"

namespace freshet {

class FlowBatch {
 public:
  static constexpr u32 kRecordsMax = 1'000;
  static constexpr size_t kRecordBytesMax = RecordSize<name_record>(name_record::k_hostname_max);
  static constexpr size_t kBytesMax = kRecordsMax * kRecordBytesMax;
  // Records that one flow can take: its name, its opening, and its counters or close.
  static constexpr u32 kRecordsOfFlowMax = 3;

  FlowBatch() { bytes_.reserve(kBytesMax); }

  void Clear();
  bool empty() const { return records_ == 0 && !begins && !ends; }
  bool HasRoom() const { return records_ + kRecordsOfFlowMax <= kRecordsMax; }
  u32 records() const { return records_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  // Appends what is to be told of a flow; the caller marks it told. REQUIRES: HasRoom().
  void Add(const FlowRow& flow, std::string_view hostname, u64 now_ns);

  bool begins = false;  // an enumeration begins with its first record
  bool ends = false;    // and ends with its last
  u64 reports = 0;      // that its records tell of

 private:
  void AddName(const FlowRow& flow, std::string_view hostname, u64 at_ns);
  struct Counts {
    u64 out = 0;
    u64 in = 0;
  };
  void AddFlow(const FlowRow& flow, u8 state, u32 flags, Counts counts, u64 at_ns);
  template <typename R>
  void Append(R* record, u64 at_ns, std::string_view text);

  std::vector<std::byte> bytes_;
  u32 records_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_FLOW_BATCH_H_
