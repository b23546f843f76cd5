// A double of what is read of the NetworkStatistics framework's dictionaries (CFBase.h, CFString.h,
// CFNumber.h, CFData.h, CFDictionary.h), as plain C++ has it. How a test makes them:
// core_foundation_double.h.
#ifndef FRESHET_TEST_STATISTICS_DOUBLE_CORE_FOUNDATION_H_
#define FRESHET_TEST_STATISTICS_DOUBLE_CORE_FOUNDATION_H_

#include <cstdint>

struct cf_string_s;
struct cf_number_s;
struct cf_data_s;
struct cf_dictionary_s;
using CFTypeRef = const void*;
using CFAllocatorRef = const void*;
using CFStringRef = const cf_string_s*;
using CFNumberRef = const cf_number_s*;
using CFDataRef = const cf_data_s*;
using CFDictionaryRef = const cf_dictionary_s*;
using CFIndex = long;
using CFTypeID = unsigned long;
using CFNumberType = CFIndex;
using CFStringEncoding = uint32_t;
using Boolean = unsigned char;

constexpr CFAllocatorRef kCFAllocatorDefault = nullptr;
constexpr CFNumberType kCFNumberSInt64Type = 4;
constexpr CFStringEncoding kCFStringEncodingUTF8 = 0x08000100;

void CFRelease(CFTypeRef object);
CFTypeID CFGetTypeID(CFTypeRef object);

CFTypeID CFStringGetTypeID();
CFIndex CFStringGetLength(CFStringRef string);
CFIndex CFStringGetMaximumSizeForEncoding(CFIndex length, CFStringEncoding encoding);
Boolean CFStringGetCString(CFStringRef string, char* into, CFIndex bytes,
                           CFStringEncoding encoding);

CFTypeID CFNumberGetTypeID();
// As Apple's: what does not fit is written all the same, and false comes back.
Boolean CFNumberGetValue(CFNumberRef number, CFNumberType type, void* into);

CFTypeID CFDataGetTypeID();
const uint8_t* CFDataGetBytePtr(CFDataRef data);
CFIndex CFDataGetLength(CFDataRef data);

const void* CFDictionaryGetValue(CFDictionaryRef dictionary, const void* key);

#endif  // FRESHET_TEST_STATISTICS_DOUBLE_CORE_FOUNDATION_H_
