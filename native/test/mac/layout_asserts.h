// Where Endpoint Security's messages have their fields, as far as Freshet or its double know them:
// the same numbers for Apple's headers (`npm run check:mac`) and for the double (the tests), so
// that what is tried on Linux is what a Mac hands over. arm64 and x86_64 do not differ.
//
// Include after <EndpointSecurity/EndpointSecurity.h>, and read nothing else of it: this file only
// asserts.
#ifndef FRESHET_TEST_MAC_LAYOUT_ASSERTS_H_
#define FRESHET_TEST_MAC_LAYOUT_ASSERTS_H_

#include <EndpointSecurity/EndpointSecurity.h>
#include <bsm/libbsm.h>

#include <cstddef>

namespace freshet::layout {

static_assert(sizeof(audit_token_t) == 32);

static_assert(sizeof(es_string_token_t) == 16);
static_assert(offsetof(es_string_token_t, length) == 0);
static_assert(offsetof(es_string_token_t, data) == 8);

static_assert(sizeof(es_file_t) == 168);
static_assert(offsetof(es_file_t, path) == 0);
static_assert(offsetof(es_file_t, path_truncated) == 16);
static_assert(offsetof(es_file_t, stat) == 24);
using Stat = decltype(es_file_t::stat);
static_assert(sizeof(Stat) == 144);
static_assert(offsetof(Stat, st_dev) == 0 && sizeof(Stat::st_dev) == 4);
static_assert(offsetof(Stat, st_ino) == 8 && sizeof(Stat::st_ino) == 8);
static_assert(offsetof(Stat, st_uid) == 16);
static_assert(offsetof(Stat, st_size) == 96);
static_assert(offsetof(Stat, st_flags) == 116 && sizeof(Stat::st_flags) == 4);

static_assert(offsetof(es_process_t, audit_token) == 0);
static_assert(offsetof(es_process_t, ppid) == 32);
static_assert(offsetof(es_process_t, original_ppid) == 36);
static_assert(offsetof(es_process_t, codesigning_flags) == 48);
static_assert(offsetof(es_process_t, is_platform_binary) == 52);
static_assert(offsetof(es_process_t, is_es_client) == 53);
static_assert(offsetof(es_process_t, cdhash) == 54 && sizeof(es_process_t::cdhash) == 20);
static_assert(offsetof(es_process_t, signing_id) == 80);
static_assert(offsetof(es_process_t, team_id) == 96);
static_assert(offsetof(es_process_t, executable) == 112);
static_assert(offsetof(es_process_t, tty) == 120);
static_assert(offsetof(es_process_t, start_time) == 128);
static_assert(offsetof(es_process_t, responsible_audit_token) == 144);
static_assert(offsetof(es_process_t, parent_audit_token) == 176);
// Version 10 put a field behind these, which is not read; an SDK that lacks it ends here. That the
// double has it where a newer SDK does says how far a message of that version reaches.
template <typename Process>
constexpr size_t CategoryAt() {
  if constexpr (requires(Process process) { process.cs_validation_category; })
    return offsetof(Process, cs_validation_category);
  else
    return sizeof(Process);
}
static_assert(CategoryAt<es_process_t>() == 208);

static_assert(sizeof(es_event_exec_t) == 88);
static_assert(offsetof(es_event_exec_t, target) == 0);
static_assert(offsetof(es_event_exec_t, script) == 24);
static_assert(offsetof(es_event_exec_t, cwd) == 32);
static_assert(offsetof(es_event_exec_t, last_fd) == 40);
static_assert(sizeof(es_event_fork_t) == 72);
static_assert(offsetof(es_event_fork_t, child) == 0);
static_assert(sizeof(es_event_exit_t) == 68);
static_assert(offsetof(es_event_exit_t, stat) == 0);
static_assert(sizeof(es_event_cs_invalidated_t) == 64);
static_assert(sizeof(es_events_t) == 104);

static_assert(sizeof(es_message_t) == 224);
static_assert(offsetof(es_message_t, version) == 0);
static_assert(offsetof(es_message_t, time) == 8);
static_assert(offsetof(es_message_t, mach_time) == 24);
static_assert(offsetof(es_message_t, deadline) == 32);
static_assert(offsetof(es_message_t, process) == 40);
static_assert(offsetof(es_message_t, seq_num) == 48);
static_assert(offsetof(es_message_t, action_type) == 56);
static_assert(offsetof(es_message_t, action) == 60);
static_assert(offsetof(es_message_t, event_type) == 96);
static_assert(offsetof(es_message_t, event) == 104);
static_assert(offsetof(es_message_t, thread) == 208);
static_assert(offsetof(es_message_t, global_seq_num) == 216);

static_assert(ES_ACTION_TYPE_NOTIFY == 1);
static_assert(ES_EVENT_TYPE_NOTIFY_EXEC == 9);
static_assert(ES_EVENT_TYPE_NOTIFY_FORK == 11);
static_assert(ES_EVENT_TYPE_NOTIFY_EXIT == 15);
static_assert(ES_EVENT_TYPE_NOTIFY_CS_INVALIDATED == 94);
static_assert(ES_NEW_CLIENT_RESULT_SUCCESS == 0);
static_assert(ES_NEW_CLIENT_RESULT_ERR_INVALID_ARGUMENT == 1);
static_assert(ES_NEW_CLIENT_RESULT_ERR_INTERNAL == 2);
static_assert(ES_NEW_CLIENT_RESULT_ERR_NOT_ENTITLED == 3);
static_assert(ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED == 4);
static_assert(ES_NEW_CLIENT_RESULT_ERR_NOT_PRIVILEGED == 5);
static_assert(ES_NEW_CLIENT_RESULT_ERR_TOO_MANY_CLIENTS == 6);
static_assert(ES_RETURN_SUCCESS == 0 && ES_RETURN_ERROR == 1);

}  // namespace freshet::layout

#endif  // FRESHET_TEST_MAC_LAYOUT_ASSERTS_H_
