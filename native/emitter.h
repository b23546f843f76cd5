// Writes records into a ring, on its producer's thread: fills in headers, cuts strings to their
// limits, and says what was dropped as soon as there is room to say it: at the end, whether there
// is or not.
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

// The strings of an exec record, in the order of record.def.
struct ExecText {
  std::string_view path;
  std::string_view script = {};
  std::string_view signing_id = {};
  std::string_view team_id = {};
};

// The strings cut to the limits of record.def; their lengths, and whether one was cut, go into the
// record.
inline ExecText CutExec(const ExecText& text, exec_record* record) {
  const ExecText cut{CutText(text.path, exec_record::k_path_max),
                     CutText(text.script, exec_record::k_script_max),
                     CutText(text.signing_id, exec_record::k_signing_id_max),
                     CutText(text.team_id, exec_record::k_team_id_max)};
  if (cut.path.size() < text.path.size() || cut.script.size() < text.script.size() ||
      cut.signing_id.size() < text.signing_id.size() || cut.team_id.size() < text.team_id.size())
    record->flags |= k_exec_truncated;
  record->path_bytes = static_cast<u16>(cut.path.size());
  record->script_bytes = static_cast<u16>(cut.script.size());
  record->signing_id_bytes = static_cast<u16>(cut.signing_id.size());
  record->team_id_bytes = static_cast<u16>(cut.team_id.size());
  return cut;
}

// Pushes a record and its strings, in the order of record.def; the header is filled in. False when
// the ring was full. REQUIRES: the record's string lengths are those of `text`.
template <typename R, typename... Text>
bool PushRecord(Ring* ring, u8 source, R* record, u64 at_ns, Text... text) {
  static_assert(sizeof(R) % 8 == 0);
  static constexpr std::array<std::byte, 8> kZeros{};
  const size_t text_bytes = (size_t{0} + ... + text.size());
  const u32 size = RecordSize<R>(text_bytes);
  record->header = {size, R::kType, source, 0, at_ns};
  return ring->Push({std::as_bytes(std::span(record, 1)),
                     std::as_bytes(std::span(text.data(), text.size()))...,
                     Bytes(kZeros.data(), size - sizeof(R) - text_bytes)});
}

// Threads: one, the ring's producer. Owns nothing; the ring outlives it.
class Emitter {
 public:
  // Room for the end is kept in the ring from here on. REQUIRES: one end after the other, each
  // drained before the next.
  Emitter(Ring* ring, u8 source) : ring_(ring), source_(source) { ring->Reserve(kEndBytes); }

  // Emits a record without strings. False when it was dropped (and counted).
  template <typename R>
  bool Emit(R record, u64 at_ns) {
    return Send(&record, at_ns);
  }

  // Emits a record with its strings, which are cut to the limits of record.def.
  bool Emit(exec_record record, u64 at_ns, const ExecText& text) {
    const ExecText cut = CutExec(text, &record);
    return Send(&record, at_ns, cut.path, cut.script, cut.signing_id, cut.team_id);
  }
  bool Emit(name_record record, u64 at_ns, std::string_view hostname) {
    const std::string_view cut = CutText(hostname, name_record::k_hostname_max);
    record.hostname_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut);
  }
  bool Emit(code_record record, u64 at_ns, std::string_view path) {
    const std::string_view cut = CutText(path, code_record::k_path_max);
    record.path_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut);
  }
  bool Emit(gone_record record, u64 at_ns, std::string_view name) {
    const std::string_view cut = CutText(name, gone_record::k_name_max);
    record.name_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut);
  }
  // `text` is what ArgumentText::Finish gave for the record.
  bool Emit(arguments_record record, u64 at_ns, std::string_view text) {
    return Send(&record, at_ns, text);
  }
  bool Emit(mark_record record, u64 at_ns, std::string_view note) {
    const std::string_view cut = CutText(note, mark_record::k_note_max);
    record.note_bytes = static_cast<u16>(cut.size());
    return Send(&record, at_ns, cut);
  }

  // The last record: mark(stop), after all that is still owed. A full ring has room for both.
  // REQUIRES: nothing is dropped or emitted after it.
  void End(mark_record stop, u64 at_ns) {
    for (u32 what = 0; what < losses_.size(); what++) {
      if (losses_[what] == 0) continue;
      loss_record loss = MakeLoss(what, at_ns);
      if (ring_->PushLast({std::as_bytes(std::span(&loss, 1))})) losses_[what] = 0;
    }
    stop.header = {sizeof(stop), mark_record::kType, source_, 0, at_ns};
    ring_->PushLast({std::as_bytes(std::span(&stop, 1))});
  }

  // Passes on a whole record that another thread made, as it is. REQUIRES: its bytes are a record.
  bool Forward(Bytes record) {
    Header header;
    std::memcpy(&header, record.data(), sizeof(header));
    SayLossesFirst(record.size(), header.at_ns);
    return Count(ring_->Push({record}));
  }

  // Counts `count` things of CODE loss `what` as dropped; the loss record follows when there is
  // room.
  void CountLoss(u32 what, u64 count) { losses_[what] += count; }

  // Emits what was counted, as far as there is room.
  void EmitLosses(u64 at_ns) {
    for (u32 what = 0; what < losses_.size(); what++) {
      if (losses_[what] == 0) continue;
      if (ring_->Room() < sizeof(loss_record)) return;
      const loss_record record = MakeLoss(what, at_ns);
      ring_->Push({std::as_bytes(std::span(&record, 1))});
      losses_[what] = 0;
    }
  }

 private:
  using Losses = std::array<u64, 16>;  // by CODE loss
  // A loss of each kind, and mark(stop) without a note.
  static constexpr size_t kEndBytes =
      std::tuple_size_v<Losses> * sizeof(loss_record) + RecordSize<mark_record>(0);

  loss_record MakeLoss(u32 what, u64 at_ns) const {
    loss_record record{};
    record.count = losses_[what];
    record.what = what;
    record.header = {sizeof(record), loss_record::kType, source_, 0, at_ns};
    return record;
  }

  template <typename R, typename... Text>
  bool Send(R* record, u64 at_ns, Text... text) {
    SayLossesFirst(RecordSize<R>((size_t{0} + ... + text.size())), at_ns);
    return Count(PushRecord(ring_, source_, record, at_ns, text...));
  }

  // A loss is said before the next record that does get through, so that its place in the stream
  // tells where the gap is.
  void SayLossesFirst(size_t size, u64 at_ns) {
    if (losses_[k_loss_ring_full] > 0 && ring_->Room() >= size + sizeof(loss_record))
      EmitLosses(at_ns);
  }

  bool Count(bool pushed) {
    if (!pushed) losses_[k_loss_ring_full]++;
    return pushed;
  }

  Ring* const ring_;
  const u8 source_;
  Losses losses_{};
};

}  // namespace freshet

#endif  // FRESHET_EMITTER_H_
