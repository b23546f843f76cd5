// Reads the engine's status socket and says what to draw: the menu of each line, and while there is
// no engine a menu that says so. Never gives up: it tries again with a growing pause.
//
// Threads: one of its own, on which `draw` is called. The constructor, Start and Stop belong to one
// owner thread; Stop, and the destructor, return when the thread has ended.
#ifndef FRESHET_MAC_APP_STATUS_CLIENT_H_
#define FRESHET_MAC_APP_STATUS_CLIENT_H_

#include <functional>
#include <string>
#include <string_view>

#include "fd.h"
#include "mac/app/menu_model.h"
#include "worker_thread.h"

namespace freshet {

// Cuts a stream into lines. A line longer than kLineBytesMax is an error, and stays one.
class LineFramer {
 public:
  // Calls `take` with each line that `bytes` completes, without its newline, for as long as it
  // returns true. False when it did not, or after a line without end.
  bool Feed(std::string_view bytes, const std::function<bool(std::string_view)>& take);

  // As src/status/socket.ts has it.
  static constexpr size_t kLineBytesMax = 256 * 1024;

 private:
  std::string held_;
  bool failed_ = false;
};

struct StatusClientOptions {
  // Of the socket; longer than sun_path (104 bytes on macOS) is told as a fault.
  std::string path;
  // Called on the client's thread with what differs from the last time.
  std::function<void(const MenuModel&)> draw;
  int first_pause_ms = 500;
  int pause_ms_max = 30'000;
  // An engine says a line each second; after so long without one it is taken for gone.
  int silence_ms_max = 10'000;
};

class StatusClient {
 public:
  explicit StatusClient(StatusClientOptions options);
  ~StatusClient();
  StatusClient(const StatusClient&) = delete;
  StatusClient& operator=(const StatusClient&) = delete;

  // False, with errno set, when its thread or the pipe that stops it cannot be had.
  bool Start();
  // Idempotent.
  void Stop();

 private:
  void Run();
  // One connection from its beginning to its end.
  struct Ending {
    bool stopped = false;
    std::string fault;  // what went wrong, for a person; empty when the engine has said it itself
    bool line_came = false;
  };
  Ending Follow();
  // Reads until the end; false when stopped.
  bool ReadLines(int fd, Ending* ending);
  // False when stopped before `timeout_ms` had passed or `fd` (-1: none) was ready.
  bool Wait(int fd, short events, int timeout_ms, bool* ready);
  void Draw(MenuModel model);

  const StatusClientOptions options_;
  MenuModel drawn_;
  bool has_drawn_ = false;
  Fd stop_read_, stop_write_;
  WorkerThread thread_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_APP_STATUS_CLIENT_H_
