// A double of os/log.h: to standard error.
#ifndef FRESHET_TEST_FILTER_DOUBLE_OS_LOG_H_
#define FRESHET_TEST_FILTER_DOUBLE_OS_LOG_H_

#include <cstdio>

#define OS_LOG_DEFAULT nullptr
#define os_log_fault(log, ...) \
  (static_cast<void>(log), std::fprintf(stderr, __VA_ARGS__), std::fputc('\n', stderr))

#endif  // FRESHET_TEST_FILTER_DOUBLE_OS_LOG_H_
