#include "core_foundation_double.h"

#include <cmath>
#include <cstring>

#include "filter/dispatch_double.h"

namespace {

using freshet::cf_double::HalfAPair;
using freshet::cf_double::Value;

constexpr CFTypeID kString = 7, kDictionary = 18, kData = 20, kNumber = 22;

struct Object : freshet::xpc_double::Counted {
  explicit Object(CFTypeID its_type) : type(its_type) {}
  const CFTypeID type;
};

// The object behind a reference, which is to be of this type.
const Object& ObjectAt(CFTypeRef reference, CFTypeID type) {
  CHECK(reference != nullptr);
  const auto& object = *static_cast<const Object*>(reference);
  CHECK(object.type == type);
  return object;
}

}  // namespace

struct cf_string_s final : Object {
  cf_string_s(std::string text, bool can_be_read)
      : Object(kString), text(std::move(text)), is_readable(can_be_read) {}
  const std::string text;
  const bool is_readable;
};

struct cf_number_s final : Object {
  explicit cf_number_s(double number) : Object(kNumber), number(number) {}
  explicit cf_number_s(int64_t whole) : Object(kNumber), whole(whole) {}
  const int64_t whole = 0;
  const double number = std::nan("");  // of what is not whole
};

struct cf_data_s final : Object {
  explicit cf_data_s(std::vector<freshet::u8> bytes) : Object(kData), bytes(std::move(bytes)) {}
  const std::vector<freshet::u8> bytes;
};

struct cf_dictionary_s final : Object {
  cf_dictionary_s() : Object(kDictionary) {}
  ~cf_dictionary_s() override {
    for (const auto& [key, value] : values) CFRelease(value);
  }
  std::map<std::string, CFTypeRef> values;
};

namespace {

// References point at Object, of which all of them begin.
template <typename T>
const T& At(const T* reference, CFTypeID type) {
  return static_cast<const T&>(ObjectAt(static_cast<const Object*>(reference), type));
}

CFTypeRef Make(const Object* object) { return object; }

struct Maker {
  CFTypeRef operator()(int64_t value) const { return Make(new cf_number_s(value)); }
  CFTypeRef operator()(double value) const { return Make(new cf_number_s(value)); }
  CFTypeRef operator()(const std::string& value) const {
    return Make(new cf_string_s(value, true));
  }
  CFTypeRef operator()(const std::vector<freshet::u8>& value) const {
    return Make(new cf_data_s(value));
  }
  CFTypeRef operator()(HalfAPair) const { return Make(new cf_string_s("\xed\xa0\x80", false)); }
};

}  // namespace

void CFRelease(CFTypeRef reference) {
  CHECK(reference != nullptr);
  const_cast<Object*>(static_cast<const Object*>(reference))->Release();
}

CFTypeID CFGetTypeID(CFTypeRef reference) {
  CHECK(reference != nullptr);
  return static_cast<const Object*>(reference)->type;
}

CFTypeID CFStringGetTypeID() { return kString; }
CFTypeID CFNumberGetTypeID() { return kNumber; }
CFTypeID CFDataGetTypeID() { return kData; }

// In UTF-16's units: as many as there are characters, and one more for each of four bytes.
CFIndex CFStringGetLength(CFStringRef string) {
  CFIndex length = 0;
  for (const char byte : At(string, kString).text) {
    const auto bits = static_cast<unsigned char>(byte);
    length += (bits & 0xc0) == 0x80 ? 0 : bits >= 0xf0 ? 2 : 1;
  }
  return length;
}

CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length, CFStringEncoding encoding) {
  CHECK(encoding == kCFStringEncodingUTF8);
  return length * 3;
}

Boolean CFStringGetCString(CFStringRef reference, char* into, CFIndex bytes,
                           CFStringEncoding encoding) {
  CHECK(encoding == kCFStringEncodingUTF8);
  const cf_string_s& string = At(reference, kString);
  if (!string.is_readable || static_cast<CFIndex>(string.text.size()) + 1 > bytes) return 0;
  std::memcpy(into, string.text.c_str(), string.text.size() + 1);
  return 1;
}

Boolean CFNumberGetValue(CFNumberRef reference, CFNumberType type, void* into) {
  CHECK(type == kCFNumberSInt64Type);
  const cf_number_s& number = At(reference, kNumber);
  int64_t whole = number.whole;
  bool is_whole = true;
  if (!std::isnan(number.number)) {
    const bool fits = std::abs(number.number) < 9e18;
    whole = fits ? static_cast<int64_t>(number.number) : INT64_MAX;
    is_whole = fits && static_cast<double>(whole) == number.number;
  }
  std::memcpy(into, &whole, sizeof(whole));
  return is_whole;
}

const uint8_t* CFDataGetBytePtr(CFDataRef data) { return At(data, kData).bytes.data(); }
CFIndex CFDataGetLength(CFDataRef data) {
  return static_cast<CFIndex>(At(data, kData).bytes.size());
}

const void* CFDictionaryGetValue(CFDictionaryRef dictionary, const void* key) {
  const auto& text = static_cast<const cf_string_s&>(ObjectAt(key, kString)).text;
  const auto& values = At(dictionary, kDictionary).values;
  const auto found = values.find(text);
  return found == values.end() ? nullptr : found->second;
}

namespace freshet::cf_double {

CFStringRef MakeString(const std::string& text) { return new cf_string_s(text, true); }

CFDictionaryRef MakeDictionary(const Values& values) {
  auto* const dictionary = new cf_dictionary_s;
  for (const auto& [key, value] : values) dictionary->values[key] = std::visit(Maker(), value);
  return dictionary;
}

int ReferencesTo(CFTypeRef object) { return static_cast<const Object*>(object)->count.load(); }

}  // namespace freshet::cf_double
