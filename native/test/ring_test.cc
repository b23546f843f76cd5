// The ring between two threads: order, wholeness, wrap, drops and wake-ups.
#include "ring.h"

#include <atomic>
#include <thread>
#include <vector>

#include "check.h"
#include "emitter.h"

namespace freshet {
namespace {

// A record of `words` words behind the header; every word of it holds `number`.
std::vector<u64> MakeRecord(u64 number, size_t words) {
  std::vector<u64> record(2 + words, number);
  const Header header{static_cast<u32>(record.size() * 8), 1, 0, 0, number};
  std::memcpy(record.data(), &header, sizeof(header));
  return record;
}

bool Push(Ring& ring, const std::vector<u64>& record) {
  return ring.Push({std::as_bytes(std::span(record))});
}

// Calls `handle(number)` for each record; fails unless every byte is that record's.
template <typename Handle>
void Read(std::span<const std::byte> bytes, Handle handle) {
  for (size_t at = 0; at < bytes.size();) {
    Header header;
    CHECK(bytes.size() - at >= sizeof(header));
    std::memcpy(&header, &bytes[at], sizeof(header));
    CHECK(header.size >= sizeof(header) && header.size % 8 == 0);
    CHECK(header.size <= bytes.size() - at);
    for (size_t word = sizeof(header); word < header.size; word += 8) {
      u64 value;
      std::memcpy(&value, &bytes[at + word], 8);
      CHECK(value == header.at_ns);
    }
    handle(header.at_ns);
    at += header.size;
  }
}

void DropsWhenFullAndCounts() {
  Ring ring(64);
  CHECK(Push(ring, MakeRecord(1, 2)));
  CHECK(Push(ring, MakeRecord(2, 2)));
  CHECK(!Push(ring, MakeRecord(3, 0)));
  CHECK(ring.counters().records == 2);
  CHECK(ring.counters().dropped == 1);
  CHECK(ring.counters().waiting_bytes == 64);
  std::vector<std::byte> into(40);
  CHECK(ring.Drain(into) == 32);  // one whole record, though half of the next would fit
  CHECK(Push(ring, MakeRecord(4, 0)));
  CHECK(ring.Drain(into) == 32);
  CHECK(ring.Drain(into) == 16);
  CHECK(ring.Drain(into) == 0);
  CHECK(!Push(ring, MakeRecord(5, 7)));  // 72 bytes: larger than the ring
  CHECK(ring.counters().dropped == 2);
}

void WakesOncePerBurst() {
  Ring ring(4096);
  std::vector<std::byte> into(4096);
  CHECK(!ring.Flush());  // nothing to wake for
  CHECK(Push(ring, MakeRecord(1, 0)));
  CHECK(ring.Flush());
  CHECK(!ring.Flush());
  CHECK(Push(ring, MakeRecord(2, 0)));
  CHECK(!ring.Flush());  // it was woken and has not yet found the ring empty
  CHECK(ring.Drain(into) == 32);
  CHECK(Push(ring, MakeRecord(3, 0)));
  CHECK(!ring.Flush());
  CHECK(ring.Drain(into) == 16);
  CHECK(ring.Drain(into) == 0);
  CHECK(Push(ring, MakeRecord(4, 0)));
  CHECK(ring.Flush());
}

// Random sizes from a thread; the consumer sleeps unless Flush said to wake it. Everything pushed
// arrives whole and in order, everything else was counted, and no wake-up is missed.
void KeepsOrderAcrossThreads(u64 seed, size_t capacity, u64 count) {
  Ring ring(capacity);
  std::atomic<u32> wakes{0};
  std::atomic<bool> ended{false};
  std::thread producer([&] {
    Random random(seed);
    for (u64 number = 1; number <= count; number++) {
      Push(ring, MakeRecord(number, random.Below(12)));
      if (random.Below(8) != 0 && number != count) continue;
      if (!ring.Flush()) continue;
      wakes.fetch_add(1);
      wakes.notify_one();
    }
    ended.store(true);
    wakes.fetch_add(1);
    wakes.notify_one();
  });
  std::vector<std::byte> into(capacity);
  Random random(~seed);
  u64 last = 0;
  u64 seen = 0;
  u32 woken = 0;
  for (;;) {
    const size_t room = std::max<size_t>(112, random.Below(capacity));
    const size_t copied = ring.Drain(std::span(into).first(std::min(room, capacity)));
    Read(std::span(into).first(copied), [&](u64 number) {
      CHECK(number > last);
      last = number;
      seen++;
    });
    if (copied > 0) continue;
    if (ended.load() && ring.counters().waiting_bytes == 0) break;
    wakes.wait(woken);  // a missed wake-up hangs here, and the test's time limit tells
    woken = wakes.load();
  }
  producer.join();
  const Ring::Counters counters = ring.counters();
  CHECK(counters.records == seen);
  CHECK(counters.records + counters.dropped == count);
}

// Every record that was dropped is said, at the place where the gap is.
void EmitterSaysWhatWasLost() {
  Ring ring(1024);
  Emitter emitter(&ring, k_source_linux);
  u64 dropped = 0;
  for (int index = 0; index < 50; index++)
    if (!emitter.Emit(tick_record{}, 7)) dropped++;
  CHECK(dropped > 0);
  std::vector<std::byte> into(1024);
  CHECK(ring.Drain(into) > 0);
  CHECK(emitter.Emit(tick_record{}, 8));
  const size_t copied = ring.Drain(into);
  loss_record loss;
  CHECK(copied == sizeof(loss) + sizeof(tick_record));
  std::memcpy(&loss, into.data(), sizeof(loss));
  CHECK(loss.header.type == loss_record::kType && loss.header.source == k_source_linux);
  CHECK(loss.what == k_loss_ring_full && loss.count == dropped);
  CHECK(ring.counters().dropped == dropped);
}

void EmitterCutsTextAtCharacters() {
  CHECK(CutText("abc", 3) == "abc");
  CHECK(CutText("ab\u00e9", 3) == "ab");
  CHECK(CutText("\u00e9", 1) == "");
  Ring ring(1 << 16);
  Emitter emitter(&ring, k_source_linux);
  const std::string path(5000, 'p');
  CHECK(emitter.Emit(exec_record{}, 1, {path, "s"}));
  std::vector<std::byte> into(1 << 16);
  const size_t copied = ring.Drain(into);
  exec_record exec;
  std::memcpy(&exec, into.data(), sizeof(exec));
  CHECK(exec.path_bytes == 4096 && exec.script_bytes == 1);
  CHECK((exec.flags & k_exec_truncated) != 0);
  CHECK(copied == exec.header.size && copied == RecordSize<exec_record>(4097));
  CHECK(into[sizeof(exec) + 4096] == std::byte{'s'} && into[copied - 1] == std::byte{0});

  CHECK(emitter.Emit(exec_record{}, 1, {"/p", "", "signing", std::string(65, 't')}));
  const size_t signed_copied = ring.Drain(into);
  std::memcpy(&exec, into.data(), sizeof(exec));
  CHECK(exec.path_bytes == 2 && exec.script_bytes == 0 && exec.signing_id_bytes == 7);
  CHECK(exec.team_id_bytes == 64 && (exec.flags & k_exec_truncated) != 0);
  CHECK(signed_copied == RecordSize<exec_record>(2 + 7 + 64));
  CHECK(std::memcmp(&into[sizeof(exec)], "/psigningt", 10) == 0);
}

// What another thread made goes on byte for byte, and a gap is said before it.
void EmitterForwardsWholeRecords() {
  Ring made(1 << 12);
  exit_record exit{};
  exit.pid = 7;
  CHECK(PushRecord(&made, k_source_endpoint_security, &exit, 9));
  std::vector<std::byte> record(1 << 12);
  record.resize(made.Drain(record));
  CHECK(record.size() == sizeof(exit));

  Ring ring(1024);
  Emitter emitter(&ring, k_source_linux);
  const size_t fit = ring.Room() / record.size();
  for (size_t index = 0; index < fit; index++) CHECK(emitter.Forward(record));
  CHECK(!emitter.Forward(record));
  std::vector<std::byte> into(1024);
  CHECK(ring.Drain(into) == fit * record.size());
  CHECK(std::memcmp(into.data(), record.data(), record.size()) == 0);
  CHECK(emitter.Forward(record));
  CHECK(ring.Drain(into) == sizeof(loss_record) + record.size());
  loss_record loss;
  std::memcpy(&loss, into.data(), sizeof(loss));
  CHECK(loss.what == k_loss_ring_full && loss.count == 1 && loss.header.at_ns == 9);
  CHECK(std::memcmp(&into[sizeof(loss)], record.data(), record.size()) == 0);
}

// What was reserved is there whenever the ring is full, and only for who asks for it.
void KeepsRoomForTheEnd() {
  Ring ring(128);
  ring.Reserve(48);
  CHECK(ring.Room() == 80);
  CHECK(Push(ring, MakeRecord(1, 8)) && ring.Room() == 0);
  CHECK(!Push(ring, MakeRecord(2, 0)) && ring.counters().dropped == 1);
  const auto last = MakeRecord(3, 4);
  const auto push_last = [&] { return ring.PushLast({std::as_bytes(std::span(last))}); };
  CHECK(push_last() && ring.Room() == 0 && ring.counters().waiting_bytes == 128);
  CHECK(!push_last() && ring.counters().dropped == 2);
  std::vector<std::byte> into(128);
  CHECK(ring.Drain(into) == 128);
  CHECK(ring.Room() == 80 && Push(ring, MakeRecord(4, 8)));
}

// The model: a producer counts what it made, a reader what it was told of; whatever was emitted,
// counted as lost and drained in between, and however full the ring is at the end, the two agree
// and mark(stop) is last.
void OwesNothingAtTheEnd(u64 seed) {
  constexpr u32 kKinds[] = {k_loss_kernel_events, k_loss_flow_closes, k_loss_table_full,
                            k_loss_malformed, k_loss_flow_counters};
  Random random(seed);
  Ring ring(size_t{1024} << random.Below(4));
  Emitter emitter(&ring, k_source_linux);
  u64 made = 0, told = 0, stops = 0;
  std::array<u64, 16> lost{}, told_lost{};
  std::vector<std::byte> into(1 << 14);
  const auto drain = [&](size_t bytes) {
    const size_t copied = ring.Drain(std::span(into).first(bytes));
    for (size_t at = 0; at < copied;) {
      Header header;
      std::memcpy(&header, &into[at], sizeof(header));
      CHECK(stops == 0);
      if (header.type == loss_record::kType) {
        loss_record loss;
        std::memcpy(&loss, &into[at], sizeof(loss));
        told_lost[loss.what] += loss.count;
      } else if (header.type == mark_record::kType) {
        stops++;
      } else {
        told++;
      }
      at += header.size;
    }
    return copied;
  };
  for (u64 steps = random.Below(400); steps > 0; steps--) {
    const u64 step = random.Below(16);
    if (step == 0) {
      drain(64 + random.Below(8192));
    } else if (step == 1) {
      emitter.EmitLosses(steps);
    } else if (step == 2) {
      const u32 what = kKinds[random.Below(std::size(kKinds))];
      const u64 count = 1 + random.Below(9);
      emitter.CountLoss(what, count);
      lost[what] += count;
    } else if (step < 10) {
      made++;
      emitter.Emit(tick_record{}, steps);
    } else {
      made++;
      emitter.Emit(exec_record{}, steps, {std::string(random.Below(300), 'p')});
    }
  }
  mark_record stop{};
  stop.kind = k_mark_stop;
  emitter.End(stop, 9);
  while (drain(into.size()) > 0) continue;
  CHECK(stops == 1);
  CHECK(told + told_lost[k_loss_ring_full] == made);
  CHECK(told_lost[k_loss_ring_full] == ring.counters().dropped);
  for (const u32 what : kKinds) CHECK(told_lost[what] == lost[what]);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  DropsWhenFullAndCounts();
  WakesOncePerBurst();
  EmitterSaysWhatWasLost();
  EmitterCutsTextAtCharacters();
  EmitterForwardsWholeRecords();
  KeepsRoomForTheEnd();
  for (u64 seed = 1; seed <= 2'000; seed++) OwesNothingAtTheEnd(seed);
  for (u64 seed = 1; seed <= 4; seed++)
    for (const size_t capacity : {128, 256, 4096, 65536})
      KeepsOrderAcrossThreads(seed, capacity, 20'000);
  std::puts("ring: ok");
}
