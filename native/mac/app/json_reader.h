// Reads one JSON text (RFC 8259) from front to back without building a tree: the caller goes to
// what it wants and skips the rest.
//
// Strict: what is not JSON is an error and stays one; from then on every call returns false.
// Bounded: at most kDepthMax levels are entered, no recursion, no memory but the strings asked for.
// Threads: any one at a time. The text outlives the reader.
#ifndef FRESHET_MAC_APP_JSON_READER_H_
#define FRESHET_MAC_APP_JSON_READER_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace freshet {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  // Steps into an object or array. False when the next value is something else.
  bool EnterObject() { return Enter('{'); }
  bool EnterArray() { return Enter('['); }

  // The next member of the object entered last, its key in `key`; its value is next to read. False
  // at its end, which is left then, and on an error.
  bool NextMember(std::string* key);
  // The same of an array.
  bool NextElement() { return Next(']'); }

  // A string. What is longer than `bytes_max` is cut at a character; lone surrogates become U+FFFD,
  // control characters blanks. False when the next value is something else.
  bool ReadString(std::string* out, size_t bytes_max);

  // Passes over the next value, whatever it is.
  bool Skip();

  // True when everything was read without an error and nothing but white space is left.
  bool AtEnd();
  bool failed() const { return failed_; }

  static constexpr size_t kDepthMax = 32;

 private:
  bool Enter(char open);
  bool Next(char close);
  bool Fail();
  void SkipSpace();
  bool Take(char wanted);
  bool TakeWord(std::string_view word);
  bool SkipNumber();
  // The character after a backslash, or the units after \u, as UTF-8 into `out`.
  bool ReadEscape(std::string* out);
  bool ReadUnit(unsigned* unit);
  // One character of UTF-8 as it stands, checked.
  bool ReadCharacter(std::string* out);

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
  size_t depth_ = 0;
  // Bit of a level: nothing of it was read yet, so that no comma is due.
  unsigned fresh_ = 0;
};

}  // namespace freshet

#endif  // FRESHET_MAC_APP_JSON_READER_H_
