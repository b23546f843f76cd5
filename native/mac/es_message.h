// What an Endpoint Security message tells, as a record.
//
// Everything is read in place: nothing is allocated, copied but into the ring, or kept. The message
// is the system's and lives as long as the handler that was called with it.
//
// Of a NOTIFY_EXEC the record is of event.exec.target, the new image; es_message_t.process is the
// image that called exec.
//
// Of its arguments is told, where the program is an interpreter, which script they name
// (script_rules.h), and of its environment, where dyld heeds it, which files and folders it asks
// dyld to take code from (dyld_rules.h): a code record each behind the exec's. Neither is kept
// otherwise, but that the arguments become a record of their own where that is asked for. 64 of
// them are looked at, and 4,096 variables.
#ifndef FRESHET_MAC_ES_MESSAGE_H_
#define FRESHET_MAC_ES_MESSAGE_H_

#include <EndpointSecurity/EndpointSecurity.h>

#include <array>

#include "ring.h"

namespace freshet {

// What the source subscribes to, and all that TellMessage understands.
inline constexpr std::array<es_event_type_t, 4> kEsEvents = {
    ES_EVENT_TYPE_NOTIFY_EXEC, ES_EVENT_TYPE_NOTIFY_FORK, ES_EVENT_TYPE_NOTIFY_EXIT,
    ES_EVENT_TYPE_NOTIFY_CS_INVALIDATED};

enum class EsTold {
  kTold,           // its record, or records, were pushed
  kFull,           // there was no room for one of them; the ring has counted it
  kNotUnderstood,  // an event nobody subscribed to, or one without its process
};

// What System Integrity Protection keeps is marked so (SF_RESTRICTED), and so is all of the sealed
// system volume, which is mounted read-only at /.
struct Protection {
  u64 sealed_dev = 0;  // of the sealed volume; 0: this system has none
};

// How execs of files that nobody protects were told: under a host that is signed ad hoc Endpoint
// Security is said to call every program a platform binary, without a team.
struct Claims {
  u32 claimed = 0;  // as platform binaries, which they cannot be
  u32 honest = 0;   // as what they are
};

// Pushes the record of `message`, stamped `at_ns`; with `arguments`, those of an exec too. An exec
// whose file nobody protects is no platform binary, whatever the message says: then its flag and
// both its names are left out, and the inspector's look at the file decides. Counted in `claims`.
// Threads: the ring's producer.
EsTold TellMessage(const es_message_t& message, u64 at_ns, bool arguments,
                   const Protection& protection, Claims* claims, Ring* ring);

}  // namespace freshet

#endif  // FRESHET_MAC_ES_MESSAGE_H_
