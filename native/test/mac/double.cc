// The double's facts: clocks, audit tokens, sysctl. Its Endpoint Security is es_double.cc, which
// needs a compiler with blocks.
#include "double.h"

#include <bsm/libbsm.h>
#include <errno.h>
#include <mach/mach.h>
#include <mach/mach_time.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <time.h>

#include <atomic>

#include "double_clock.h"

namespace freshet::mac_double {
namespace {

std::atomic<bool> clock_is_set{false};
std::atomic<u64> absolute_ticks{0};
std::atomic<u64> continuous_ticks{0};
std::atomic<u32> timebase_numer{1};
std::atomic<u32> timebase_denom{1};

uint32_t CountOf(const es_double_arguments* texts) {
  if (texts == nullptr) return 0;
  texts->asked++;
  return texts->count;
}
es_string_token_t TextAt(const es_double_arguments* texts, uint32_t index) {
  if (texts == nullptr || index >= texts->count) abort();
  texts->asked++;
  return texts->texts[index];
}

u64 ClockNs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<u64>(now.tv_sec) * 1'000'000'000 + static_cast<u64>(now.tv_nsec);
}

}  // namespace

void SetClocks(u64 absolute, u64 continuous) {
  absolute_ticks.store(absolute);
  continuous_ticks.store(continuous);
  clock_is_set.store(true);
}

void SetTimebase(u32 numer, u32 denom) {
  timebase_numer.store(numer);
  timebase_denom.store(denom);
}

void ResetClocks() {
  clock_is_set.store(false);
  SetTimebase(1, 1);
}

}  // namespace freshet::mac_double

using namespace freshet::mac_double;

extern "C" {

uint64_t mach_absolute_time() {
  return clock_is_set.load() ? absolute_ticks.load() : ClockNs(CLOCK_MONOTONIC);
}

uint64_t mach_continuous_time() {
  return clock_is_set.load() ? continuous_ticks.load() : ClockNs(CLOCK_BOOTTIME);
}

int mach_timebase_info(mach_timebase_info_data_t* info) {
  *info = {timebase_numer.load(), timebase_denom.load()};
  return 0;
}

uid_t audit_token_to_euid(audit_token_t token) { return token.val[1]; }
gid_t audit_token_to_egid(audit_token_t token) { return token.val[2]; }
uid_t audit_token_to_ruid(audit_token_t token) { return token.val[3]; }
gid_t audit_token_to_rgid(audit_token_t token) { return token.val[4]; }
pid_t audit_token_to_pid(audit_token_t token) { return static_cast<pid_t>(token.val[5]); }
int audit_token_to_pidversion(audit_token_t token) { return static_cast<int>(token.val[7]); }

uint32_t es_exec_arg_count(const es_event_exec_t* event) { return CountOf(event->arguments); }
es_string_token_t es_exec_arg(const es_event_exec_t* event, uint32_t index) {
  return TextAt(event->arguments, index);
}
uint32_t es_exec_env_count(const es_event_exec_t* event) { return CountOf(event->variables); }
es_string_token_t es_exec_env(const es_event_exec_t* event, uint32_t index) {
  return TextAt(event->variables, index);
}

task_name_t mach_task_self() { return 1; }

kern_return_t task_info(task_name_t task, task_flavor_t flavor, task_info_t into,
                        mach_msg_type_number_t* count) {
  if (task != mach_task_self() || flavor != TASK_AUDIT_TOKEN || *count < TASK_AUDIT_TOKEN_COUNT)
    return 4;  // KERN_INVALID_ARGUMENT
  const audit_token_t self{{0, 0, 0, 0, 0, kOwnPid, 0, 1}};
  memcpy(into, &self, sizeof(self));
  *count = TASK_AUDIT_TOKEN_COUNT;
  return KERN_SUCCESS;
}

int sysctlbyname(const char* name, void* old_value, size_t* old_length, void* new_value, size_t) {
  const size_t length = strlen(kBootId) + 1;
  if (strcmp(name, "kern.bootsessionuuid") != 0 || new_value != nullptr || *old_length < length) {
    errno = ENOENT;
    return -1;
  }
  memcpy(old_value, kBootId, length);
  *old_length = length;
  return 0;
}
}
