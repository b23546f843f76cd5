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
  const u32 closed_flags = (flow.bits & FlowRow::kInexact) != 0 ? k_flow_inexact : 0;
  const bool anew = (flow.bits & FlowRow::kEnumerate) != 0;
  if ((flow.bits & FlowRow::kNamed) == 0) AddName(flow, hostname, opened ? now_ns : flow.began_ns);
  if (closed) {
    if (!opened) AddFlow(flow, k_flow_state_opened, 0, false, flow.began_ns);
    AddFlow(flow, k_flow_state_closed, closed_flags, true, flow.heard_ns);
  } else if (anew) {
    AddFlow(flow, k_flow_state_opened, k_flow_enumerated, true, now_ns);
  } else {
    // What was counted since belongs to its last report, not to the opening.
    if (!opened) AddFlow(flow, k_flow_state_opened, 0, false, flow.began_ns);
    if (opened || flow.bytes_out > flow.base_out || flow.bytes_in > flow.base_in)
      AddFlow(flow, k_flow_state_report, 0, true, flow.heard_ns);
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

void FlowBatch::AddFlow(const FlowRow& flow, u8 state, u32 flags, bool with_counters, u64 at_ns) {
  flow_record record{};
  record.flow_id = flow.flow_id;
  if (with_counters) {
    record.bytes_out = flow.bytes_out - flow.base_out;
    record.bytes_in = flow.bytes_in - flow.base_in;
  }
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
