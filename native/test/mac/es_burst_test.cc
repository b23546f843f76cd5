// The Endpoint Security source under more than it can take: bursts, losses, a consumer that sleeps,
// starts and stops in the midst of it. `es_burst [MESSAGES]`.
#include <future>
#include <mutex>

#include "seen.h"

namespace freshet {
namespace {

using std::chrono::steady_clock;

double Seconds(steady_clock::time_point since) {
  return std::chrono::duration<double>(steady_clock::now() - since).count();
}

// As many messages as a compiler farm makes in a minute, at once: each is a record or is counted.
void CountsEachOfABurst(u64 messages) {
  mac_double::Reset();
  Scene scene({}, 64 << 20);
  scene.counts_only = true;
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  std::atomic<bool> done{false};
  double seconds = 0;
  std::thread kernel([&] {
    Client client;
    es_message_t* kinds[] = {client.Fork(70, 1), client.Exec(70, 2), client.Exit(70, 2)};
    const auto began = steady_clock::now();
    for (u64 index = 0; index < messages; index++) CHECK(client.Deliver(kinds[index % 3]));
    seconds = Seconds(began);
    done.store(true);
  });
  const auto accounted = [&] {
    return scene.others + scene.Lost(k_loss_ring_full) == messages && done.load();
  };
  // However long that many take; what waits then is there in no time.
  while (!done.load()) scene.Until([&] { return done.load(); });
  CHECK(scene.Until(accounted));
  kernel.join();
  CHECK(scene.Lost(k_loss_kernel_events) == 0 && scene.Lost(k_loss_malformed) == 0);
  std::printf("es burst: %llu messages in %.2f s, %llu records, %llu counted as lost\n",
              static_cast<unsigned long long>(messages), seconds,
              static_cast<unsigned long long>(scene.others),
              static_cast<unsigned long long>(scene.Lost(k_loss_ring_full)));
}

void DeliverExecs(u64 count) {
  Client client;
  es_message_t* exec = client.Exec(70, 2);
  for (u64 index = 0; index < count; index++) CHECK(client.Deliver(exec));
}

// A consumer that holds up the source's own thread: the handler goes on all the same.
void DoesNotWaitForTheThread() {
  mac_double::Reset();
  constexpr u64 kMessages = 50'000;
  Scene scene({.handover_bytes = 64 << 10, .after_loss_ms = 20}, 64 << 20);
  scene.counts_only = true;
  std::mutex held;
  scene.on_readable = [&] { const std::lock_guard lock(held); };
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  {
    const std::lock_guard lock(held);
    auto kernel = std::async(std::launch::async, [] { DeliverExecs(kMessages); });
    // While the lock is held nothing leaves the handler's ring for long.
    CHECK(kernel.wait_for(std::chrono::seconds(10)) == std::future_status::ready);
  }
  CHECK(scene.Until([&] { return scene.others + scene.Lost(k_loss_ring_full) >= kMessages; }));
  CHECK(scene.others + scene.Lost(k_loss_ring_full) == kMessages);
  CHECK(scene.Lost(k_loss_ring_full) > 0);
  CHECK(scene.UntilEnumerated(2));  // what was dropped is made up for
}

// A consumer that reads nothing until it is over.
void CountsWhatASlowConsumerMisses() {
  mac_double::Reset();
  constexpr u64 kMessages = 50'000;
  constexpr u32 kAnHourMs = 3'600'000;
  Scene scene({.after_loss_ms = kAnHourMs}, 64 << 10, kAnHourMs);  // ticks would be dropped too
  scene.counts_only = true;
  scene.Start();
  CHECK(scene.Until([&] { return scene.ticks.size() == 1; }));
  Client client;
  es_message_t* exec = client.Exec(70, 2);
  u64 delivered = 0;
  for (; delivered < kMessages; delivered++) CHECK(client.Deliver(exec));
  // What was dropped is said before the next record that gets through.
  CHECK(scene.Until([&] {
    if (scene.others + scene.Lost(k_loss_ring_full) == delivered) return true;
    CHECK(client.Deliver(exec));
    delivered++;
    return false;
  }));
  CHECK(scene.ring().counters().dropped > 0);
}

// Asks again and again, at most ten seconds: for what no record tells.
bool Polled(const std::function<bool()>& ready) {
  for (const auto began = steady_clock::now(); !ready(); std::this_thread::yield())
    if (Seconds(began) > 10) return false;
  return true;
}

// What its own ring dropped is enumerated anew, and not before there is room to say it.
void EnumeratesWhatItsRingDropped() {
  mac_double::Reset();
  std::atomic<u32> lists{0};
  const auto tell_running = [&](const IsTold&, const TellExec&, const TellCode&) {
    lists++;
    return 0;
  };
  Scene scene({.after_loss_ms = 20, .tell_running = tell_running}, 256 << 10, 10);
  scene.counts_only = true;
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  DeliverExecs(3'000);
  // Nobody reads: each tick that finds the ring full tells that time has passed.
  const auto dropped = [&] { return scene.ring().counters().dropped; };
  CHECK(Polled([&] { return dropped() > 0; }));
  const u64 before = dropped();
  CHECK(Polled([&] { return dropped() >= before + 20; }));
  CHECK(lists.load() == 1);
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.Lost(k_loss_ring_full) > 0 && lists.load() == 2);
}

// What fills half of the handler's ring does not wait until enough was gathered.
void HurriesWhenHalfFull() {
  mac_double::Reset();
  constexpr u32 kAnHourMs = 3'600'000;
  constexpr size_t kHandoverBytes = 128 << 10;
  constexpr u64 kExecBytes = 168;
  Scene scene({.handover_bytes = kHandoverBytes, .gather_ms = kAnHourMs}, 4 << 20, kAnHourMs);
  scene.counts_only = true;
  scene.Start();
  CHECK(scene.Until([&] { return scene.ticks.size() == 1; }));
  for (u64 told = 250; told <= 5'000; told += 250) {
    DeliverExecs(250);
    CHECK(Polled([&] {
      scene.Drain();
      return (told - scene.others) * kExecBytes <= kHandoverBytes / 2;
    }));
  }
  CHECK(scene.losses.empty());
}

// Messages that come as fast as they are passed on do not keep the thread from its other work.
void StopsInABurstWithoutEnd() {
  mac_double::Reset();
  Client client;
  es_message_t* exec = client.Exec(70, 2);
  Scene scene({.handover_bytes = 64 << 10}, 4 << 20);
  scene.counts_only = true;
  std::atomic<u64> passed{0};
  std::atomic<bool> armed{false};
  // On the source's thread, which alone reads and delivers from here on.
  scene.on_readable = [&] {
    if (!armed.load()) return;
    scene.Drain();
    if (client.Deliver(exec)) passed++;  // until the client is closed
  };
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  armed.store(true);
  CHECK(client.Deliver(exec));
  CHECK(Polled([&] { return passed.load() >= 1'000; }));
  auto stop = std::async(std::launch::async, [&] { scene.source().Stop(); });
  if (stop.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
    std::fputs("the source's thread passes on for ever\n", stderr);
    std::_Exit(1);
  }
}

void SaysWhatTheKernelDropped() {
  mac_double::Reset();
  Scene scene({.after_loss_ms = 20});
  scene.Start();
  CHECK(scene.UntilEnumerated(1));
  Client client(1000);
  es_message_t* exec = client.Exec(70, 2);
  es_message_t* exit = client.Exit(70, 2);
  CHECK(client.Deliver(exec) && client.Deliver(exit));
  client.Drop(ES_EVENT_TYPE_NOTIFY_EXEC, 5);
  client.Drop(ES_EVENT_TYPE_NOTIFY_EXIT, 2);
  CHECK(client.Deliver(exit) && client.Deliver(exec));
  CHECK(scene.Until([&] { return scene.execs.size() == 2 && scene.exits.size() == 2; }));
  CHECK(scene.Until([&] { return scene.Lost(k_loss_kernel_events) > 0; }));
  CHECK(scene.UntilEnumerated(2));
  CHECK(scene.Lost(k_loss_kernel_events) == 7);
  // No more is lost: nothing is enumerated again.
  const size_t ticks = scene.ticks.size();
  CHECK(scene.Until([&] { return scene.ticks.size() >= ticks + 4; }));
  CHECK(scene.Marks(k_mark_enumerated) == 2);
}

// `outlive`: a client may be deleted while its handler runs.
void StartsAndStopsInABurst(u32 rounds, bool outlive) {
  mac_double::Reset();
  mac_double::LetHandlersOutliveClients(outlive);
  std::atomic<bool> done{false};
  std::atomic<u64> delivered{0};
  std::thread kernel([&] {
    Client client;
    es_message_t* exec = client.Exec(70, 2);
    while (!done.load())
      if (client.Deliver(exec)) delivered++;
  });
  double slowest = 0;
  Random random(9);
  Scene scene({}, 64 << 20, 10);  // room enough to say all
  scene.counts_only = true;
  for (u32 round = 0; round < rounds; round++) {
    scene.Start();
    std::this_thread::sleep_for(std::chrono::microseconds(random.Below(5'000)));
    if (round % 3 == 0) scene.source().RequestEnumerate();
    const auto began = steady_clock::now();
    scene.source().Stop();
    slowest = std::max(slowest, Seconds(began));
    scene.Drain();
    CHECK(scene.marks.back().record.kind == k_mark_stop);
    CHECK(scene.Marks(k_mark_stop) == round + 1);
  }
  done.store(true);
  kernel.join();
  const mac_double::State state = mac_double::Now();
  CHECK(state.made == rounds && state.deleted == rounds && state.wrong_threads == 0);
  // Each is told or counted, also those that came while a client ended; but for one a round, whose
  // handler was still at it when nobody read any more.
  const u64 told = scene.others + scene.Lost(k_loss_ring_full);
  CHECK(told <= delivered.load() && told + (outlive ? rounds : 0) >= delivered.load());
  std::printf("es burst: %u starts and stops among %llu messages, slowest stop %.1f ms\n", rounds,
              static_cast<unsigned long long>(delivered.load()), slowest * 1e3);
}

// A message whose handler was under way when the client was deleted finds what it needs.
void OutlivesItsClient() {
  mac_double::Reset();
  Client client;
  es_message_t* exec = client.Exec(70, 2);
  {
    Scene scene;
    scene.Start();
    CHECK(scene.UntilEnumerated(1));
    CHECK(client.Deliver(exec));
    scene.source().Stop();
    mac_double::DeliverLate(*exec);
    scene.Drain();
    CHECK(scene.execs.size() == 1);  // nobody reads it any more
    CHECK(scene.marks.back().record.kind == k_mark_stop);
  }
  mac_double::DeliverLate(*exec);
  mac_double::Reset();
}

}  // namespace
}  // namespace freshet

int main(int count, char** arguments) {
  using namespace freshet;
  CountsEachOfABurst(count > 1 ? std::strtoull(arguments[1], nullptr, 10) : 1'000'000);
  DoesNotWaitForTheThread();
  CountsWhatASlowConsumerMisses();
  EnumeratesWhatItsRingDropped();
  HurriesWhenHalfFull();
  StopsInABurstWithoutEnd();
  SaysWhatTheKernelDropped();
  StartsAndStopsInABurst(60, false);
  StartsAndStopsInABurst(60, true);
  OutlivesItsClient();
  std::puts("es burst: ok");
}
