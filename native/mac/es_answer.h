// What came of asking for an Endpoint Security client, what a person can do about it, and whether
// asking again can help.
#ifndef FRESHET_MAC_ES_ANSWER_H_
#define FRESHET_MAC_ES_ANSWER_H_

#include <EndpointSecurity/EndpointSecurity.h>

#include "record.h"

namespace freshet {

enum class EsAnswer : u8 {
  kOpen,
  kInvalidArgument,
  kInternal,
  kNotEntitled,
  kNotPermitted,
  kNotPrivileged,
  kTooManyClients,
  kNoSubscription,  // a client, but es_subscribe refused
  kSilent,          // a client that told nothing though programs began (es_silence.h)
  kUnknown,         // an answer that is newer than this
};

EsAnswer AnswerOf(es_new_client_result_t result);

// When to ask again.
enum class EsRetry : u8 {
  kNever,   // it is decided by how this process was built or started
  kSteady,  // a person changes a setting and looks whether it helped
  kSlower,  // each time twice as long: the system's own state, which may pass
};

struct EsAdvice {
  EsRetry retry;
  u32 gap;             // CODE gap; 0 with a client
  const char* reason;  // why there is no client and what to do: ends a sentence; empty with one
};

EsAdvice AdviceFor(EsAnswer answer);

}  // namespace freshet

#endif  // FRESHET_MAC_ES_ANSWER_H_
