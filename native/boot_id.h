// The UUID of this boot as records have it.
#ifndef FRESHET_BOOT_ID_H_
#define FRESHET_BOOT_ID_H_

#include <algorithm>
#include <charconv>
#include <string>

#include "record.h"

namespace freshet {

// Reads a UUID as text, hyphens or none, a line end or none, into 16 bytes. False, with nothing
// written, when it is none.
inline bool ParseBootId(std::string text, u8* out) {
  std::erase_if(text, [](char one) { return one == '-' || one == '\n' || one == '\0'; });
  const auto is_hex = [](char one) {
    return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'f') || (one >= 'A' && one <= 'F');
  };
  if (text.size() != 32 || !std::all_of(text.begin(), text.end(), is_hex)) return false;
  for (size_t index = 0; index < 16; index++)
    std::from_chars(&text[index * 2], &text[index * 2] + 2, out[index], 16);
  return true;
}

}  // namespace freshet

#endif  // FRESHET_BOOT_ID_H_
