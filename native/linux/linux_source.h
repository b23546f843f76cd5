// The Linux source: processes and TCP flows from the kernel, without a compiler; with programs of
// our own in it where it takes them.
//
// One thread waits for perf rings (execs, forks, exits, states of sockets), the sock_diag destroy
// groups, a timer and two eventfds. An exec wakes it to take hold of the program's file; what is to
// be told it gathers, and handles it some twenty times a second in batches, in an order that makes
// joining exact:
//
//   1. takes the destroy messages that have arrived, and each interval a dump of the open sockets;
//   2. handles every perf event up to that moment, in the order of time over all CPUs;
//   3. then the destroy messages (final counters) and the dump, whose sockets those events explain.
//
// It sees TCP in its own network namespace. Facts and limits: README.md beside this file.
#ifndef FRESHET_LINUX_LINUX_SOURCE_H_
#define FRESHET_LINUX_LINUX_SOURCE_H_

#include <atomic>

#include "fd.h"
#include "linux/options.h"
#include "source.h"
#include "worker_thread.h"

namespace freshet {

class LinuxSource final : public Source {
 public:
  LinuxSource(Ring* ring, SourceOptions options, LinuxOptions linux_options = {});
  ~LinuxSource() override;

  bool Start() override;
  void RequestEnumerate() override;
  void Stop() override;

 private:
  Ring* const ring_;
  const SourceOptions options_;
  const LinuxOptions linux_options_;
  Fd stop_;       // eventfd, readable once the thread is to end
  Fd enumerate_;  // eventfd, readable when an enumeration was asked for
  WorkerThread thread_;
};

}  // namespace freshet

#endif  // FRESHET_LINUX_LINUX_SOURCE_H_
