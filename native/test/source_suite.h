// What every source has to do, whatever it listens to: one suite that the Linux source and, over
// the double of macOS, the macOS sources pass.
#ifndef FRESHET_TEST_SOURCE_SUITE_H_
#define FRESHET_TEST_SOURCE_SUITE_H_

#include <functional>
#include <memory>

#include "source.h"

namespace freshet {

// One kind of source and the world it listens to.
struct SourceRig {
  const char* name;
  u8 code;  // CODE source
  std::function<std::unique_ptr<Source>(Ring*, SourceOptions)> make;
  // Makes something happen of which the source, if one is running, writes a record soon. Called on
  // any thread, one at a time; also while a source starts, stops, or is not there.
  std::function<void()> stir;
  // A process that each enumeration names; 0 for a source that names none.
  u32 alive_pid = 0;
  bool says_ticks = true;
  // Its thread is its own, and not the system's to give.
  bool has_thread = true;
  // Its enumeration is another program's to tell, and begins with a mark(start) when that program
  // comes; what finds no room in the ring waits there, unless it would not fit an empty one.
  bool is_told = false;
  // It listens to this machine's own kernel, which drops events, or ends connections before they
  // can be read, whenever the machine is busy enough: such losses are told and no fault of the
  // source.
  bool is_live = false;
};

// Ends the program with 1 and the place of the first thing that is not so (check.h).
void RunSourceSuite(const SourceRig& rig);

}  // namespace freshet

#endif  // FRESHET_TEST_SOURCE_SUITE_H_
