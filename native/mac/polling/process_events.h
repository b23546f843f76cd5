// What the kernel tells of processes that are known by pid: kqueue's EVFILT_PROC. It tells of no
// child (NOTE_TRACK is not there on macOS), and of an exec or an exit only that it was.
#ifndef FRESHET_MAC_POLLING_PROCESS_EVENTS_H_
#define FRESHET_MAC_POLLING_PROCESS_EVENTS_H_

#include <memory>
#include <span>

#include "record.h"

namespace freshet {

struct ProcessEvent {
  u32 pid = 0;
  bool executed = false;  // at least once
  bool forked = false;    // at least once; nothing says which pid the child has
  bool exited = false;    // it is not watched any more
};

// Threads: one, but that any may ring while it is open.
class ProcessEvents {
 public:
  virtual ~ProcessEvents() = default;

  // False, with errno set, when there is nothing to wait on.
  virtual bool Open() = 0;
  // Idempotent. Whom it watched is forgotten.
  virtual void Close() = 0;

  // From now on tells of this process, until its end: 0, ESRCH where there is none any more, or
  // another errno. A pid whose last end was not told yet may belong to another by now: then its
  // first event is that end, and it is not watched.
  virtual int Watch(u32 pid) = 0;

  // Waits until something is told or somebody rings, at most `ns`; how many events came. A ring
  // without a waiter is kept.
  virtual size_t Wait(u64 ns, std::span<ProcessEvent> into) = 0;
  virtual void Ring() = 0;
};

// Apple's. macOS only.
std::unique_ptr<ProcessEvents> MakeProcessEvents();

}  // namespace freshet

#endif  // FRESHET_MAC_POLLING_PROCESS_EVENTS_H_
