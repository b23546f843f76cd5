// Whose a flow is, and who has what of it as it changes hands: the half of FlowBook that names.
#include "boot_id.h"
#include "mac/statistics/flow_book.h"

namespace freshet {
namespace {

constexpr u32 kPidEnd = 1 << 30;

u32 PidOf(std::optional<int64_t> said) {
  return said && *said > 0 && *said < kPidEnd ? static_cast<u32>(*said) : 0;
}

std::optional<u64> UpidOf(std::optional<int64_t> said) {
  // 0 is the kernel's own, and what is not filled in.
  if (!said || *said == 0) return std::nullopt;
  return static_cast<u64>(*said);
}

}  // namespace

void FlowBook::TakeOwners(Row* row, const FlowDescription& heard, u64 now_ns) {
  if (!heard.process_name.empty())
    row->process_name = CutText(heard.process_name, gone_record::k_name_max);
  if (!heard.uuid.empty()) ParseBootId(std::string(heard.uuid), row->uuid.data());
  if (!heard.euuid.empty()) ParseBootId(std::string(heard.euuid), row->effective_uuid.data());
  const u32 pid = PidOf(heard.pid);
  if (pid == 0) return;
  const Row::Owners before = row->now();
  Row::Owners next = before;
  auto& [process, maker] = next;
  // A dictionary without the number says nothing against the one that is known.
  auto upid = UpidOf(heard.upid);
  if (!upid && pid == maker.process.pid) upid = maker.process.upid;
  maker.process = {pid, upid};
  const u32 epid = PidOf(heard.epid);
  if (epid != 0 && epid != pid) {
    auto eupid = UpidOf(heard.eupid);
    if (!eupid && epid == process.process.pid) eupid = process.process.upid;
    process.process = {epid, eupid};
  } else if (epid == pid || process.process.pid == 0 || process.process == before.maker.process) {
    process.process = maker.process;
  }
  if (process.process != before.process.process) process.name = owners_.NameOf(process.process);
  if (maker.process != before.maker.process) maker.name = owners_.NameOf(maker.process);
  Inherit(row, next, now_ns);
  if (!options_.on_new_pid) return;
  // Who has it now is looked at while it sends.
  const auto say = [&](u32 new_pid) {
    if (new_pid != before.process.process.pid && new_pid != before.maker.process.pid)
      options_.on_new_pid(new_pid);
  };
  say(process.process.pid);
  if (maker.process.pid != process.process.pid) say(maker.process.pid);
}

// Whether they have executed another program since. One that has gone keeps its name.
bool FlowBook::LookAtOwners(Row* row, u64 now_ns) {
  const auto look = [this](Row::Owner owner) {
    const FlowOwners::Name name = owners_.NameOf(owner.process);
    if (name.pidversion != 0 && !(name.is_guessed && owner.name.pidversion != 0)) owner.name = name;
    return owner;
  };
  return Inherit(row, {look(row->now().process), look(row->now().maker)}, now_ns);
}

// `next` have it from now on. What passed since the last counts either of them may have sent, so
// the next counts decide; where there is nothing to decide it is renamed at once, and false comes
// back.
bool FlowBook::Inherit(Row* row, const Row::Owners& next, u64 now_ns) {
  const Row::Owners& now = row->now();
  const bool is_another = !next.process.is_same_image(now.process);
  // One whose image was not known is known now.
  const bool is_learnt =
      now.process.name.pidversion == 0 &&
      (now.process.process.pid == 0 || now.process.process.pid == next.process.process.pid);
  if (row->heirs.empty() && (!is_another || is_learnt)) {
    Rename(row, next, now_ns);
    return false;
  }
  if (!is_another) {
    row->heirs.back() = next;
    return true;
  }
  // With one more than are remembered the last of those who are vouched for most goes: it can have
  // nothing of what was counted.
  if (row->heirs.size() == Row::kHeirsMax) {
    auto most = row->heirs.begin();
    for (auto at = most; at != row->heirs.end(); ++at)
      if (at->process.name.standing >= most->process.name.standing) most = at;
    row->heirs.erase(most);
  }
  row->heirs.push_back(next);
  return true;
}

// How many heirs come before whoever has what was counted since: of all who had it between, the one
// whom the least vouches for, and the first of those.
size_t FlowBook::HeirOfCounts(const Row& row) {
  size_t heir = 0;
  CodeStanding least = row.owners.process.name.standing;
  for (size_t index = 0; index < row.heirs.size(); index++) {
    const CodeStanding standing = row.heirs[index].process.name.standing;
    if (standing >= least) continue;
    least = standing;
    heir = index + 1;
  }
  return heir;
}

void FlowBook::PassOn(Row* row, size_t heirs, u64 now_ns) {
  for (size_t index = 0; index < heirs; index++) Rename(row, row->heirs[index], now_ns);
  row->heirs.erase(row->heirs.begin(), row->heirs.begin() + static_cast<ptrdiff_t>(heirs));
}

bool FlowBook::Executed(u32 pid, u64 now_ns) {
  // Nearly all that execute another program have no flow.
  if (!owners_.Outdate(pid)) return false;
  bool changes = false;
  for (auto& [source, row] : rows_) {
    const auto& [process, maker] = row.now();
    if (process.process.pid == pid || maker.process.pid == pid)
      changes |= LookAtExecuted(&row, now_ns);
  }
  return changes;
}

bool FlowBook::ManyExecuted(u64 now_ns) {
  owners_.Tick();
  bool changes = false;
  for (auto& [source, row] : rows_) changes |= LookAtExecuted(&row, now_ns);
  return changes;
}

bool FlowBook::LookAtExecuted(Row* row, u64 now_ns) {
  const Row::Owner before = row->now().process;
  if (!LookAtOwners(row, now_ns)) return false;
  // Not by how many there are: where they are as many as are remembered, one took another's place.
  if (!row->now().process.is_same_image(before)) row->heirs_after = asked_;
  return true;
}

void FlowBook::Rename(Row* row, const Row::Owners& next, u64 now_ns) {
  const bool is_another = !next.process.is_same_image(row->owners.process);
  const bool has_another_maker = !next.maker.is_same_image(row->owners.maker);
  if (is_another && row->is_opened && row->bytes != row->told)
    EmitFlow(row, k_flow_state_report, 0, row->bytes, now_ns);
  row->owners = next;
  if (!row->is_opened || !(is_another || has_another_maker)) return;
  EmitName(row, now_ns);
  if (is_another) EmitFlow(row, k_flow_state_report, 0, row->bytes, now_ns);
}

}  // namespace freshet
