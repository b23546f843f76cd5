// Core Foundation's objects as a test writes them.
//
// Its double fails the test on what Apple's crashes on or answers with nonsense: a value that is
// taken for one of another type, a key that is no text.
#ifndef FRESHET_TEST_STATISTICS_CORE_FOUNDATION_DOUBLE_H_
#define FRESHET_TEST_STATISTICS_CORE_FOUNDATION_DOUBLE_H_

#include <CoreFoundation/CoreFoundation.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "record.h"

namespace freshet::cf_double {

// A text that is no UTF-8: a CFString may hold half of a surrogate pair.
struct HalfAPair {
  bool operator==(const HalfAPair&) const = default;
};
// A number that is no int64_t is a double; bytes are data.
using Value = std::variant<int64_t, double, std::string, std::vector<u8>, HalfAPair>;
// By their keys' texts.
using Values = std::map<std::string, Value>;

// Each gives one reference to an object that is counted in xpc_double::objects.
CFStringRef MakeString(const std::string& text);
CFDictionaryRef MakeDictionary(const Values& values);
// How many there are to it.
int ReferencesTo(CFTypeRef object);

}  // namespace freshet::cf_double

#endif  // FRESHET_TEST_STATISTICS_CORE_FOUNDATION_DOUBLE_H_
