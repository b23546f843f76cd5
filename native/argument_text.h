// The arguments of a program, joined and cut to what an arguments record has room for. They hold
// passwords and tokens, so a source gathers them only where SourceOptions::exec_arguments asks.
//
// Allocates nothing: it lies on the stack of an Endpoint Security handler. Threads: one.
#ifndef FRESHET_ARGUMENT_TEXT_H_
#define FRESHET_ARGUMENT_TEXT_H_

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "record.h"

namespace freshet {

class ArgumentText {
 public:
  // A piece of the joined text, NULs between arguments included.
  void Append(std::string_view piece) {
    const size_t kept = std::min(piece.size(), text_.size() - kept_);
    if (kept > 0) std::memcpy(&text_[kept_], piece.data(), kept);
    kept_ += kept;
    total_ += piece.size();
  }

  // Takes back the last byte, which ended the last argument and joins nothing. REQUIRES: not empty.
  void DropLast() {
    total_--;
    kept_ = std::min(kept_, total_);
  }

  // What goes into the record: as much as it has room for, not ending inside a character of UTF-8
  // (what is none is cut where the room ends). Sets text_bytes and left_out_bytes. Valid as long as
  // this lives.
  std::string_view Finish(arguments_record* record) const {
    size_t end = std::min(kept_, kBytesMax);
    if (end < kept_)
      for (size_t back = 0; back < kCharacterBytesMax; back++)
        if ((static_cast<u8>(text_[kBytesMax - back]) & 0xc0) != 0x80) {
          end = kBytesMax - back;
          break;
        }
    record->text_bytes = static_cast<u16>(end);
    record->left_out_bytes = static_cast<u32>(std::min<size_t>(total_ - end, UINT32_MAX));
    return {text_.data(), end};
  }

 private:
  static constexpr size_t kBytesMax = arguments_record::k_text_max;
  static constexpr size_t kCharacterBytesMax = 4;

  std::array<char, kBytesMax + 1> text_;  // one more tells whether a character goes on
  size_t kept_ = 0;
  size_t total_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_ARGUMENT_TEXT_H_
