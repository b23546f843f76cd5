// Processes that live, as a double of the two seams: the system's calls about them
// (running_double.h) and kqueue's notes. Notes are as xnu has them: one a pid, which goes on
// holding an end that was not told yet when the pid is another's already.
#ifndef FRESHET_TEST_POLLING_WORLD_H_
#define FRESHET_TEST_POLLING_WORLD_H_

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>

#include "mac/polling/polling_source.h"
#include "running_double.h"

namespace freshet {

// Threads: any; each call is whole.
class World {
 public:
  // A process with its first image; its pidversion.
  u32 Begin(u32 pid, u32 parent = 1, u64 started_unix_ns = 0) {
    const std::lock_guard lock(mutex_);
    return BeginLocked(pid, parent, started_unix_ns);
  }
  // Another image in it; its pidversion.
  u32 Exec(u32 pid) {
    const std::lock_guard lock(mutex_);
    return ExecLocked(pid);
  }
  // It ends; `is_waited_for` false: it stays on the list.
  void Exit(u32 pid, bool is_waited_for = true) {
    const std::lock_guard lock(mutex_);
    ExitLocked(pid, is_waited_for);
  }
  void Forked(u32 pid) {
    const std::lock_guard lock(mutex_);
    Note(pid, [](ProcessEvent* event) { event->forked = true; });
  }

  // Without a lock, for tests of one thread and for what happens `before` a call.
  u32 BeginLocked(u32 pid, u32 parent, u64 started_unix_ns) {
    dead_.erase(pid);
    Image image = Browser();
    image.pidversion = ++versions_;
    image.parent = parent;
    image.started_unix_ns = started_unix_ns;
    image.path = PathOf(image.pidversion);
    calls.images[pid] = image;
    List();
    return versions_;
  }
  u32 ExecLocked(u32 pid) {
    Image& image = calls.images.at(pid);
    image.pidversion = ++versions_;
    image.path = PathOf(versions_);
    Note(pid, [](ProcessEvent* event) { event->executed = true; });
    return versions_;
  }
  void ExitLocked(u32 pid, bool is_waited_for) {
    calls.images.erase(pid);
    if (!is_waited_for) dead_.insert(pid);
    List();
    Note(pid, [](ProcessEvent* event) { event->exited = true; });
    if (const auto note = notes_.find(pid); note != notes_.end()) note->second.is_attached = false;
  }
  void WaitForDead() {
    dead_.clear();
    List();
  }
  void SetListError(int error) {
    const std::lock_guard lock(mutex_);
    calls.list_error = error;
  }

  static std::string PathOf(u32 pidversion) { return "/opt/program-" + std::to_string(pidversion); }

  // The next ones of these that watching a pid answers, instead of what it would.
  std::vector<int> refusals;
  Double calls;

  std::unique_ptr<RunningApi> Api();
  std::unique_ptr<ProcessEvents> Events();

 private:
  friend class WorldApi;
  friend class WorldEvents;

  struct NoteState {
    bool is_attached = true;
    ProcessEvent event;
  };

  template <typename Change>
  void Note(u32 pid, Change change) {
    const auto note = notes_.find(pid);
    if (note == notes_.end() || !note->second.is_attached) return;
    change(&note->second.event);
    woken_.notify_all();
  }
  void List() {
    calls.listed.assign(dead_.begin(), dead_.end());
    for (const auto& [pid, image] : calls.images) calls.listed.push_back(pid);
  }
  int WatchLocked(u32 pid) {
    calls.before();
    if (notes_.contains(pid)) return 0;
    if (!calls.images.contains(pid)) return ESRCH;  // first, as xnu's filt_procattach
    if (!refusals.empty()) {
      const int refusal = refusals.back();
      refusals.pop_back();
      if (refusal != 0) return refusal;
    }
    notes_[pid] = {true, {pid}};
    return 0;
  }
  size_t TakeLocked(std::span<ProcessEvent> into) {
    size_t count = 0;
    for (auto at = notes_.begin(); at != notes_.end() && count < into.size();) {
      const auto note = at++;
      ProcessEvent& event = note->second.event;
      if (!event.executed && !event.forked && !event.exited) continue;
      into[count++] = event;
      if (event.exited)
        notes_.erase(note);
      else
        event = {note->first};
    }
    return count;
  }

  std::mutex mutex_;
  std::condition_variable woken_;
  std::map<u32, NoteState> notes_;
  std::set<u32> dead_;
  u32 versions_ = 0;
  bool rang_ = false;
};

class WorldApi final : public RunningApi {
 public:
  explicit WorldApi(World* world) : world_(world) {}
  int ListPids(size_t most, std::vector<u32>* pids) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.ListPids(most, pids);
  }
  bool TokenOf(u32 pid, ProcessToken* token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.TokenOf(pid, token);
  }
  std::string PathOf(const ProcessToken& token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.PathOf(token);
  }
  bool FileOf(const ProcessToken& token, const std::string& path, ProgramFile* file) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.FileOf(token, path, file);
  }
  std::string FolderOf(const ProcessToken& token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.FolderOf(token);
  }
  std::string CallOf(const ProcessToken& token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.CallOf(token);
  }
  u32 ParentOf(const ProcessToken& token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.ParentOf(token);
  }
  u32 ResponsibleFor(u32 pid) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.ResponsibleFor(pid);
  }
  u64 StartedUnixNs(const ProcessToken& token) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.StartedUnixNs(token);
  }
  int CodeSign(const ProcessToken& token, CodeSignOp op, std::span<u8> into) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.CodeSign(token, op, into);
  }
  bool SignatureOf(const ProcessToken& token, RunningSignature* signature) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->calls.SignatureOf(token, signature);
  }

 private:
  World* const world_;
};

class WorldEvents final : public ProcessEvents {
 public:
  explicit WorldEvents(World* world) : world_(world) {}
  bool Open() override { return true; }
  void Close() override {
    const std::lock_guard lock(world_->mutex_);
    world_->notes_.clear();
    world_->rang_ = false;
  }
  int Watch(u32 pid) override {
    const std::lock_guard lock(world_->mutex_);
    return world_->WatchLocked(pid);
  }
  size_t Wait(u64 ns, std::span<ProcessEvent> into) override {
    std::unique_lock lock(world_->mutex_);
    size_t count = world_->TakeLocked(into);
    if (count == 0 && !world_->rang_ && ns > 0) {
      world_->woken_.wait_for(lock, std::chrono::nanoseconds(ns));
      count = world_->TakeLocked(into);
    }
    world_->rang_ = false;
    return count;
  }
  void Ring() override {
    const std::lock_guard lock(world_->mutex_);
    world_->rang_ = true;
    world_->woken_.notify_all();
  }

 private:
  World* const world_;
};

inline std::unique_ptr<RunningApi> World::Api() { return std::make_unique<WorldApi>(this); }
inline std::unique_ptr<ProcessEvents> World::Events() {
  return std::make_unique<WorldEvents>(this);
}

}  // namespace freshet

#endif  // FRESHET_TEST_POLLING_WORLD_H_
