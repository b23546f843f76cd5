// What records tell, read the plain way: the sum over flows and epochs of the highest counters.
// Fails on records that no engine should be given.
#ifndef FRESHET_TEST_FILTER_TOLD_H_
#define FRESHET_TEST_FILTER_TOLD_H_

#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "check.h"
#include "record.h"

namespace freshet {

struct ToldFlow {
  flow_record last{};
  std::string hostname;
  u32 maker_pid = 0;
  bool named = false;
  bool opened = false;
  bool closed = false;
  bool inexact = false;
  bool found = false;  // its opening said that it was open already
  bool lost = false;
  std::pair<u64, u64> at_opening{};
  u32 openings = 0;
  gone_record gone{};  // pid 0: none was told
  std::string gone_name;
  name_record name{};
  std::map<u32, u64> out_by;  // since its opening, by pidversion

  u64 out_of(u32 pidversion) const {
    const auto found = out_by.find(pidversion);
    return found == out_by.end() ? 0 : found->second;
  }
};

class Told {
 public:
  Told() = default;
  explicit Told(u8 source) : source_(source) {}

  // `again`: the records may have been read before (another daemon is told what the last one was),
  // or some are missing in between.
  void Read(std::span<const std::byte> bytes, bool again = false) {
    while (!bytes.empty()) {
      Header header;
      CHECK(bytes.size() >= sizeof(header));
      std::memcpy(&header, bytes.data(), sizeof(header));
      CHECK(header.size <= bytes.size() && header.source == source_);
      if (header.type == flow_record::kType) ReadFlow(As<flow_record>(bytes), again);
      if (header.type == name_record::kType) ReadName(bytes);
      if (header.type == loss_record::kType) {
        const auto loss = As<loss_record>(bytes);
        losses[loss.what] += loss.count;
      }
      if (header.type == gone_record::kType) ReadGone(bytes);
      if (header.type == mark_record::kType) ReadMark(bytes);
      records++;
      bytes = bytes.subspan(header.size);
    }
  }

  std::pair<u64, u64> Totals() const {
    std::pair<u64, u64> sums;
    for (const auto& [key, flow] : flows) {
      sums.first += flow.last.bytes_out;
      sums.second += flow.last.bytes_in;
    }
    return sums;
  }

  u64 Open() const {
    u64 count = 0;
    for (const auto& [key, flow] : flows) count += flow.closed ? 0 : 1;
    return count;
  }

  std::map<std::pair<u64, u32>, ToldFlow> flows;  // by (flow_id, epoch)
  std::map<u32, u64> losses;                      // by CODE loss
  std::map<u32, u64> marks;                       // by CODE mark
  mark_record last_mark{};
  std::string last_note;
  u64 records = 0;
  u64 flow_records = 0;

 private:
  u8 source_ = k_source_filter;

  template <typename R>
  static R As(std::span<const std::byte> bytes) {
    CHECK(bytes.size() >= sizeof(R));
    R record;
    std::memcpy(&record, bytes.data(), sizeof(R));
    return record;
  }

  void ReadName(std::span<const std::byte> bytes) {
    const auto name = As<name_record>(bytes);
    ToldFlow& flow = flows[{name.flow_id, name.epoch}];
    flow.named = true;
    flow.name = name;
    flow.maker_pid = name.maker_pid;
    flow.hostname.assign(reinterpret_cast<const char*>(bytes.data()) + sizeof(name),
                         name.hostname_bytes);
  }

  void ReadGone(std::span<const std::byte> bytes) {
    const auto gone = As<gone_record>(bytes);
    ToldFlow& flow = flows[{gone.flow_id, gone.epoch}];
    CHECK(flow.named);
    flow.gone = gone;
    flow.gone_name.assign(reinterpret_cast<const char*>(bytes.data()) + sizeof(gone),
                          gone.name_bytes);
  }

  void ReadFlow(const flow_record& record, bool again) {
    flow_records++;
    ToldFlow& flow = flows[{record.flow_id, record.epoch}];
    CHECK(flow.named);
    CHECK(again || !flow.closed);
    if (record.epoch > 0) {
      const auto before = flows.find({record.flow_id, record.epoch - 1});
      CHECK(again || before == flows.end() || before->second.closed);
    }
    const bool anew = (record.flags & k_flow_enumerated) != 0;
    if (record.state == k_flow_state_opened && !anew) CHECK(again || flow.openings++ == 0);
    CHECK(again || record.state == k_flow_state_opened || flow.opened);
    if (record.state == k_flow_state_opened && !flow.opened) {
      flow.found = anew;
      flow.at_opening = {record.bytes_out, record.bytes_in};
    }
    flow.opened = true;
    if (!again || record.bytes_out > flow.last.bytes_out || record.bytes_in > flow.last.bytes_in) {
      CHECK(record.bytes_out >= flow.last.bytes_out && record.bytes_in >= flow.last.bytes_in);
      // What the first record under another name counts is still the former's.
      if (record.state != k_flow_state_opened)
        flow.out_by[flow.last.pidversion] += record.bytes_out - flow.last.bytes_out;
      flow.last = record;
    }
    if (record.state != k_flow_state_closed) return;
    flow.closed = true;
    flow.inexact = (record.flags & k_flow_inexact) != 0;
    flow.lost = (record.flags & k_flow_counters_lost) != 0;
  }

  void ReadMark(std::span<const std::byte> bytes) {
    last_mark = As<mark_record>(bytes);
    marks[last_mark.kind]++;
    if (last_mark.kind == k_mark_start)
      last_note.assign(reinterpret_cast<const char*>(bytes.data()) + sizeof(mark_record),
                       last_mark.note_bytes);
  }
};

}  // namespace freshet

#endif  // FRESHET_TEST_FILTER_TOLD_H_
