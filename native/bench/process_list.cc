// What it costs to look at a Mac's list of processes several times a second, as far as our half
// goes: the watch over the system's calls as plain values. What the calls cost is a Mac's to say;
// how many there are is counted.
//
// `process_list PROCESSES SECONDS`: so many processes, looked at four times a second; with each
// look one in 200 ends and another begins, and one in 200 executes another program. Prints the
// processor time a second, how often the system was asked, and the rival's: all are named with each
// look, as for want of a memory of who was there.
#include <errno.h>
#include <time.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <vector>

#include "mac/polling/process_watch.h"

namespace freshet {
namespace {

constexpr u64 kSecond = 1'000'000'000;
constexpr u32 kLooksPerSecond = 4;
constexpr u32 kChangesOneIn = 200;

u64 CpuNs() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<u64>(now.tv_sec) * kSecond + static_cast<u64>(now.tv_nsec);
}

// Processes, and both seams over them: of kqueue's notes those that the source waits for.
class World final : public RunningApi, public ProcessEvents {
 public:
  explicit World(u32 processes) {
    while (images_.size() < processes) Begin();
  }

  // What happens between two looks; the notes of it.
  std::vector<ProcessEvent> Pass() {
    std::vector<ProcessEvent> notes;
    for (size_t count = std::max<size_t>(images_.size() / kChangesOneIn, 1); count > 0; count--) {
      const u32 ends = Next();
      images_.erase(ends);
      notes.push_back({.pid = ends, .exited = true});
      Begin();
      const u32 executes = Next();
      images_[executes] = ++versions_;
      notes.push_back({.pid = executes, .executed = true});
    }
    return notes;
  }

  u64 asked = 0;  // calls of the system

  int ListPids(size_t, std::vector<u32>* pids) override {
    asked++;
    pids->clear();
    for (const auto& [pid, version] : images_) pids->push_back(pid);
    return 0;
  }
  bool TokenOf(u32 pid, ProcessToken* token) override {
    asked++;
    const auto found = images_.find(pid);
    if (found == images_.end()) return false;
    token->pid = token->words[5] = pid;
    token->pidversion = token->words[7] = found->second;
    token->euid = token->words[1] = 501;
    return true;
  }
  std::string PathOf(const ProcessToken&) override {
    asked++;
    return "/Applications/A Program.app/Contents/MacOS/A Program";
  }
  bool FileOf(const ProcessToken& token, const std::string&, ProgramFile* file) override {
    asked++;
    *file = {16, token.pid, 0};
    return true;
  }
  std::string FolderOf(const ProcessToken&) override { return asked++, "/"; }
  std::string CallOf(const ProcessToken&) override { return asked++, ""; }
  u32 ParentOf(const ProcessToken&) override { return asked++, 1; }
  u32 ResponsibleFor(u32 pid) override { return asked++, pid; }
  u64 StartedUnixNs(const ProcessToken&) override { return asked++, 0; }
  int CodeSign(const ProcessToken&, CodeSignOp op, std::span<u8> into) override {
    asked++;
    std::fill(into.begin(), into.end(), u8{0});
    if (op == CodeSignOp::kTeamId) return ENOENT;
    if (op == CodeSignOp::kIdentity) {
      constexpr char kBlob[] =
          "\0\0\0\0\0\0\0\x1c"
          "com.example.program";
      static_assert(sizeof(kBlob) == 0x1c);
      std::memcpy(into.data(), kBlob, sizeof(kBlob));
    } else if (op == CodeSignOp::kStatus) {
      // CS_VALID, CS_HARD, CS_KILL, CS_RUNTIME: what most programs are, whose environment dyld
      // does not heed.
      constexpr u32 kFlags = 0x10301;
      std::memcpy(into.data(), &kFlags, sizeof(kFlags));
    }
    return 0;
  }
  bool SignatureOf(const ProcessToken&, RunningSignature*) override { return false; }

  bool Open() override { return true; }
  void Close() override {}
  int Watch(u32 pid) override { return asked++, images_.contains(pid) ? 0 : ESRCH; }
  size_t Wait(u64, std::span<ProcessEvent>) override { return 0; }
  void Ring() override {}

 private:
  void Begin() { images_[++pids_] = ++versions_; }
  // Another one each time.
  u32 Next() {
    auto found = images_.upper_bound(last_);
    if (found == images_.end()) found = images_.begin();
    return last_ = found->first;
  }

  std::map<u32, u32> images_;
  u32 pids_ = 0;
  u32 versions_ = 0;
  u32 last_ = 0;
};

struct Cost {
  u64 ns_per_s = 0;
  u64 asked_per_s = 0;
};

// `look` is called with what happened since it was called last.
template <typename Look>
Cost Measure(u32 processes, u32 seconds, Look make_look) {
  World world(processes);
  auto look = make_look(&world);
  look(std::vector<ProcessEvent>{}, true);
  Cost cost;
  world.asked = 0;
  for (u32 count = 0; count < seconds * kLooksPerSecond; count++) {
    const std::vector<ProcessEvent> notes = world.Pass();
    const u64 before = CpuNs();
    look(notes, false);
    cost.ns_per_s += CpuNs() - before;
  }
  cost.ns_per_s /= seconds;
  cost.asked_per_s = world.asked / seconds;
  return cost;
}

int Run(u32 processes, u32 seconds) {
  Ring ring(8 << 20);
  std::vector<std::byte> into(1 << 20);
  const auto drain = [&] {
    ring.Flush();
    while (ring.Drain(into) > 0) {
    }
  };
  Emitter emitter(&ring, k_source_polling);
  const Cost watch = Measure(processes, seconds, [&](World* world) {
    return [&, watch = ProcessWatch(world, world, &emitter)](const std::vector<ProcessEvent>& notes,
                                                             bool is_first) mutable {
      if (is_first) {
        watch.Enumerate(kSecond);
      } else {
        watch.Take(notes, kSecond);
        watch.Look(kSecond);
      }
      drain();
    };
  });
  const u64 changes = u64{std::max(processes / kChangesOneIn, 1u)} * kLooksPerSecond * seconds;
  // Each that began, executed or ended, and no other.
  const u64 records = ring.counters().records - processes;
  if (ring.counters().dropped > 0 || records < 2 * changes || records > 3 * changes) return 1;
  const Cost all = Measure(processes, seconds, [&](World* world) {
    return [&, world](const std::vector<ProcessEvent>&, bool) {
      TellRunning(
          world, [](u32, u32) { return false; },
          [&](const exec_record& record, const ExecText& text) {
            emitter.Emit(record, kSecond, text);
          },
          [](const code_record&, std::string_view) {});
      drain();
    };
  });
  std::printf(
      "{\"watchNsPerS\": %llu, \"watchAskedPerS\": %llu, \"allNsPerS\": %llu, "
      "\"allAskedPerS\": %llu}\n",
      static_cast<unsigned long long>(watch.ns_per_s),
      static_cast<unsigned long long>(watch.asked_per_s),
      static_cast<unsigned long long>(all.ns_per_s),
      static_cast<unsigned long long>(all.asked_per_s));
  return 0;
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  if (count < 3) return 2;
  return freshet::Run(static_cast<freshet::u32>(std::atoi(arguments[1])),
                      static_cast<freshet::u32>(std::atoi(arguments[2])));
}
