// A stand-in for macOS's <sys/sysctl.h>, which glibc no longer has.
#ifndef FRESHET_DOUBLE_SYSCTL_H_
#define FRESHET_DOUBLE_SYSCTL_H_

#include <stddef.h>

extern "C" int sysctlbyname(const char* name, void* old_value, size_t* old_length, void* new_value,
                            size_t new_length);

#endif  // FRESHET_DOUBLE_SYSCTL_H_
