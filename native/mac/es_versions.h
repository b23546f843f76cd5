// From which es_message_t.version on a field may be read (ESMessage.h: "field available only if
// message version >= N"). An older message ends before the field: reading it is reading past its
// end.
//
// The version is the message's, whatever the system: it is never guessed from the macOS version.
//
// Not read, of what later versions added: es_process_t.cs_validation_category (10), since who
// vouches for a program is told by the inspection of its file, and notarization by that alone; and
// the full cdhash (11), since csops, codesign and every list of hashes have the first 20 bytes; and
// es_event_exec_t.dyld_exec_path (7), which is no path of dyld's but the program's as dyld was
// given it, links and all: es_process_t.executable is what it led to.
#ifndef FRESHET_MAC_ES_VERSIONS_H_
#define FRESHET_MAC_ES_VERSIONS_H_

#include "record.h"

namespace freshet {

inline constexpr u32 kScriptSince = 2;        // es_event_exec_t.script
inline constexpr u32 kFolderSince = 3;        // es_event_exec_t.cwd
inline constexpr u32 kSeqNumSince = 2;        // es_message_t.seq_num
inline constexpr u32 kTokensSince = 4;        // es_process_t.{parent,responsible}_audit_token
inline constexpr u32 kGlobalSeqNumSince = 4;  // es_message_t.global_seq_num

}  // namespace freshet

#endif  // FRESHET_MAC_ES_VERSIONS_H_
