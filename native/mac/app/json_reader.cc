#include "mac/app/json_reader.h"

#include <cstdint>

namespace freshet {
namespace {

void AppendUtf8(std::string* out, unsigned code) {
  const auto put = [out](unsigned byte) { out->push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

bool JsonReader::Fail() {
  failed_ = true;
  return false;
}

void JsonReader::SkipSpace() {
  while (at_ < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
    at_++;
}

bool JsonReader::Take(char wanted) {
  if (at_ >= text_.size() || text_[at_] != wanted) return false;
  at_++;
  return true;
}

bool JsonReader::Enter(char open) {
  if (failed_) return false;
  SkipSpace();
  if (!Take(open) || depth_ == kDepthMax) return Fail();
  fresh_ |= 1u << depth_;
  depth_++;
  return true;
}

bool JsonReader::Next(char close) {
  if (failed_ || depth_ == 0) return Fail();
  const unsigned level = 1u << (depth_ - 1);
  SkipSpace();
  if (Take(close)) {
    depth_--;
    return false;
  }
  if ((fresh_ & level) != 0)
    fresh_ &= ~level;
  else if (!Take(','))
    return Fail();
  return true;
}

bool JsonReader::NextMember(std::string* key) {
  if (!Next('}')) return false;
  if (!ReadString(key, 64)) return Fail();
  SkipSpace();
  return Take(':') || Fail();
}

bool JsonReader::ReadUnit(unsigned* unit) {
  if (text_.size() - at_ < 4) return Fail();
  *unit = 0;
  for (int digit = 0; digit < 4; digit++) {
    const char c = text_[at_++];
    const unsigned value = IsDigit(c)             ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                  : 16;
    if (value == 16) return Fail();
    *unit = *unit << 4 | value;
  }
  return true;
}

bool JsonReader::ReadEscape(std::string* out) {
  if (at_ >= text_.size()) return Fail();
  const char c = text_[at_++];
  if (c == '"' || c == '\\' || c == '/') {
    out->push_back(c);
    return true;
  }
  if (c == 'b' || c == 'f' || c == 'n' || c == 'r' || c == 't') {
    out->push_back(' ');
    return true;
  }
  unsigned unit = 0;
  if (c != 'u' || !ReadUnit(&unit)) return Fail();
  if (unit >= 0xd800 && unit < 0xdc00 && text_.substr(at_, 2) == "\\u") {
    const size_t before = at_;
    at_ += 2;
    unsigned low = 0;
    if (!ReadUnit(&low)) return false;
    if (low >= 0xdc00 && low < 0xe000) {
      AppendUtf8(out, 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00));
      return true;
    }
    at_ = before;  // the second is a character of its own
  }
  if (unit >= 0xd800 && unit < 0xe000) unit = 0xfffd;
  AppendUtf8(out, unit < 0x20 || (unit >= 0x7f && unit < 0xa0) ? ' ' : unit);
  return true;
}

bool JsonReader::ReadCharacter(std::string* out) {
  const auto byte = [this](size_t ahead) {
    return at_ + ahead < text_.size() ? static_cast<uint8_t>(text_[at_ + ahead]) : 0u;
  };
  const unsigned first = byte(0);
  if (first < 0x20) return Fail();  // has to be escaped
  if (first < 0x80) {
    out->push_back(first == 0x7f ? ' ' : static_cast<char>(first));
    at_++;
    return true;
  }
  const size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  unsigned code = first & (0xffu >> (size + 1));
  if (first < 0xc2 || first > 0xf4) return Fail();
  for (size_t index = 1; index < size; index++) {
    if ((byte(index) & 0xc0) != 0x80) return Fail();
    code = code << 6 | (byte(index) & 0x3f);
  }
  const unsigned least = size == 4 ? 0x10000 : size == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return Fail();
  AppendUtf8(out, code < 0xa0 ? ' ' : code);
  at_ += size;
  return true;
}

bool JsonReader::ReadString(std::string* out, size_t bytes_max) {
  if (failed_) return false;
  SkipSpace();
  if (!Take('"')) return Fail();
  out->clear();
  bool cut = false;
  std::string one;
  while (!Take('"')) {
    if (at_ >= text_.size()) return Fail();
    one.clear();
    if (!(Take('\\') ? ReadEscape(&one) : ReadCharacter(&one))) return false;
    cut = cut || out->size() + one.size() > bytes_max;
    if (!cut) out->append(one);
  }
  return true;
}

bool JsonReader::TakeWord(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return Fail();
  at_ += word.size();
  return true;
}

bool JsonReader::SkipNumber() {
  const auto digits = [this] {
    const size_t from = at_;
    while (at_ < text_.size() && IsDigit(text_[at_])) at_++;
    return at_ > from;
  };
  Take('-');
  if (!Take('0') && !digits()) return Fail();
  if (Take('.') && !digits()) return Fail();
  if (Take('e') || Take('E')) {
    if (!Take('+')) Take('-');
    if (!digits()) return Fail();
  }
  return true;
}

bool JsonReader::Skip() {
  // Which kinds are open below where it began, innermost last: a bit each, 1 for an object.
  unsigned objects = 0;
  const size_t floor = depth_;
  std::string text;
  do {
    if (depth_ > floor) {
      const bool object = (objects >> (depth_ - 1) & 1) != 0;
      if (!(object ? NextMember(&text) : NextElement())) {
        if (failed_) return false;
        continue;  // one level was left
      }
    }
    SkipSpace();
    if (failed_ || at_ >= text_.size()) return Fail();
    const char c = text_[at_];
    if (c == '{' || c == '[') {
      if (depth_ < kDepthMax)
        objects = c == '{' ? objects | 1u << depth_ : objects & ~(1u << depth_);
      if (!Enter(c)) return false;
    } else if (!(c == '"'   ? ReadString(&text, 0)
                 : c == 't' ? TakeWord("true")
                 : c == 'f' ? TakeWord("false")
                 : c == 'n' ? TakeWord("null")
                            : SkipNumber())) {
      return false;
    }
  } while (depth_ > floor);
  return true;
}

bool JsonReader::AtEnd() {
  SkipSpace();
  return !failed_ && depth_ == 0 && at_ == text_.size();
}

}  // namespace freshet
