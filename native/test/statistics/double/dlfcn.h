// A double of dlopen and dlsym: the one library that they find is the double of the
// NetworkStatistics framework (nstat_double.h).
//
// Not C's, so that a sanitizer's own dlsym is the system's.
#ifndef FRESHET_TEST_STATISTICS_DOUBLE_DLFCN_H_
#define FRESHET_TEST_STATISTICS_DOUBLE_DLFCN_H_

constexpr int RTLD_LAZY = 1;
constexpr int RTLD_LOCAL = 4;

void* dlopen(const char* path, int mode);
void* dlsym(void* library, const char* name);

#endif  // FRESHET_TEST_STATISTICS_DOUBLE_DLFCN_H_
