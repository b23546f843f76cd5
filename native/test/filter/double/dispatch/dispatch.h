// A double of what the sources of flows use of libdispatch (dispatch/queue.h, source.h): serial
// queues with a thread each, timers that fire every few milliseconds whatever they are set to.
#ifndef FRESHET_TEST_FILTER_DOUBLE_DISPATCH_H_
#define FRESHET_TEST_FILTER_DOUBLE_DISPATCH_H_

#include <cstddef>
#include <cstdint>

struct dispatch_object_s;
struct dispatch_queue_s;
struct dispatch_source_s;
using dispatch_object_t = dispatch_object_s*;
using dispatch_queue_t = dispatch_queue_s*;
using dispatch_source_t = dispatch_source_s*;
using dispatch_time_t = uint64_t;
using dispatch_block_t = void (^)();
using dispatch_function_t = void (*)(void* context);
struct dispatch_source_type_s {};
extern const dispatch_source_type_s dispatch_source_type_timer;

#define DISPATCH_SOURCE_TYPE_TIMER (&dispatch_source_type_timer)
#define DISPATCH_QUEUE_SERIAL nullptr
#define DISPATCH_TIME_NOW 0ull
#define NSEC_PER_SEC 1000000000ull
#define NSEC_PER_MSEC 1000000ull

dispatch_queue_t dispatch_queue_create(const char* label, void* attributes);
void dispatch_async(dispatch_queue_t queue, dispatch_block_t block);
void dispatch_async_f(dispatch_queue_t queue, void* context, dispatch_function_t work);
void dispatch_sync(dispatch_queue_t queue, dispatch_block_t block);
dispatch_time_t dispatch_time(dispatch_time_t when, int64_t delta_ns);
dispatch_source_t dispatch_source_create(const dispatch_source_type_s* type, uintptr_t handle,
                                         uintptr_t mask, dispatch_queue_t queue);
void dispatch_source_set_timer(dispatch_source_t source, dispatch_time_t start,
                               uint64_t interval_ns, uint64_t leeway_ns);
void dispatch_source_set_event_handler(dispatch_source_t source, dispatch_block_t handler);
void dispatch_source_cancel(dispatch_source_t source);
void dispatch_activate(dispatch_source_t source);
void dispatch_resume(dispatch_source_t source);
// In Apple's header a dispatch_object_t is each of them.
void dispatch_release(dispatch_queue_t queue);
void dispatch_release(dispatch_source_t source);

#endif  // FRESHET_TEST_FILTER_DOUBLE_DISPATCH_H_
