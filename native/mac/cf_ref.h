// Core Foundation objects with an owner, and what they hold as plain values. macOS only.
#ifndef FRESHET_MAC_CF_REF_H_
#define FRESHET_MAC_CF_REF_H_

#include <CoreFoundation/CoreFoundation.h>

#include <span>
#include <string>
#include <utility>

#include "record.h"

namespace freshet {

// Owns one reference to a CF object, as a Create or Copy call gives it, and releases it.
template <typename T>
class CfRef {
 public:
  CfRef() = default;
  explicit CfRef(T object) : object_(object) {}
  CfRef(CfRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  CfRef& operator=(CfRef&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~CfRef() {
    if (object_ != nullptr) CFRelease(object_);
  }

  T get() const { return object_; }
  // Where a call puts an object that it gives. REQUIRES: there is none yet.
  T* out() { return &object_; }
  explicit operator bool() const { return object_ != nullptr; }

 private:
  T object_ = nullptr;
};

// The value of a key when it has the type asked for; nullptr otherwise.
inline CFTypeRef ValueOf(CFDictionaryRef dictionary, CFStringRef key, CFTypeID type) {
  const CFTypeRef value = CFDictionaryGetValue(dictionary, key);
  return value != nullptr && CFGetTypeID(value) == type ? value : nullptr;
}

// UTF-8; empty for nullptr.
inline std::string TextOf(CFStringRef string) {
  if (string == nullptr) return {};
  const CFIndex bytes_max =
      CFStringGetMaximumSizeForEncoding(CFStringGetLength(string), kCFStringEncodingUTF8) + 1;
  std::string text(static_cast<size_t>(bytes_max), '\0');
  if (!CFStringGetCString(string, text.data(), bytes_max, kCFStringEncodingUTF8)) return {};
  text.resize(std::char_traits<char>::length(text.c_str()));
  return text;
}

inline std::string TextAt(CFDictionaryRef dictionary, CFStringRef key) {
  return TextOf(static_cast<CFStringRef>(ValueOf(dictionary, key, CFStringGetTypeID())));
}

// 0 when there is no number.
inline u32 NumberAt(CFDictionaryRef dictionary, CFStringRef key) {
  const auto number = static_cast<CFNumberRef>(ValueOf(dictionary, key, CFNumberGetTypeID()));
  int64_t value = 0;
  if (number == nullptr || !CFNumberGetValue(number, kCFNumberSInt64Type, &value)) return 0;
  return static_cast<u32>(value);
}

// Empty when there are none; valid as long as the dictionary.
inline std::span<const u8> BytesAt(CFDictionaryRef dictionary, CFStringRef key) {
  const auto data = static_cast<CFDataRef>(ValueOf(dictionary, key, CFDataGetTypeID()));
  if (data == nullptr) return {};
  return {CFDataGetBytePtr(data), static_cast<size_t>(CFDataGetLength(data))};
}

}  // namespace freshet

#endif  // FRESHET_MAC_CF_REF_H_
