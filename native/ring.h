// A bounded ring of whole records between two threads.
//
// Threads: exactly one producer thread calls Reserve, Push, PushLast, Room and Flush; exactly one
// consumer thread calls Drain. Anyone may read the counters. Nothing blocks, nothing allocates
// after construction, and a record that finds the ring full is dropped and counted: a kernel
// callback is never held up.
//
// The end: a producer that reserved room finds it with PushLast even when the ring is full, so that
// it can say what was dropped, and that it ends, whether or not anyone still drains.
//
// Waking: Push makes a record visible but wakes nobody. The producer calls Flush once a burst; it
// answers whether the consumer has found the ring empty since the last time it was woken, so that a
// consumer that still drains is not woken again.
//
// Invariant: tail_ <= head_ <= tail_ + capacity; both only rise, and every byte in [tail_, head_)
// belongs to a whole record. Records are multiples of 8 bytes and so is the capacity, so a record's
// first word (its size) never lies across the end of the buffer.
#ifndef FRESHET_RING_H_
#define FRESHET_RING_H_

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>

#include "record.h"

namespace freshet {

using Bytes = std::span<const std::byte>;

class Ring {
 public:
  struct Counters {
    u64 records;        // pushed since construction
    u64 bytes;          // pushed since construction
    u64 dropped;        // records that found the ring full
    u64 waiting_bytes;  // pushed and not yet drained
    u64 capacity_bytes;
  };

  // REQUIRES: capacity_bytes is a power of two, at least 64.
  explicit Ring(size_t capacity_bytes)
      : capacity_(capacity_bytes),
        bytes_(new std::byte[capacity_bytes]) {  // not zeroed: pages come with use
    assert(std::has_single_bit(capacity_bytes) && capacity_bytes >= 64);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  // Producer. From now on so many bytes are PushLast's alone. Again with the same number changes
  // nothing. REQUIRES: less than the capacity.
  void Reserve(size_t bytes) {
    assert(bytes < capacity_);
    limit_ = capacity_ - bytes;
  }

  // Producer. Bytes that a Push would find free now; more may be free by the time it is called.
  size_t Room() {
    cached_tail_ = tail_.load(std::memory_order_acquire);
    return FreeBelow(limit_);
  }

  // Producer. Appends the record that `parts` make up, or drops it, counts it and answers false.
  // REQUIRES: the parts add up to a whole record, whose Header::size says so.
  bool Push(std::initializer_list<Bytes> parts) { return PushBelow(limit_, parts); }

  // Producer. The same, with the room that was reserved.
  bool PushLast(std::initializer_list<Bytes> parts) { return PushBelow(capacity_, parts); }

  // Producer. True, once, when the consumer waits to be woken and something may wait for it.
  // Both sides read-modify-write `asleep_`: whichever comes second sees the other's writes, so
  // either the producer sees a sleeper or the consumer sees the records.
  bool Flush() {
    if (head_.load(std::memory_order_relaxed) == tail_.load(std::memory_order_acquire))
      return false;
    return asleep_.exchange(false, std::memory_order_acq_rel);
  }

  // Producer. Gives the memory of the free part back to the system once kReleaseBytes have passed
  // through since the last time: a ring that is hardly used holds little. Cheap to call often.
  void Release() {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head - released_ < kReleaseBytes) return;
    released_ = head;
    // From head_ on, as far as tail_ a lap later, every byte is the producer's.
    const size_t from = head & (capacity_ - 1);
    const size_t free = Room();
    const size_t first = std::min(free, capacity_ - from);
    ReleasePages(from, first);
    ReleasePages(0, free - first);
  }

  // Consumer. Copies as many whole records as fit into `into` and answers their bytes. 0 when the
  // ring is empty (the next Flush then wakes), or when the first record alone is larger than
  // `into`.
  size_t Drain(std::span<std::byte> into) {
    size_t copied = Copy(into);
    if (copied > 0) return copied;
    asleep_.exchange(true, std::memory_order_acq_rel);
    // A record may have come between the look and the exchange; its Flush may have missed the
    // sleeper.
    copied = Copy(into);
    if (copied > 0) asleep_.exchange(false, std::memory_order_acq_rel);
    return copied;
  }

  // Any thread; each number is exact, the four are not of one instant.
  Counters counters() const {
    const size_t tail = tail_.load(std::memory_order_acquire);
    const size_t head = head_.load(std::memory_order_acquire);
    return {records_.load(std::memory_order_relaxed), pushed_bytes_.load(std::memory_order_relaxed),
            dropped_.load(std::memory_order_relaxed), head - tail, capacity_};
  }

 private:
  // Bytes free below `limit` at the producer's last look at tail_; what PushLast appended may lie
  // above it.
  size_t FreeBelow(size_t limit) const {
    const size_t used = head_.load(std::memory_order_relaxed) - cached_tail_;
    return used < limit ? limit - used : 0;
  }

  bool PushBelow(size_t limit, std::initializer_list<Bytes> parts) {
    size_t size = 0;
    for (Bytes part : parts) size += part.size();
    if (FreeBelow(limit) < size) cached_tail_ = tail_.load(std::memory_order_acquire);
    if (FreeBelow(limit) < size) {
      Add(dropped_, 1);
      return false;
    }
    const size_t head = head_.load(std::memory_order_relaxed);
    size_t at = head;
    for (Bytes part : parts) {
      Write(at, part);
      at += part.size();
    }
    Add(records_, 1);
    Add(pushed_bytes_, size);
    head_.store(at, std::memory_order_release);
    return true;
  }

  // One writer: no locked instruction needed.
  static void Add(std::atomic<u64>& counter, u64 by) {
    counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }

  void Write(size_t at, Bytes part) {
    if (part.empty()) return;
    const size_t offset = at & (capacity_ - 1);
    const size_t first = std::min(part.size(), capacity_ - offset);
    std::memcpy(&bytes_[offset], part.data(), first);
    if (first < part.size()) std::memcpy(&bytes_[0], part.data() + first, part.size() - first);
  }

  void ReleasePages(size_t offset, size_t length) {
    const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<uintptr_t>(&bytes_[offset]);
    const uintptr_t first = (begin + page - 1) & ~(page - 1);
    const uintptr_t end = (begin + length) & ~(page - 1);
#ifdef __APPLE__
    constexpr int kAdvice = MADV_FREE;
#else
    constexpr int kAdvice = MADV_DONTNEED;
#endif
    if (first < end) madvise(reinterpret_cast<void*>(first), end - first, kAdvice);
  }

  size_t Copy(std::span<std::byte> into) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    const size_t waiting = head_.load(std::memory_order_acquire) - tail;
    size_t whole = 0;
    while (whole < waiting) {
      u32 size;
      std::memcpy(&size, &bytes_[(tail + whole) & (capacity_ - 1)], sizeof(size));
      if (whole + size > into.size()) break;
      whole += size;
    }
    if (whole == 0) return 0;
    const size_t offset = tail & (capacity_ - 1);
    const size_t first = std::min(whole, capacity_ - offset);
    std::memcpy(into.data(), &bytes_[offset], first);
    if (first < whole) std::memcpy(into.data() + first, &bytes_[0], whole - first);
    tail_.store(tail + whole, std::memory_order_release);
    return whole;
  }

  static constexpr size_t kCacheLineBytes = 64;
  static constexpr size_t kReleaseBytes = 1 << 20;

  const size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;

  // Written by the producer.
  alignas(kCacheLineBytes) std::atomic<size_t> head_{0};
  size_t limit_ = capacity_;  // of what Push may fill
  size_t cached_tail_ = 0;    // the producer's own last look at tail_
  size_t released_ = 0;       // head_ when the producer last gave memory back
  std::atomic<u64> records_{0};
  std::atomic<u64> pushed_bytes_{0};
  std::atomic<u64> dropped_{0};
  // Written by the consumer.
  alignas(kCacheLineBytes) std::atomic<size_t> tail_{0};
  // Written by both. A consumer that has never looked is woken for the first record.
  alignas(kCacheLineBytes) std::atomic<bool> asleep_{true};
};

}  // namespace freshet

#endif  // FRESHET_RING_H_
