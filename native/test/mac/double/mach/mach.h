// A stand-in for macOS's <mach/mach.h>: a task's own audit token.
#ifndef FRESHET_DOUBLE_MACH_H_
#define FRESHET_DOUBLE_MACH_H_

#include <stdint.h>

#include "bsm/libbsm.h"

extern "C" {

using kern_return_t = int;
using task_name_t = uint32_t;
using task_flavor_t = uint32_t;
using task_info_t = int*;
using mach_msg_type_number_t = uint32_t;

inline constexpr kern_return_t KERN_SUCCESS = 0;
inline constexpr task_flavor_t TASK_AUDIT_TOKEN = 15;
inline constexpr mach_msg_type_number_t TASK_AUDIT_TOKEN_COUNT = sizeof(audit_token_t) / 4;

task_name_t mach_task_self(void);
kern_return_t task_info(task_name_t task, task_flavor_t flavor, task_info_t into,
                        mach_msg_type_number_t* count);
}

#endif  // FRESHET_DOUBLE_MACH_H_
