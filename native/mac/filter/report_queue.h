// A bounded queue from several threads to one, of slots that are there from the beginning.
//
// Threads: any number claim and publish; exactly one reads. Nobody waits: a claim that finds the
// queue full answers so at once. Nothing is allocated after construction. A thread that is
// suspended between Claim and Publish holds back what was claimed after it, not who claims.
//
// After Dmitry Vyukov's bounded queue: a cell's sequence says whose turn it is. It equals the
// position for the writer, position + 1 for the reader, position + capacity for the writer a lap
// later.
#ifndef FRESHET_MAC_FILTER_REPORT_QUEUE_H_
#define FRESHET_MAC_FILTER_REPORT_QUEUE_H_

#include <atomic>
#include <bit>
#include <cassert>
#include <memory>

#include "record.h"

namespace freshet {

template <typename T>
class ReportQueue {
 public:
  // A cell that is its claimant's until it is published. `value` is nullptr when the queue is full.
  struct Claimed {
    T* value = nullptr;
    u64 position = 0;
  };

  // REQUIRES: capacity is a power of two, at least 2: of one cell "published" and "free for the
  // next lap" would be the same sequence.
  explicit ReportQueue(size_t capacity) : mask_(capacity - 1), cells_(new Cell[capacity]) {
    assert(std::has_single_bit(capacity) && capacity > 1);
    for (size_t index = 0; index < capacity; index++)
      cells_[index].sequence.store(index, std::memory_order_relaxed);
  }
  ReportQueue(const ReportQueue&) = delete;
  ReportQueue& operator=(const ReportQueue&) = delete;

  size_t capacity() const { return mask_ + 1; }

  // Any thread.
  Claimed Claim() {
    u64 position = tail_.load(std::memory_order_relaxed);
    for (;;) {
      Cell& cell = cells_[position & mask_];
      const u64 sequence = cell.sequence.load(std::memory_order_acquire);
      if (sequence == position) {
        if (tail_.compare_exchange_weak(position, position + 1, std::memory_order_relaxed))
          return {&cell.value, position};
      } else if (sequence < position) {
        return {};
      } else {
        position = tail_.load(std::memory_order_relaxed);
      }
    }
  }

  // The thread that claimed. Answers how many cells are claimed and not yet read, about.
  u64 Publish(const Claimed& claimed) {
    cells_[claimed.position & mask_].sequence.store(claimed.position + 1,
                                                    std::memory_order_release);
    const u64 head = head_.load(std::memory_order_relaxed);
    return claimed.position >= head ? claimed.position - head + 1 : 0;
  }

  // The reader. The oldest published value, or nullptr; it stays until Pop.
  const T* Front() const {
    const u64 head = head_.load(std::memory_order_relaxed);
    const Cell& cell = cells_[head & mask_];
    return cell.sequence.load(std::memory_order_acquire) == head + 1 ? &cell.value : nullptr;
  }

  // The reader. REQUIRES: Front answered a value.
  void Pop() {
    const u64 head = head_.load(std::memory_order_relaxed);
    cells_[head & mask_].sequence.store(head + capacity(), std::memory_order_release);
    head_.store(head + 1, std::memory_order_relaxed);
  }

 private:
  struct Cell {
    std::atomic<u64> sequence;
    T value;
  };
  const u64 mask_;
  const std::unique_ptr<Cell[]> cells_;
  alignas(64) std::atomic<u64> tail_{0};  // next to be claimed
  alignas(64) std::atomic<u64> head_{0};  // next to be read; written by the reader
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_REPORT_QUEUE_H_
