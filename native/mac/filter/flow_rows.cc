#include "mac/filter/flow_rows.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace freshet {

FlowRows::FlowRows(u32 rows_max, u64 seed)
    : rows_max_(rows_max),
      mask_(std::bit_ceil(rows_max * 2) - 1),
      seed_(seed),
      rows_(new FlowRow[rows_max]),
      hostnames_(new Hostname[rows_max]),
      index_(new u32[mask_ + 1]) {
  std::fill_n(index_.get(), mask_ + 1, kNone);
}

void FlowRows::SetHostname(u32 row, std::string_view hostname) {
  assert(hostname.size() <= sizeof(Hostname));
  std::memcpy(hostnames_[row].text, hostname.data(), hostname.size());
  rows_[row].hostname_bytes = static_cast<u8>(hostname.size());
}

u32 FlowRows::HomeOf(const std::array<u8, 16>& uuid) const {
  u64 words[2];
  std::memcpy(words, uuid.data(), sizeof(words));
  // The finalizer of splitmix64 over both halves.
  u64 z = (words[0] ^ seed_) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 32) ^ words[1]) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<u32>(z ^ (z >> 31)) & mask_;
}

u32 FlowRows::Find(const std::array<u8, 16>& uuid) const {
  for (u32 at = HomeOf(uuid); index_[at] != kNone; at = (at + 1) & mask_)
    if (rows_[index_[at]].uuid == uuid) return index_[at];
  return kNone;
}

u32 FlowRows::Take() {
  assert(!full());
  u32 row = free_;
  if (row != kNone) {
    free_ = rows_[row].place_after;
  } else {
    row = touched_++;
  }
  used_++;
  rows_[row] = FlowRow{};
  rows_[row].place = Place::kFree;
  return row;
}

void FlowRows::Free(u32 row) {
  Unindex(row);
  LeaveTurn(row);
  Move(row, Place::kFree);
  rows_[row].place_after = free_;
  free_ = row;
  used_--;
}

void FlowRows::Index(u32 row) {
  u32 at = HomeOf(rows_[row].uuid);
  while (index_[at] != kNone) at = (at + 1) & mask_;
  index_[at] = row;
  rows_[row].bits |= FlowRow::kIndexed;
}

void FlowRows::Unindex(u32 row) {
  if ((rows_[row].bits & FlowRow::kIndexed) == 0) return;
  rows_[row].bits &= static_cast<u8>(~FlowRow::kIndexed);
  u32 hole = HomeOf(rows_[row].uuid);
  while (index_[hole] != row) hole = (hole + 1) & mask_;
  // Whoever stands behind the hole and could stand in it moves there, so that no search ends early.
  for (u32 at = (hole + 1) & mask_; index_[at] != kNone; at = (at + 1) & mask_) {
    const u32 home = HomeOf(rows_[index_[at]].uuid);
    if (((at - home) & mask_) < ((at - hole) & mask_)) continue;
    index_[hole] = index_[at];
    hole = at;
  }
  index_[hole] = kNone;
}

void FlowRows::Move(u32 row, Place place) {
  FlowRow& moved = rows_[row];
  if (moved.place != Place::kFree)
    Remove(&lists_[static_cast<size_t>(moved.place)], row, &FlowRow::place_before,
           &FlowRow::place_after);
  moved.place = place;
  if (place != Place::kFree)
    Append(&lists_[static_cast<size_t>(place)], row, &FlowRow::place_before, &FlowRow::place_after);
}

void FlowRows::EnterTurn(u32 row) {
  if ((rows_[row].bits & FlowRow::kInTurn) != 0) return;
  rows_[row].bits |= FlowRow::kInTurn;
  Append(&turns_, row, &FlowRow::turn_before, &FlowRow::turn_after);
  turns_count_++;
}

void FlowRows::LeaveTurn(u32 row) {
  if ((rows_[row].bits & FlowRow::kInTurn) == 0) return;
  rows_[row].bits &= static_cast<u8>(~FlowRow::kInTurn);
  Remove(&turns_, row, &FlowRow::turn_before, &FlowRow::turn_after);
  turns_count_--;
}

void FlowRows::Append(List* list, u32 row, Link before, Link after) {
  rows_[row].*before = list->last;
  rows_[row].*after = kNone;
  (list->last == kNone ? list->first : rows_[list->last].*after) = row;
  list->last = row;
}

void FlowRows::Remove(List* list, u32 row, Link before, Link after) {
  const u32 left = rows_[row].*before;
  const u32 right = rows_[row].*after;
  (left == kNone ? list->first : rows_[left].*after) = right;
  (right == kNone ? list->last : rows_[right].*before) = left;
}

bool FlowRows::FillIn(u32 row, const QueuedReport& report) {
  FlowRow& flow = at(row);
  bool learnt = false;
  if (!flow.has_remote && report.has_remote) {
    flow.has_remote = learnt = true;
    flow.remote = report.remote;
    flow.remote_port = report.remote_port;
  } else if (flow.remote_port == 0 && report.remote_port != 0) {
    flow.remote_port = report.remote_port;  // of a name whose address is not known yet
    learnt = true;
  }
  if (!flow.has_local && (report.has_local || (flow.local_port == 0 && report.local_port != 0))) {
    flow.has_local = report.has_local;
    flow.local = report.local;
    flow.local_port = report.local_port;
    flow.bits &= static_cast<u8>(~FlowRow::kNamed);
    learnt = true;
  }
  if (flow.app.pid == 0 && report.app.pid != 0) {
    flow.app = report.app;
    learnt = true;
  }
  if (flow.maker.pid == 0 && report.maker.pid != 0) {
    flow.maker = report.maker;
    flow.bits &= static_cast<u8>(~FlowRow::kNamed);
    learnt = true;
  }
  if (flow.hostname_bytes == 0 && report.hostname_bytes != 0) {
    SetHostname(row, {report.hostname, report.hostname_bytes});
    flow.bits &= static_cast<u8>(~FlowRow::kNamed);
    learnt = true;
  }
  if (flow.direction == k_direction_unknown && report.direction != k_direction_unknown) {
    flow.direction = report.direction;
    learnt = true;
  }
  return learnt;
}

}  // namespace freshet
