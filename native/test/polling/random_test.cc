// Processes that begin, run another program, end and leave their pids to others between any two
// calls, against a plain model: `random SEEDS [FIRST]`. Each image that is there from before a look
// until after it is told, once, as what it is; none is told to have ended that lives, none twice;
// and when nothing happens any more what was told is what there is.
#include <cstdio>
#include <cstdlib>

#include "mac/polling/process_watch.h"
#include "world.h"

namespace freshet {
namespace {

using Name = std::pair<u32, u32>;  // pid, pidversion

constexpr u32 kPids = 24;  // so few that pids are used again and again

class Trial {
 public:
  explicit Trial(u64 seed) : random_(seed) {
    api_ = world_.Api();
    events_ = world_.Events();
    watch_ = std::make_unique<ProcessWatch>(api_.get(), events_.get(), &emitter_);
    world_.calls.before = [this] {
      Read();
      if (is_quiet_) return;
      for (u64 steps = random_.Below(3); steps > 0; steps--) Live();
    };
  }

  void Run() {
    for (int step = 0; step < 40; step++) Live();
    CHECK(watch_->Enumerate(Now()) == 0);
    for (int round = 0; round < 60; round++) {
      for (u64 steps = random_.Below(8); steps > 0; steps--) Live();
      const std::set<Name> before = Alive();
      TakeEvents();
      // Somebody asks for one, which may be nobody's.
      if (random_.Below(3) == 0) watch_->LookAt(1 + static_cast<u32>(random_.Below(kPids)), Now());
      CHECK(watch_->Look(Now()) == 0);
      Read();
      const std::set<Name> after = Alive();
      for (const Name& image : before)
        if (after.contains(image)) CHECK(told_.contains(image));
      if (round % 10 == 9) Settle();
      if (round == 35) EnumerateAnew();
    }
  }

 private:
  // Nothing happens, until everything was looked at.
  void Settle() {
    is_quiet_ = true;
    world_.refusals.clear();
    TakeEvents();
    // A pid that was another's at each of several looks in a row is looked at with every 16th list.
    for (int look = 0; look < 16; look++) CHECK(watch_->Look(Now()) == 0);
    Read();
    CHECK(live_ == Alive());
    CHECK(watch_->known() <= world_.calls.listed.size());  // it forgets
    is_quiet_ = false;
  }

  // All that lives is told again; the ends of what is gone need not be.
  void EnumerateAnew() {
    Read();
    told_.clear();
    live_.clear();
    is_quiet_ = true;
    CHECK(watch_->Enumerate(Now()) == 0);
    Read();
    CHECK(live_ == Alive());
    is_quiet_ = false;
  }

  void TakeEvents() {
    std::array<ProcessEvent, kPids> events;
    const size_t count = events_->Wait(0, events);
    watch_->Take(std::span(events).first(count), Now());
    Read();
  }

  void Live() {
    const u32 pid = 1 + static_cast<u32>(random_.Below(kPids));
    const bool is_there = world_.calls.images.contains(pid);
    switch (random_.Below(5)) {
      case 0:
      case 1:
        if (!is_there) world_.BeginLocked(pid, 1, 0);
        break;
      case 2:
        if (is_there) world_.ExecLocked(pid);
        break;
      case 3:
        if (is_there) world_.ExitLocked(pid, random_.Below(2) == 0);
        break;
      default:
        if (random_.Below(4) == 0) world_.WaitForDead();
        // Some cannot be watched.
        if (random_.Below(6) == 0) world_.refusals = {0, ENOMEM, EACCES};
    }
  }

  std::set<Name> Alive() const {
    std::set<Name> alive;
    for (const auto& [pid, image] : world_.calls.images) alive.emplace(pid, image.pidversion);
    return alive;
  }

  // What was emitted since the last call, in the world that it was emitted in.
  void Read() {
    for (size_t copied = ring_.Drain(into_); copied > 0; copied = ring_.Drain(into_))
      for (size_t at = 0; at < copied;) at += Keep(at);
  }

  size_t Keep(size_t at) {
    Header header;
    std::memcpy(&header, &into_[at], sizeof(header));
    if (header.type == exec_record::kType) {
      exec_record record;
      std::memcpy(&record, &into_[at], sizeof(record));
      const Name name{record.pid, record.pidversion};
      const std::string path(reinterpret_cast<const char*>(&into_[at + sizeof(record)]),
                             record.path_bytes);
      CHECK(path == World::PathOf(record.pidversion));
      CHECK(told_.insert(name).second);
      // The image that it took the place of is not there any more.
      std::erase_if(live_, [&](const Name& other) { return other.first == name.first; });
      live_.insert(name);
    } else if (header.type == exit_record::kType) {
      exit_record record;
      std::memcpy(&record, &into_[at], sizeof(record));
      const Name name{record.pid, record.pidversion};
      CHECK(record.status == UINT32_MAX);
      CHECK(live_.erase(name) == 1);
      CHECK(!Alive().contains(name));
    } else {
      CHECK(header.type == loss_record::kType);
      CHECK(false);  // there is room for all
    }
    return header.size;
  }

  u64 Now() { return ++now_ns_; }

  Random random_;
  World world_;
  Ring ring_{1 << 20};
  Emitter emitter_{&ring_, k_source_polling};
  std::unique_ptr<RunningApi> api_;
  std::unique_ptr<ProcessEvents> events_;
  std::unique_ptr<ProcessWatch> watch_;
  std::vector<std::byte> into_ = std::vector<std::byte>(1 << 20);
  std::set<Name> told_;
  std::set<Name> live_;  // told, and not told to have ended
  bool is_quiet_ = false;
  u64 now_ns_ = 0;
};

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  const int seeds = count > 1 ? std::atoi(arguments[1]) : 100;
  const int first = count > 2 ? std::atoi(arguments[2]) : 1;
  for (int seed = first; seed < first + seeds; seed++) {
    std::fprintf(stderr, "seed %d\n", seed);
    freshet::Trial(static_cast<freshet::u64>(seed)).Run();
  }
  std::puts("random: ok");
}
