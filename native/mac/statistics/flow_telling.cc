// What of a flow's row is told, and when: the half of FlowBook that makes records.
#include <algorithm>

#include "mac/statistics/flow_book.h"

namespace freshet {
namespace {

constexpr u8 kTcp = 6, kUdp = 17;

}  // namespace

bool FlowBook::IsToBeTold(const Row& row) const {
  if (!row.is_described || row.listens) return false;
  // What was open before is told with its counts, so that nobody takes them for what passes now.
  if (row.is_found && !row.is_counted) return false;
  if (row.is_tcp()) return row.remote.is_whole();
  return row.is_udp_like() && (row.remote.is_whole() || row.bytes.any());
}

void FlowBook::Tell(Row* row, u64 now_ns) {
  if (!IsToBeTold(*row) || HasTwin(row, now_ns)) return;
  if (!row->is_opened && !Open(row, now_ns)) return;
  if (row->bytes != row->told) EmitFlow(row, k_flow_state_report, 0, row->bytes, now_ns);
}

// What found no room in the ring is tried again with what is heard next.
bool FlowBook::Open(Row* row, u64 now_ns) {
  if (row->direction == k_direction_unknown) row->direction = DirectionOf(*row);
  const u64 at_ns = row->is_found ? now_ns : std::min(row->met_ns, now_ns);
  const Row::Bytes bytes = row->is_found ? row->bytes : Row::Bytes{};
  if (!EmitName(row, at_ns)) return false;
  row->is_opened =
      EmitFlow(row, k_flow_state_opened, row->is_found ? k_flow_enumerated : 0, bytes, at_ns);
  row->was_opened |= row->is_opened;
  return row->is_opened;
}

void FlowBook::Close(Row* row, u32 flags, u64 now_ns) {
  EmitFlow(row, k_flow_state_closed, flags, row->bytes, now_ns);
  row->is_opened = false;
}

// Nothing more comes of it.
void FlowBook::End(Row* row, u64 now_ns) {
  Tell(row, now_ns);
  if (row->is_opened) {
    if (row->is_zeroed) emitter_->CountLoss(k_loss_flow_counters, 1);
    const u32 zeroed = row->is_zeroed ? k_flow_inexact | k_flow_counters_lost : 0;
    Close(row, zeroed | (row->is_final ? 0 : k_flow_inexact), now_ns);
  }
  Forget(row, now_ns);
}

void FlowBook::NextEpoch(Row* row, u32 close_flags, bool counts_go_on, u64 now_ns) {
  LetTwinGo(row, now_ns);
  if (row->is_opened) {
    Close(row, close_flags, now_ns);
    row->epoch++;
  }
  const u64 once = row->raw_out - std::min(row->again, row->raw_out);
  row->base = counts_go_on ? Row::Bytes{std::max(once, row->base.out + row->bytes.out), row->raw_in}
                           : Row::Bytes{};
  row->bytes = row->told = {};
  row->is_found = false;
  row->met_ns = now_ns;
}

void FlowBook::TellAll(u64 now_ns) {
  for (auto& [source, row] : rows_) {
    if (!row.is_opened) {
      Tell(&row, now_ns);
    } else if (EmitName(&row, now_ns)) {
      EmitFlow(&row, k_flow_state_opened, k_flow_enumerated, row.bytes, now_ns);
    }
  }
}

// Who connects to an end that waits for peers was let in; or a program connected from there, as it
// may. All else was connected from here.
u8 FlowBook::DirectionOf(const Row& row) const {
  if (!row.remote.is_whole()) return k_direction_unknown;
  const bool is_awaited = peerless_.contains({row.is_tcp() ? kTcp : kUdp, row.local.port});
  return is_awaited ? k_direction_unknown : k_direction_outbound;
}

bool FlowBook::EmitName(Row* row, u64 now_ns) {
  const u32 pid = row->owners.process.process.pid;
  const bool is_own = row->owners.process.process == row->owners.maker.process;
  name_record name{};
  name.flow_id = row->flow_id;
  name.epoch = row->epoch;
  if (!is_own) {
    name.maker_pid = row->owners.maker.process.pid;
    name.maker_pidversion = row->owners.maker.name.pidversion;
  }
  name.local_port = row->local.port;
  std::copy(row->local.address.begin(), row->local.address.end(), name.local_addr);
  if (!emitter_->Emit(name, now_ns, "")) return false;
  if (pid == 0) return true;
  const bool has_gone = row->owners.process.name.pidversion == 0;
  if (has_gone && !row->owner_lost) emitter_->CountLoss(k_loss_flow_owners, 1);
  row->owner_lost |= has_gone;
  gone_record gone{};
  gone.flow_id = row->flow_id;
  gone.epoch = row->epoch;
  gone.pid = pid;
  const auto& uuid = is_own ? row->uuid : row->effective_uuid;
  std::copy(uuid.begin(), uuid.end(), gone.program_uuid);
  // The name is that of the socket's owner.
  const std::string_view process_name = is_own ? std::string_view(row->process_name) : "";
  // Whose number is known may end before anybody has looked at what it runs.
  const bool says_nothing = process_name.empty() && uuid == decltype(row->uuid){};
  if (!has_gone && says_nothing) return true;
  return emitter_->Emit(gone, now_ns, process_name);
}

bool FlowBook::EmitFlow(Row* row, u8 state, u32 flags, Row::Bytes bytes, u64 now_ns) {
  flow_record record{};
  record.flow_id = row->flow_id;
  record.epoch = row->epoch;
  record.bytes_out = bytes.out;
  record.bytes_in = bytes.in;
  record.pid = row->owners.process.process.pid;
  record.pidversion = row->owners.process.name.pidversion;
  const u64 once = row->raw_out - std::min(row->again, row->raw_out);
  const bool sends_again = row->provider != StatisticsProvider::kUdp;
  const bool is_at_most =
      sends_again && bytes.out > 0 &&
      (!row->has_again || row->may_lack_again || row->base.out + bytes.out > once);
  record.flags = flags | (is_at_most ? k_flow_at_most : 0) |
                 (row->is_tunnelled ? k_flow_tunnelled : 0) |
                 (row->owners.process.name.is_guessed || row->is_shared ? k_flow_owner_guessed : 0);
  std::copy(row->remote.address.begin(), row->remote.address.end(), record.remote_addr);
  record.remote_port = row->remote.port;
  record.local_port = row->local.port;
  record.protocol = row->is_tcp() ? kTcp : kUdp;
  record.direction = row->direction;
  record.state = state;
  if (!emitter_->Emit(record, now_ns)) return false;
  row->told = bytes;
  return true;
}

}  // namespace freshet
