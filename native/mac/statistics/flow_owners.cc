#include "mac/statistics/flow_owners.h"

namespace freshet {

FlowOwners::Name FlowOwners::NameOf(const FlowProcess& process) {
  if (process.pid == 0) return {};
  const Known& known = Find(process.pid);
  // By the pid alone it is whoever has it now.
  const auto& [unique_id, pidversion, standing] = known.numbers;
  if (!process.upid) return known.is_alive ? Name{pidversion, true, standing} : Name{};
  if (pidversion == 0 || unique_id != *process.upid) return {};
  return {pidversion, !known.is_alive, standing};
}

bool FlowOwners::Outdate(u32 pid) {
  const auto found = known_.find(pid);
  if (found == known_.end()) return false;
  // What was seen last stays: it may have gone already.
  found->second.looked = 0;
  return true;
}

const FlowOwners::Known& FlowOwners::Find(u32 pid) {
  const auto found = known_.find(pid);
  if (found != known_.end() && found->second.looked == now_) return found->second;
  if (found == known_.end() && known_.size() >= kKnownMax) {
    std::erase_if(known_, [this](const auto& entry) { return entry.second.looked != now_; });
    if (known_.size() >= kKnownMax) known_.clear();
  }
  Known& known = known_[pid];
  known.looked = now_;
  const std::optional<ProcessNumbers> numbers = look_(pid);
  known.is_alive = numbers.has_value();
  // Of one that has gone, what was seen last stays: a flow of it may be told late.
  if (numbers) known.numbers = *numbers;
  return known;
}

}  // namespace freshet
