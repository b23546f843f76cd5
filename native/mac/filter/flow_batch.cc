#include "mac/filter/flow_batch.h"

#include <algorithm>
#include <cassert>

namespace freshet {

void FlowBatch::Clear() {
  bytes_.clear();
  records_ = 0;
  begins = ends = false;
  reports = 0;
}

void FlowBatch::Add(const FlowRow& flow, std::string_view hostname, u64 now_ns) {
  assert(HasRoom());
  const bool opened = (flow.bits & FlowRow::kOpened) != 0;
  const bool closed = flow.place == Place::kClosing;
  const u32 closed_flags = ((flow.bits & FlowRow::kInexact) != 0 ? k_flow_inexact : 0) |
                           ((flow.bits & FlowRow::kLost) != 0 ? k_flow_counters_lost : 0);
  const u32 opened_flags = (flow.bits & FlowRow::kFound) != 0 ? k_flow_enumerated : 0;
  const bool anew = (flow.bits & FlowRow::kEnumerate) != 0;
  // What was counted since belongs to its last report, not to the opening.
  const Counts found{flow.found_out - flow.base_out, flow.found_in - flow.base_in};
  const Counts now{flow.bytes_out - flow.base_out, flow.bytes_in - flow.base_in};
  if ((flow.bits & FlowRow::kNamed) == 0) AddName(flow, hostname, opened ? now_ns : flow.began_ns);
  if (closed) {
    if (!opened) AddFlow(flow, k_flow_state_opened, opened_flags, found, flow.began_ns);
    AddFlow(flow, k_flow_state_closed, closed_flags, now, flow.heard_ns);
  } else if (anew) {
    AddFlow(flow, k_flow_state_opened, k_flow_enumerated, now, now_ns);
  } else {
    if (!opened) AddFlow(flow, k_flow_state_opened, opened_flags, found, flow.began_ns);
    if (opened || now.out > found.out || now.in > found.in)
      AddFlow(flow, k_flow_state_report, 0, now, flow.heard_ns);
  }
}

void FlowBatch::AddName(const FlowRow& flow, std::string_view hostname, u64 at_ns) {
  name_record name{};
  name.flow_id = flow.flow_id;
  name.epoch = flow.epoch;
  if (flow.maker != flow.app) {
    name.maker_pid = flow.maker.pid;
    name.maker_pidversion = flow.maker.version;
  }
  name.local_port = flow.local_port;
  std::copy(flow.local.begin(), flow.local.end(), name.local_addr);
  name.hostname_bytes = static_cast<u16>(hostname.size());
  Append(&name, at_ns, hostname);
}

void FlowBatch::AddFlow(const FlowRow& flow, u8 state, u32 flags, Counts counts, u64 at_ns) {
  flow_record record{};
  record.flow_id = flow.flow_id;
  record.bytes_out = counts.out;
  record.bytes_in = counts.in;
  record.epoch = flow.epoch;
  record.pid = flow.app.pid;
  record.pidversion = flow.app.version;
  record.flags = flags;
  std::copy(flow.remote.begin(), flow.remote.end(), record.remote_addr);
  record.remote_port = flow.remote_port;
  record.local_port = flow.local_port;
  record.protocol = flow.protocol;
  record.direction = flow.direction;
  record.state = state;
  Append(&record, at_ns, {});
}

template <typename R>
void FlowBatch::Append(R* record, u64 at_ns, std::string_view text) {
  const u32 size = RecordSize<R>(text.size());
  record->header = {size, R::kType, k_source_filter, 0, at_ns};
  const size_t at = bytes_.size();
  bytes_.resize(at + size);  // zeros; within what was reserved
  std::memcpy(&bytes_[at], record, sizeof(R));
  if (!text.empty()) std::memcpy(&bytes_[at + sizeof(R)], text.data(), text.size());
  records_++;
}

}  // namespace freshet
