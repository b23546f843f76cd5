// A double of what the flow listener uses of libxpc (xpc/xpc.h, xpc/connection.h), as plain C++ has
// it: objects are counted, a connection begins inactive. The other end is xpc_double.h.
#ifndef FRESHET_TEST_FILTER_DOUBLE_XPC_H_
#define FRESHET_TEST_FILTER_DOUBLE_XPC_H_

#include <dispatch/dispatch.h>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

using xpc_object_t = void*;
struct _xpc_connection_s;
using xpc_connection_t = _xpc_connection_s*;
struct _xpc_type_s {};
using xpc_type_t = const _xpc_type_s*;
using xpc_handler_t = void (^)(xpc_object_t object);

extern const _xpc_type_s _xpc_type_connection;
extern const _xpc_type_s _xpc_type_dictionary;
extern const _xpc_type_s _xpc_type_error;
#define XPC_TYPE_CONNECTION (&_xpc_type_connection)
#define XPC_TYPE_DICTIONARY (&_xpc_type_dictionary)
#define XPC_TYPE_ERROR (&_xpc_type_error)

extern const xpc_object_t double_error_connection_invalid;
extern const xpc_object_t double_error_peer_code_signing_requirement;
#define XPC_ERROR_CONNECTION_INVALID double_error_connection_invalid
#define XPC_ERROR_PEER_CODE_SIGNING_REQUIREMENT double_error_peer_code_signing_requirement

#define XPC_CONNECTION_MACH_SERVICE_LISTENER (1 << 0)

xpc_type_t xpc_get_type(xpc_object_t object);
xpc_object_t xpc_retain(xpc_object_t object);
void xpc_release(xpc_object_t object);

xpc_connection_t xpc_connection_create_mach_service(const char* name, dispatch_queue_t queue,
                                                    uint64_t flags);
void xpc_connection_set_event_handler(xpc_connection_t connection, xpc_handler_t handler);
void xpc_connection_set_target_queue(xpc_connection_t connection, dispatch_queue_t queue);
int xpc_connection_set_peer_code_signing_requirement(xpc_connection_t connection,
                                                     const char* requirement);
uid_t xpc_connection_get_euid(xpc_connection_t connection);
void xpc_connection_activate(xpc_connection_t connection);
void xpc_connection_cancel(xpc_connection_t connection);
void xpc_connection_send_message(xpc_connection_t connection, xpc_object_t message);

// nullptr when the message awaits no answer, or has had one.
xpc_object_t xpc_dictionary_create_reply(xpc_object_t original);
const void* xpc_dictionary_get_data(xpc_object_t dictionary, const char* key, size_t* length);
void xpc_dictionary_set_data(xpc_object_t dictionary, const char* key, const void* bytes,
                             size_t length);

#endif  // FRESHET_TEST_FILTER_DOUBLE_XPC_H_
