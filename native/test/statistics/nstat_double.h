// A double of what the NetworkStatistics framework exports, beneath framework_statistics.cc: the
// functions and constants that dlsym finds, and sockets that a test sets. Blocks are called on the
// queue that the manager was given, with dictionaries that are gone when they return.
//
// It fails the test when it is misused: called on another thread than the queue's, given a block
// for what has one, left without one, left with a dictionary that somebody keeps or let go of.
//
// Threads: any, but for Set.
#ifndef FRESHET_TEST_STATISTICS_NSTAT_DOUBLE_H_
#define FRESHET_TEST_STATISTICS_NSTAT_DOUBLE_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core_foundation_double.h"

namespace freshet::nstat_double {

// Keys and values are named by the framework's constants (kNStatSrcKeyPID, kNStatProviderTCP); it
// says their texts, which are no others'.
using cf_double::Values;

struct Habits {
  bool can_be_loaded = true;
  std::set<std::string> lacks;  // of Symbols
  bool gives_manager = true;
};
void Set(Habits habits);
// The names of all that it can export.
std::vector<std::string> Symbols();

// A socket that is there from now on, by the test's number of it, and what describes it. It counts
// nothing yet.
void Add(u64 socket, Values description);
// What is told of it when it is asked for next, and as its final counts.
void Count(u64 socket, Values counts);
// It ends.
void Remove(u64 socket, bool has_finals = true);
// The framework calls its blocks without a dictionary.
void TellNothingOf(u64 socket);

// While they are held, queries are answered when they are held no more.
void HoldAnswers(bool are_held);
// Does `meanwhile` while the queue does nothing. REQUIRES: there is a manager.
void Pause(const std::function<void()>& meanwhile);
// Until all that was begun has come of it.
void Settle();
// Names of the functions that were called, in that order, since it was asked last.
std::vector<std::string> TakeCalls();

}  // namespace freshet::nstat_double

#endif  // FRESHET_TEST_STATISTICS_NSTAT_DOUBLE_H_
