// What `@available` and `__builtin_available` call: in a build on Linux only, where clang's runtime
// library for macOS is missing. It asks libSystem, as that library does (compiler-rt,
// os_version_check.c).
#include <stdint.h>

// dyld_build_version_t of <mach-o/dyld.h>'s private part; a version is xxxx.yy.zz in nibbles.
struct BuildVersion {
  uint32_t platform;
  uint32_t version;
};

extern "C" {

bool _availability_version_check(uint32_t count, const BuildVersion* versions);

int32_t __isPlatformVersionAtLeast(uint32_t platform, uint32_t major, uint32_t minor,
                                   uint32_t patch);

__attribute__((visibility("hidden"))) int32_t __isPlatformVersionAtLeast(uint32_t platform,
                                                                         uint32_t major,
                                                                         uint32_t minor,
                                                                         uint32_t patch) {
  const BuildVersion wanted{platform,
                            ((major & 0xffff) << 16) | ((minor & 0xff) << 8) | (patch & 0xff)};
  return _availability_version_check(1, &wanted) ? 1 : 0;
}

}  // extern "C"
