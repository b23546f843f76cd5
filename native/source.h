// What a sensor is: something with threads of its own that turns what the system says into records.
//
// A source owns its threads and is its ring's one producer. It is made stopped. Start,
// RequestEnumerate and Stop are called by one owner thread (or under its lock). A source decides
// nothing: it reports, and says in mark(start) what it cannot see.
#ifndef FRESHET_SOURCE_H_
#define FRESHET_SOURCE_H_

#include <functional>
#include <memory>
#include <span>

#include "program_files.h"
#include "ring.h"
#include "wanted_pids.h"

namespace freshet {

struct SourceOptions {
  // Between dumps of the counters, and between ticks. REQUIRES: at least 10.
  u32 interval_ms = 1000;
  // Called on the source's thread when records wait, once a burst (see Ring::Flush). Must not
  // block.
  std::function<void()> on_readable;
  // Where the files of programs just executed are kept for the inspector; may be nullptr. Outlives
  // the source.
  ProgramFiles* programs = nullptr;
  // macOS: where a source of flows asks for the processes of those that are new, and the list of
  // processes answers; may be nullptr. Outlives the source.
  WantedPids* wanted_pids = nullptr;
  // macOS: where a source of processes says which of them has executed another program, and a
  // source of flows that names their owners looks at them anew; may be nullptr. Outlives the
  // source.
  WantedPids* executed_pids = nullptr;
  // Whether programs are told with their arguments, which hold passwords and tokens. The wish of
  // the machine's administrator, never of the engine, which talks to the network.
  bool exec_arguments = false;
  // Linux: whether to load our own programs into the kernel (linux/kernel_programs.h).
  bool kernel_programs = true;
};

class Source {
 public:
  virtual ~Source() = default;  // stops it

  // Begins: mark(start), the enumeration, mark(enumerated), then events. Never fails for want of
  // rights: it runs on what is left and mark(start) says what is missing. False, with errno set,
  // only when the thread itself or its stop signal cannot be made.
  virtual bool Start() = 0;

  // Asks for mark(start), everything known, mark(enumerated) once more. Returns at once.
  virtual void RequestEnumerate() = 0;

  // Ends the threads and returns when they have ended; mark(stop) is then the last record in the
  // ring, after all that was dropped: a full ring has room for both. Idempotent. The last record is
  // there within milliseconds; on Linux letting go of the three tracepoints then takes 15 to 30 ms
  // each (the kernel waits until no CPU uses them).
  virtual void Stop() = 0;
};

// A kind of source. Each one made has a ring of its own, which outlives it.
struct SourceKind {
  const char* name;  // of CODE source in record.def
  u8 code;
  std::unique_ptr<Source> (*make)(Ring* ring, SourceOptions options);
};

// This platform's, in the order in which they are to be opened (linux/linux_source.cc,
// mac/mac_sources.cc). They are independent: any of them may fail to start.
std::span<const SourceKind> PlatformSources();

// The UUID of this boot as marks have it, into 16 bytes. Nothing is written when it cannot be had.
void PlatformBootId(u8* out);

}  // namespace freshet

#endif  // FRESHET_SOURCE_H_
