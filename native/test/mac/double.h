// What a test tells the double of macOS, and asks it. The double itself is Apple's calls
// (double/, double.cc).
//
// Threads: any. Messages are delivered serially, as Endpoint Security does.
#ifndef FRESHET_TEST_MAC_DOUBLE_H_
#define FRESHET_TEST_MAC_DOUBLE_H_

#include <EndpointSecurity/EndpointSecurity.h>

#include <vector>

#include "record.h"

namespace freshet::mac_double {

// Everything as on a Mac that gives all that is asked, with real clocks.
void Reset();

// What the next es_new_client calls answer; the last answer holds from then on.
void AnswerNewClients(std::vector<es_new_client_result_t> answers);
void RefuseSubscriptions(bool refuse);

// Whether es_delete_client may return while a handler runs. REQUIRES, while it may: one thread
// delivers.
void LetHandlersOutliveClients(bool let);

// Mach time from here on, in ticks of numer/denom ns.
void SetClocks(u64 absolute, u64 continuous);
void SetTimebase(u32 numer, u32 denom);

// Calls the client's handler on this thread. False when there is no client, or it did not subscribe
// to such an event, or muted the process.
bool Deliver(const es_message_t& message);
// Calls the handler of a client that was deleted, as a queue that had one message left might.
// REQUIRES: a client was deleted since Reset.
void DeliverLate(const es_message_t& message);

struct State {
  u32 asked = 0;                            // es_new_client
  u32 made = 0;                             // of these, with success
  u32 deleted = 0;                          // es_delete_client
  u32 wrong_threads = 0;                    // deletions on another thread than the making
  u32 muted_pid = 0;                        // of the last es_mute_process
  std::vector<es_event_type_t> subscribed;  // of the client
};
State Now();

inline constexpr u32 kOwnPid = 4242;  // what task_info says of this process
// kern.bootsessionuuid.
inline constexpr const char* kBootId = "0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0";

}  // namespace freshet::mac_double

#endif  // FRESHET_TEST_MAC_DOUBLE_H_
