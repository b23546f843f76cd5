#include "mac/polling/process_watch.h"

#include <errno.h>

#include <algorithm>

namespace freshet {
namespace {

// One that is there and cannot be named is asked about this often in a row: it may have begun this
// moment. Then with every so manieth list: without root that is how all of other users are.
constexpr u32 kLooksInARow = 4;
constexpr u64 kListsBetween = 16;

}  // namespace

int ProcessWatch::Enumerate(u64 now_ns) {
  for (auto& [pid, known] : known_) {
    known.pidversion = 0;
    known.looks = 0;
  }
  return Look(now_ns);
}

int ProcessWatch::Look(u64 now_ns) {
  if (const int error = api_->ListPids(kPidsMax, &pids_); error != 0) return error;
  list_++;
  for (const u32 pid : pids_) {
    Known* known = pid == 0 ? nullptr : Find(pid);  // 0: the kernel itself
    if (known == nullptr) continue;
    known->listed = list_;
    if (IsDue(*known)) Tell(pid, known, false, now_ns);
  }
  for (auto at = known_.begin(); at != known_.end();) {
    const auto [pid, known] = *at++;  // End forgets it
    if (known.listed != list_) End(pid, known, now_ns);
  }
  return 0;
}

void ProcessWatch::LookAt(u32 pid, u64 now_ns) {
  Known* known = Find(pid);
  if (known == nullptr || (known->is_watched && known->pidversion != 0)) return;
  Tell(pid, known, false, now_ns);
}

bool ProcessWatch::Take(std::span<const ProcessEvent> events, u64 now_ns) {
  bool forked = false;
  for (const ProcessEvent& event : events) {
    forked |= event.forked;
    const auto found = known_.find(event.pid);
    if (found == known_.end()) continue;
    if (event.exited)
      Exited(event.pid, &found->second, now_ns);
    else if (event.executed)
      Tell(event.pid, &found->second, true, now_ns);
  }
  return forked;
}

ProcessWatch::Known* ProcessWatch::Find(u32 pid) {
  if (const auto found = known_.find(pid); found != known_.end()) return &found->second;
  if (known_.size() >= kPidsMax) {
    emitter_->CountLoss(k_loss_table_full, 1);
    return nullptr;
  }
  Known& added = known_[pid];
  added.listed = list_;  // the next list says whether it is still there
  return &added;
}

bool ProcessWatch::IsDue(const Known& known) const {
  if (known.pidversion != 0) return !known.is_watched;
  return known.looks < kLooksInARow || list_ % kListsBetween == 0;
}

bool ProcessWatch::Watch(u32 pid, Known* known, u64 now_ns) {
  if (known->is_watched) return true;
  const int error = events_->Watch(pid);
  known->is_watched = error == 0;
  if (error != ESRCH || known->pidversion == 0) return error != ESRCH;
  End(pid, *known, now_ns);
  return false;
}

void ProcessWatch::Tell(u32 pid, Known* known, bool is_exec, u64 now_ns) {
  if (!Watch(pid, known, now_ns)) return;
  // Of one that ran something else before, its start says nothing of this.
  const bool is_first = known->pidversion == 0;
  const LookedAt looked = TellOne(
      api_, pid, [known](u32, u32 pidversion) { return pidversion == known->pidversion; },
      [&](exec_record record, const ExecText& text) {
        const u64 started_ns = record.header.at_ns;
        if (is_exec && !is_first) record.flags &= ~k_exec_enumerated;
        known->pidversion = record.pidversion;
        emitter_->Emit(record, is_first && started_ns != 0 ? started_ns : now_ns, text);
      },
      [&](const code_record& record, std::string_view path) {
        emitter_->Emit(record, now_ns, path);
      });
  known->looks = looked == LookedAt::kVanished ? known->looks + 1 : 0;
  if (looked == LookedAt::kTold && !is_first && on_executed_) on_executed_(pid);
}

void ProcessWatch::Exited(u32 pid, Known* known, u64 now_ns) {
  known->is_watched = false;
  ProcessToken token;
  // The end was another's that had the pid before: this one is watched anew with the next look.
  if (known->pidversion != 0 && api_->TokenOf(pid, &token) && token.pidversion == known->pidversion)
    return;
  End(pid, *known, now_ns);
}

void ProcessWatch::End(u32 pid, const Known& known, u64 now_ns) {
  if (known.pidversion != 0) {
    exit_record record{};
    record.pid = pid;
    record.pidversion = known.pidversion;
    record.status = UINT32_MAX;
    emitter_->Emit(record, now_ns);
  }
  known_.erase(pid);
}

}  // namespace freshet
