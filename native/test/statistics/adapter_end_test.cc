// How the adapter of the framework ends and begins anew, while blocks wait on its queue and sockets
// come and go, and what it keeps.
#include <chrono>
#include <thread>

#include "adapter.h"

namespace freshet {
namespace {

void Sleep(u64 microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

// Stopped while blocks wait on the queue: nothing of them is heard any more, and whoever begins
// next hears of what is there.
void StopsWhileBlocksArePending() {
  nstat_double::Add(1, Tcp(100, 50'001));
  nstat_double::Count(1, Sent(900, 5));
  Adapter first;
  first.Take();
  std::thread stopping;
  nstat_double::Pause([&] {
    first.Query();
    nstat_double::Add(2, Tcp(101, 50'002));
    stopping = std::thread([&] { first.Stop(); });
    Sleep(20'000);  // it waits for the queue by then
    nstat_double::Remove(1);
    nstat_double::Add(3, Tcp(102, 50'003));
  });
  stopping.join();
  CHECK((first.hearing.Take() == Lines{"added 2", "ended"}));
  Adapter second;
  CHECK((second.Take() == Lines{"began", "added 2", "added 3",
                                "described 2 tcp pid 101 local 50002 remote 443",
                                "described 3 tcp pid 102 local 50003 remote 443"}));
  nstat_double::Remove(2);
  CHECK((second.Take() == Lines{"counted 2", "removed 2"}));
}

// A question of the one before is answered to nobody; what its answer holds is as good as any.
void AnswersWhoeverAsked() {
  nstat_double::Add(1, Tcp(100, 50'001));
  nstat_double::Count(1, Sent(900, 5));
  Adapter first;
  nstat_double::HoldAnswers(true);
  first.Query();
  first.Settle();
  first.Stop();
  Adapter second;
  second.Take();
  nstat_double::HoldAnswers(false);
  CHECK(second.Take() == Lines{"counted 1 tcp pid 100 local 50001 remote 443 out 900 in 5"});
  second.Query();
  CHECK(second.Take().back() == "answered");
}

// The same sockets under the same numbers, without those that ended meanwhile.
void TellsWhoeverBeginsAnewWhatIsThere() {
  for (u64 socket = 1; socket <= 3; socket++)
    nstat_double::Add(socket, Tcp(100, static_cast<u16>(50'000 + socket)));
  CHECK(Adapter().Take().size() == 7);
  nstat_double::Remove(2);
  nstat_double::Add(4, Tcp(100, 50'004));
  nstat_double::Settle();
  CHECK((Adapter().Take() == Lines{"began", "added 1", "added 3", "added 4",
                                   "described 1 tcp pid 100 local 50001 remote 443",
                                   "described 3 tcp pid 100 local 50003 remote 443",
                                   "described 4 tcp pid 100 local 50004 remote 443"}));
  const Lines calls = nstat_double::TakeCalls();
  CHECK(std::count(calls.begin(), calls.end(), "NStatManagerCreate") == 1);
  CHECK(std::count(calls.begin(), calls.end(), "NStatManagerAddAllTCP") == 1);
}

void RunsWhatWasPostedBeforeItEnds() {
  int ran = 0;
  Adapter adapter;
  for (int task = 0; task < 100; task++)
    adapter.Post([&, task] { ran += ran == task ? 1 : 1'000; });
  adapter.Stop();
  CHECK(ran == 100 && (adapter.hearing.Take() == Lines{"began", "ended"}));
}

// A timer that was cancelled goes a little later, and so does what its queue still did.
void ComesDownTo(int objects) {
  for (int wait = 0; xpc_double::objects.load() != objects; wait++) {
    CHECK(wait < 2'000);
    Sleep(5'000);
  }
}

// Of blocks, dictionaries, timers and sockets nothing stays.
void LetsGoOfAllThatItWasGiven() {
  Adapter().Take();
  // The queue, its manager, the block that this calls for each socket, and the constants.
  const int kept = 3 + 22;
  ComesDownTo(kept);
  for (int round = 0; round < 20; round++) {
    Adapter adapter;
    for (u64 socket = 1; socket <= 20; socket++) {
      nstat_double::Add(socket, Tcp(100, static_cast<u16>(socket)));
      nstat_double::Count(socket, Sent(5, 5));
    }
    adapter.Query();
    adapter.Take();
    // Each with its three blocks; and the timer.
    ComesDownTo(kept + 20 * 4 + 1);
    for (u64 socket = 1; socket <= 20; socket++) nstat_double::Remove(socket, socket % 2 == 0);
    adapter.Take();
  }
  ComesDownTo(kept);
}

void EndsAtAnyInstant() {
  nstat_double::Add(1, Tcp(100, 50'001));
  Adapter().Take();
  std::atomic<bool> stopping{false};
  std::thread sockets([&] {
    for (u64 socket = 2; !stopping.load(); socket++) {
      nstat_double::Add(socket, Tcp(100, 50'002));
      nstat_double::Count(socket, Sent(5, 5));
      if (socket % 3 == 0) std::this_thread::yield();
      nstat_double::Remove(socket);
      if (socket % 64 == 0) nstat_double::Settle();
    }
  });
  Random random(7);
  u64 heard = 0;
  for (int round = 0; round < 100; round++) {
    Adapter adapter;
    adapter.Query();
    Sleep(random.Below(3'000));
    adapter.Stop();
    const Lines lines = adapter.hearing.Take();
    CHECK(lines.front() == "began" && lines.back() == "ended");
    heard += lines.size();
  }
  CHECK(heard > 500);
  stopping.store(true);
  sockets.join();
  nstat_double::Settle();
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  for (void (*test)() :
       {StopsWhileBlocksArePending, AnswersWhoeverAsked, TellsWhoeverBeginsAnewWhatIsThere,
        RunsWhatWasPostedBeforeItEnds, LetsGoOfAllThatItWasGiven, EndsAtAnyInstant})
    Alone(test);
  std::puts("adapter_end: ok");
}
