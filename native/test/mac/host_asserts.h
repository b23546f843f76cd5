// That what src/host/libc.ts takes for macOS's C interface is that: checked against Apple's headers
// by `npm run check:mac`, since FFI declarations are believed and not compiled.
#ifndef FRESHET_TEST_MAC_HOST_ASSERTS_H_
#define FRESHET_TEST_MAC_HOST_ASSERTS_H_

#include <errno.h>
#include <pwd.h>
#include <sys/sysctl.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace freshet::host {

// PASSWD
static_assert(sizeof(passwd) == 72);
static_assert(offsetof(passwd, pw_name) == 0);
static_assert(offsetof(passwd, pw_uid) == 16 && sizeof(passwd::pw_uid) == 4);
static_assert(offsetof(passwd, pw_gid) == 20 && sizeof(passwd::pw_gid) == 4);
static_assert(ERANGE == 34);

// getpwuid_r, getpwnam_r
static_assert(
    std::is_same_v<decltype(&getpwuid_r), int (*)(uint32_t, passwd*, char*, size_t, passwd**)>);
static_assert(
    std::is_same_v<decltype(&getpwnam_r), int (*)(const char*, passwd*, char*, size_t, passwd**)>);

// systemControl
static_assert(
    std::is_same_v<decltype(&sysctlbyname), int (*)(const char*, void*, size_t*, void*, size_t)>);
static_assert(sizeof(size_t) == 8);

// hostUuid
static_assert(
    std::is_same_v<decltype(&gethostuuid), int (*)(unsigned char*, const struct timespec*)>);
static_assert(sizeof(uuid_t) == 16);
static_assert(sizeof(timespec) == 16 && offsetof(timespec, tv_sec) == 0);
static_assert(sizeof(timespec::tv_sec) == 8);

}  // namespace freshet::host

#endif  // FRESHET_TEST_MAC_HOST_ASSERTS_H_
