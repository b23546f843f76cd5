// A stand-in for macOS's <EndpointSecurity/EndpointSecurity.h>, so that the source of native/mac
// compiles and runs on Linux: the messages the source reads, laid out as Apple's are, and the calls
// it makes, which double.cc implements.
//
// Written from what the SDK's headers say, not from their text. layout_asserts.h holds the layout;
// it is compiled against this file by the tests and against a real SDK by `npm run check:mac`.
// Event structs that the source does not read are one block of bytes in the union.
#ifndef FRESHET_DOUBLE_ENDPOINT_SECURITY_H_
#define FRESHET_DOUBLE_ENDPOINT_SECURITY_H_

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>

#include "bsm/libbsm.h"

extern "C" {

// Darwin's struct stat with 64-bit inodes; the name is the double's own, since Linux has another.
struct es_double_stat {
  int32_t st_dev;
  uint16_t st_mode;
  uint16_t st_nlink;
  uint64_t st_ino;
  uint32_t st_uid;
  uint32_t st_gid;
  int32_t st_rdev;
  timespec times[4];
  int64_t st_size;
  int64_t st_blocks;
  int32_t st_blksize;
  uint32_t st_flags;
  uint32_t st_gen;
  int32_t spare;
  int64_t spares[2];
};

struct es_string_token_t {
  size_t length;
  const char* data;
};

struct es_file_t {
  es_string_token_t path;
  bool path_truncated;
  es_double_stat stat;
};

struct es_thread_t {
  uint64_t thread_id;
};

struct es_process_t {
  audit_token_t audit_token;
  pid_t ppid;
  pid_t original_ppid;
  pid_t group_id;
  pid_t session_id;
  uint32_t codesigning_flags;
  bool is_platform_binary;
  bool is_es_client;
  uint8_t cdhash[20];
  es_string_token_t signing_id;
  es_string_token_t team_id;
  es_file_t* executable;
  es_file_t* tty;                         // version 2
  timeval start_time;                     // version 3; its second word is 32 bits on macOS
  audit_token_t responsible_audit_token;  // version 4
  audit_token_t parent_audit_token;       // version 4
  uint32_t cs_validation_category;        // version 10; not in an SDK that was at hand
};

// The double's own: where Apple keeps arguments and environment its calls alone know.
struct es_double_arguments {
  uint32_t count;
  const es_string_token_t* texts;
  mutable uint32_t asked;  // calls of either kind
};

struct es_event_exec_t {
  es_process_t* target;
  es_string_token_t dyld_exec_path;  // version 7
  union {
    uint8_t reserved[64];
    struct {
      es_file_t* script;         // version 2
      es_file_t* cwd;            // version 3
      int last_fd;               // version 4
      int32_t image_cputype;     // version 6
      int32_t image_cpusubtype;  // version 6
      const es_double_arguments* arguments;
      const es_double_arguments* variables;
    };
  };
};

struct es_event_fork_t {
  es_process_t* child;
  uint8_t reserved[64];
};

struct es_event_exit_t {
  int stat;
  uint8_t reserved[64];
};

struct es_event_cs_invalidated_t {
  uint8_t reserved[64];
};

union es_events_t {
  es_event_exec_t exec;
  es_event_fork_t fork;
  es_event_exit_t exit;
  es_event_cs_invalidated_t cs_invalidated;
  uint64_t others[13];
};

enum es_action_type_t { ES_ACTION_TYPE_AUTH, ES_ACTION_TYPE_NOTIFY };

enum es_event_type_t {
  ES_EVENT_TYPE_NOTIFY_EXEC = 9,
  ES_EVENT_TYPE_NOTIFY_OPEN = 10,
  ES_EVENT_TYPE_NOTIFY_FORK = 11,
  ES_EVENT_TYPE_NOTIFY_EXIT = 15,
  ES_EVENT_TYPE_NOTIFY_CS_INVALIDATED = 94,
  ES_EVENT_TYPE_LAST = 146,
};

struct es_message_t {
  uint32_t version;
  timespec time;
  uint64_t mach_time;
  uint64_t deadline;
  es_process_t* process;
  uint64_t seq_num;  // version 2
  es_action_type_t action_type;
  uint32_t action[9];
  es_event_type_t event_type;
  es_events_t event;
  es_thread_t* thread;      // version 4
  uint64_t global_seq_num;  // version 4
};

enum es_return_t { ES_RETURN_SUCCESS, ES_RETURN_ERROR };

enum es_new_client_result_t {
  ES_NEW_CLIENT_RESULT_SUCCESS,
  ES_NEW_CLIENT_RESULT_ERR_INVALID_ARGUMENT,
  ES_NEW_CLIENT_RESULT_ERR_INTERNAL,
  ES_NEW_CLIENT_RESULT_ERR_NOT_ENTITLED,
  ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED,
  ES_NEW_CLIENT_RESULT_ERR_NOT_PRIVILEGED,
  ES_NEW_CLIENT_RESULT_ERR_TOO_MANY_CLIENTS,
};

struct es_client_s;
using es_client_t = es_client_s;

// What compiles without blocks (the decoder and its handler) needs no client.
#if defined(__BLOCKS__)
using es_handler_block_t = void (^)(es_client_t*, const es_message_t*);
es_new_client_result_t es_new_client(es_client_t** client, es_handler_block_t handler);
#endif
uint32_t es_exec_arg_count(const es_event_exec_t* event);
// REQUIRES: index below the count; the double aborts, where the system does anything.
es_string_token_t es_exec_arg(const es_event_exec_t* event, uint32_t index);
uint32_t es_exec_env_count(const es_event_exec_t* event);
es_string_token_t es_exec_env(const es_event_exec_t* event, uint32_t index);  // REQUIRES: likewise
es_return_t es_delete_client(es_client_t* client);
es_return_t es_mute_process(es_client_t* client, const audit_token_t* token);
es_return_t es_subscribe(es_client_t* client, const es_event_type_t* events, uint32_t count);
es_return_t es_unsubscribe_all(es_client_t* client);
}

#endif  // FRESHET_DOUBLE_ENDPOINT_SECURITY_H_
