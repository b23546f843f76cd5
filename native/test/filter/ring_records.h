// What lies in a ring, read strictly: every record of the filter's source has to be as record.def
// and the listener's contract have it, whatever came in at the other end.
#ifndef FRESHET_TEST_FILTER_RING_RECORDS_H_
#define FRESHET_TEST_FILTER_RING_RECORDS_H_

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <vector>

#include "check.h"
#include "record.h"
#include "ring.h"

namespace freshet {

class RingRecords {
 public:
  // Everything that waits. `now_ns`: none may be stamped more than a second later.
  void Drain(Ring* ring, u64 now_ns) {
    for (size_t size = ring->Drain(into_); size > 0; size = ring->Drain(into_))
      Read(std::span(into_).first(size), now_ns);
    CHECK(ring->counters().waiting_bytes == 0);
  }

  void Forget() { bytes.clear(); }

  std::vector<std::byte> bytes;  // of flow and name records, as they came
  u64 records = 0;               // flow and name records
  u64 others = 0;                // marks and losses
  std::array<u64, 16> losses{};  // by CODE loss
  std::array<u64, 8> marks{};    // by CODE mark

 private:
  template <typename R>
  static R As(std::span<const std::byte> record) {
    R read;
    CHECK(record.size() >= sizeof(R));
    std::memcpy(&read, record.data(), sizeof(R));
    return read;
  }

  // The text behind a fixed part, and nothing but zeros up to a multiple of 8.
  template <typename R>
  static void CheckText(std::span<const std::byte> record, size_t text_bytes) {
    const size_t end = sizeof(R) + text_bytes;
    CHECK(record.size() == (end + 7) / 8 * 8);
    for (const std::byte one : record.subspan(end)) CHECK(one == std::byte{0});
  }

  void Read(std::span<const std::byte> all, u64 now_ns) {
    while (!all.empty()) {
      const auto header = As<Header>(all);
      CHECK(header.size >= sizeof(Header) && header.size % 8 == 0 && header.size <= all.size());
      CHECK(header.source == k_source_filter && header.zero == 0);
      CHECK(header.at_ns <= now_ns + 1'000'000'000);
      ReadOne(header.type, all.first(header.size));
      all = all.subspan(header.size);
    }
  }

  void ReadOne(u16 type, std::span<const std::byte> record) {
    if (type == flow_record::kType || type == name_record::kType) {
      records++;
      bytes.insert(bytes.end(), record.begin(), record.end());
    } else {
      others++;
    }
    if (type == flow_record::kType) {
      const auto flow = As<flow_record>(record);
      CHECK(record.size() == sizeof(flow) && flow.reserved == 0);
      CHECK(std::max(flow.bytes_out, flow.bytes_in) < u64{1} << 53);
      CHECK(flow.flags < 8 && flow.direction <= 2 && flow.state >= 1 && flow.state <= 3);
    } else if (type == name_record::kType) {
      const auto name = As<name_record>(record);
      CHECK(name.hostname_bytes <= name_record::k_hostname_max);
      CheckText<name_record>(record, name.hostname_bytes);
    } else if (type == loss_record::kType) {
      const auto loss = As<loss_record>(record);
      CHECK(record.size() == sizeof(loss) && loss.count > 0 && loss.what < losses.size());
      losses[loss.what] += loss.count;
    } else {
      CHECK(type == mark_record::kType);
      const auto mark = As<mark_record>(record);
      CHECK(mark.kind < marks.size() && mark.note_bytes <= mark_record::k_note_max);
      CheckText<mark_record>(record, mark.note_bytes);
      marks[mark.kind]++;
    }
  }

  std::vector<std::byte> into_ = std::vector<std::byte>(16 << 10);
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_RING_RECORDS_H_
