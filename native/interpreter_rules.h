// The rules of interpreters.json as constant data, and how its words are compared: what the scan of
// arguments (script_rules.cc), which alone includes this, goes by.
//
// Plain C++ without a system's calls; nothing is allocated.
#ifndef FRESHET_INTERPRETER_RULES_H_
#define FRESHET_INTERPRETER_RULES_H_

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "record.h"
#include "script_paths.h"

namespace freshet {

enum Style { kStyleCluster, kStyleSeparate, kStyleWords };
enum Operand { kOperandFile, kOperandInline, kOperandModule, kOperandNone };
enum Bare { kBareInput, kBareNone };
enum Dash { kDashInput, kDashEnd };

// One entry of interpreters.json; a list is its words, each with a blank before and behind.
struct Interpreter {
  std::string_view names, inline_, module, input, file, value, folder, searched, attached, behind,
      switches, ends, files, brings, more;
  std::string_view before_operand, before_inline, before_module, before_none;
  Style style;
  Operand operand;
  Bare bare;
  Dash dash;
  bool goes_on, any_case, loader, mixed, abbreviated, several, underscores;
};

#include "interpreters.gen.h"

inline char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline char Dashed(char c) { return c == '_' ? '-' : c; }

// `text` with another letter for each, without memory of its own; as it is where it is longer than
// any name or option.
class Lettered {
 public:
  Lettered(std::string_view text, char (*letter)(char)) : text_(text) {
    if (text.size() > letters_.size()) return;
    std::transform(text.begin(), text.end(), letters_.begin(), letter);
    text_ = {letters_.data(), text.size()};
  }
  Lettered(const Lettered&) = delete;
  Lettered& operator=(const Lettered&) = delete;
  std::string_view text() const { return text_; }

 private:
  std::array<char, 64> letters_;
  std::string_view text_;
};

inline bool Has(std::string_view list, std::string_view word) {
  if (word.empty() || word.find(' ') != std::string_view::npos) return false;
  for (size_t at = list.find(word); at != std::string_view::npos; at = list.find(word, at + 1))
    if (list[at - 1] == ' ' && list[at + word.size()] == ' ') return true;
  return false;
}

// Calls `see` with each word of a list until it answers true; whether it did.
template <typename See>
inline bool AnyWord(std::string_view list, See see) {
  while (list.size() > 1) {
    list.remove_prefix(1);
    const size_t end = list.find(' ');
    if (see(list.substr(0, end))) return true;
    list.remove_prefix(end);
  }
  return false;
}

// An option with its value behind it, as one text.
struct OptionText {
  std::string_view option, sign, value;
  size_t size() const { return option.size() + sign.size() + value.size(); }
  char operator[](size_t at) const {
    if (at < option.size()) return option[at];
    at -= option.size();
    return at < sign.size() ? sign[at] : value[at - sign.size()];
  }
};

// Whether the text begins with `piece` at `at`.
inline bool IsAt(const OptionText& text, size_t at, std::string_view piece) {
  for (size_t same = 0; same < piece.size(); same++)
    if (at + same >= text.size() || text[at + same] != piece[same]) return false;
  return true;
}

// Whether it is as a word has it that ends with a star: what stands between its stars comes in this
// order.
inline bool IsLike(const OptionText& text, std::string_view word) {
  if (!IsAt(text, 0, word.substr(0, word.find('*')))) return false;
  for (size_t at = 0; !word.empty();) {
    const std::string_view piece = word.substr(0, word.find('*'));
    while (at <= text.size() && !IsAt(text, at, piece)) at++;
    if (at > text.size()) return false;
    at += piece.size();
    word.remove_prefix(piece.size() + 1);
  }
  return true;
}

// "x1F".
inline bool IsHexadecimal(std::string_view text) {
  return text.size() > 1 && text[0] == 'x' &&
         text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string_view::npos;
}

// What may follow an interpreter's name in that of its file: "3.11", "-5.4",
// "5.36-x86_64-linux-gnu".
inline bool IsVersion(std::string_view rest) {
  if (rest.empty()) return true;
  if (rest[0] == '-' || rest[0] == '.') rest.remove_prefix(1);
  if (rest.empty() || rest[0] < '0' || rest[0] > '9') return false;
  return std::all_of(rest.begin(), rest.end(), [](char c) {
    return (c >= '0' && c <= '9') || (Lower(c) >= 'a' && Lower(c) <= 'z') || c == '.' || c == '-' ||
           c == '_' || c == '+';
  });
}

// A bit for a name's first letter; of others it may be the same one.
constexpr u64 FirstLetterBit(char c) { return u64{1} << (static_cast<u8>(c) % 64); }

// The first letters of each interpreter's names. It is asked four times for each program that is
// executed, and few are called like any: without this it was 7 % of what a program cost.
inline constexpr auto kFirstLetters = [] {
  std::array<u64, std::size(kInterpreters)> letters{};
  for (size_t i = 0; i < letters.size(); i++) {
    const std::string_view names = kInterpreters[i].names;
    for (size_t at = 1; at < names.size(); at++)
      if (names[at - 1] == ' ') letters[i] |= FirstLetterBit(names[at]);
  }
  return letters;
}();

inline const Interpreter* FindInterpreter(std::string_view program) {
  const Lettered lowered(FileName(program), Lower);
  const std::string_view name = lowered.text();
  if (name.empty()) return nullptr;
  const u64 letter = FirstLetterBit(name[0]);
  for (const Interpreter& one : kInterpreters) {
    if ((kFirstLetters[static_cast<size_t>(&one - kInterpreters)] & letter) == 0) continue;
    const bool is_it = AnyWord(one.names, [&](std::string_view word) {
      if (word.ends_with('*')) return name.starts_with(word.substr(0, word.size() - 1));
      // R, but not r2; musl's libc.so, but not glibc's libc.so.6, which loads nothing.
      if (word.size() == 1 || word.ends_with(".so")) return name == word;
      return name.starts_with(word) && IsVersion(name.substr(word.size()));
    });
    if (is_it) return &one;
  }
  return nullptr;
}

// Programs that are many: which of them is said by the name they are called by, or by the first
// argument.
inline bool IsManyInOne(std::string_view program) {
  const std::string_view name = FileName(program);
  return name.starts_with("busybox") || name.starts_with("toybox");
}

}  // namespace freshet

#endif  // FRESHET_INTERPRETER_RULES_H_
