// Writes records into a ring, on its producer's thread: fills in headers, cuts strings to their
// limits, and says what was dropped as soon as there is room to say it.
#ifndef FRESHET_EMITTER_H_
#define FRESHET_EMITTER_H_

#include <array>
#include <string_view>

#include "record.h"
#include "ring.h"

namespace freshet {

// A prefix of `text` of at most `bytes_max` bytes that does not end inside a UTF-8 character.
inline std::string_view CutText(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<u8>(text[end]) & 0xc0) == 0x80) end--;
  return text.substr(0, end);
}

// Threads: one, the ring's producer. Owns nothing; the ring outlives it.
class Emitter {
 public:
  Emitter(Ring* ring, u8 source) : ring_(ring), source_(source) {}

  // Emits a record without strings. False when it was dropped (and counted).
  template <typename R>
  bool Emit(R record, u64 at_ns) {
    static_assert(sizeof(R) % 8 == 0);
    return Send(&record, at_ns, {}, {});
  }

  // Emits a record with one or two strings, which are cut to the limits of record.def. The record's
  // string lengths must lie in the order given.
  bool Emit(exec_record record, u64 at_ns, std::string_view path, std::string_view script) {
    const std::string_view cut_path = CutText(path, exec_record::k_path_max);
    const std::string_view cut_script = CutText(script, exec_record::k_script_max);
    if (cut_path.size() < path.size() || cut_script.size() < script.size())
      record.flags |= k_exec_truncated;
    record.path_bytes = static_cast<u16>(cut_path.size());
    record.script_bytes = static_cast<u16>(cut_script.size());
    return Send(&record, at_ns, cut_path, cut_script);
  }
  bool Emit(name_record record, u64 at_ns, std::string_view hostname) {
    const std::string_view cut = CutText(hostname, name_record::k_hostname_max);
    record.hostname_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut, {});
  }
  bool Emit(mark_record record, u64 at_ns, std::string_view note) {
    const std::string_view cut = CutText(note, mark_record::k_note_max);
    record.note_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut, {});
  }

  // Counts `count` things of CODE loss `what` as dropped; the loss record follows when there is
  // room.
  void CountLoss(u32 what, u64 count) { losses_[what] += count; }

  // Emits what was counted, as far as there is room.
  void EmitLosses(u64 at_ns) {
    for (u32 what = 0; what < losses_.size(); what++) {
      if (losses_[what] == 0) continue;
      if (ring_->Room() < sizeof(loss_record)) return;
      loss_record record{};
      record.count = losses_[what];
      record.what = what;
      record.header = {sizeof(record), loss_record::kType, source_, 0, at_ns};
      ring_->Push({std::as_bytes(std::span(&record, 1))});
      losses_[what] = 0;
    }
  }

 private:
  // A loss is said before the next record that does get through, so that its place in the stream
  // tells where the gap is.
  template <typename R>
  bool Send(R* record, u64 at_ns, std::string_view first, std::string_view second) {
    static constexpr std::array<std::byte, 8> kZeros{};
    const size_t text_bytes = first.size() + second.size();
    const u32 size = RecordSize<R>(text_bytes);
    record->header = {size, R::kType, source_, 0, at_ns};
    if (losses_[k_loss_ring_full] > 0 && ring_->Room() >= size + sizeof(loss_record))
      EmitLosses(at_ns);
    if (ring_->Push({std::as_bytes(std::span(record, 1)), std::as_bytes(std::span(first)),
                     std::as_bytes(std::span(second)),
                     Bytes(kZeros.data(), size - sizeof(R) - text_bytes)}))
      return true;
    losses_[k_loss_ring_full]++;
    return false;
  }

  Ring* const ring_;
  const u8 source_;
  std::array<u64, 8> losses_{};  // by CODE loss
};

}  // namespace freshet

#endif  // FRESHET_EMITTER_H_
