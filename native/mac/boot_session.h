// This boot of the Mac, as records name it.
#ifndef FRESHET_MAC_BOOT_SESSION_H_
#define FRESHET_MAC_BOOT_SESSION_H_

#include <sys/sysctl.h>

#include "boot_id.h"

namespace freshet {

// kern.bootsessionuuid into 16 bytes: anew with each boot, kept over sleep. Nothing is written when
// it cannot be had.
inline void ReadBootId(u8* out) {
  char text[64] = {};
  size_t length = sizeof(text) - 1;
  if (sysctlbyname("kern.bootsessionuuid", text, &length, nullptr, 0) == 0) ParseBootId(text, out);
}

}  // namespace freshet

#endif  // FRESHET_MAC_BOOT_SESSION_H_
