// The menu bar's client on real Unix sockets: lines in pieces, engines that stop, hang up, fall
// silent or talk nonsense, and its end at any moment.
#include "mac/app/status_client.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>

#include "check.h"

namespace freshet {
namespace {

// What was drawn, for the test's thread to wait for. A wait that does not end in 10 s is a failure.
class Drawn {
 public:
  void operator()(const MenuModel& model) {
    const std::lock_guard lock(mutex_);
    last_ = model.line;
    row_ = model.rows.empty() ? "" : model.rows.front();
    count_++;
    changed_.notify_all();
  }
  void WaitFor(std::string_view line) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, std::chrono::seconds(10), [&] { return last_ == line; })) return;
    std::fprintf(stderr, "last drawn: %s\n", last_.c_str());
    CHECK(false);
  }
  std::string row() {
    const std::lock_guard lock(mutex_);
    return row_;
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string last_, row_;
  int count_ = 0;
};

class Server {
 public:
  explicit Server(const std::string& path) : path_(path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    listening_ = Fd(socket(AF_UNIX, SOCK_STREAM, 0));
    CHECK(bind(listening_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
    CHECK(listen(listening_.get(), 4) == 0);
  }
  ~Server() { unlink(path_.c_str()); }
  Fd Accept() {
    Fd client(accept(listening_.get(), nullptr, nullptr));
    CHECK(static_cast<bool>(client));
    return client;
  }

 private:
  const std::string path_;
  Fd listening_;
};

std::string Line(const std::string& text) {
  return R"({"menu":{"state":"ok","line":")" + text + "\"}}\n";
}

void Say(const Fd& client, std::string_view text) {
  CHECK(send(client.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
        static_cast<ssize_t>(text.size()));
}

StatusClientOptions Options(const std::string& path, Drawn* drawn) {
  StatusClientOptions options;
  options.path = path;
  options.draw = [drawn](const MenuModel& model) { (*drawn)(model); };
  options.first_pause_ms = 2;
  options.pause_ms_max = 20;
  return options;
}

void FollowsAnEngine(const std::string& path) {
  Drawn drawn;
  StatusClient client(Options(path, &drawn));
  CHECK(client.Start());
  drawn.WaitFor("Freshet is not running on this Mac");
  {
    Server server(path);
    const Fd engine = server.Accept();
    const std::string one = Line("one");
    for (const char& byte : one) Say(engine, {&byte, 1});
    drawn.WaitFor("one");
    const int before = drawn.count();
    Say(engine, one + one + Line("two"));
    drawn.WaitFor("two");
    CHECK(drawn.count() == before + 1);  // the same is not drawn again
  }
  drawn.WaitFor("Freshet is not running on this Mac");
  Server server(path);
  const Fd engine = server.Accept();
  Say(engine, Line("three"));
  drawn.WaitFor("three");
  client.Stop();
  client.Stop();
}

void TellsWhatIsWrong(const std::string& path) {
  Drawn drawn;
  Server server(path);
  StatusClient client(Options(path, &drawn));
  CHECK(client.Start());
  server.Accept();
  drawn.WaitFor("Freshet is not running on this Mac");
  {
    const Fd engine = server.Accept();
    Say(engine, R"({"refused":"x","menu":{"state":"error","line":"not for you"}})"
                "\n");
  }
  drawn.WaitFor("not for you");
  const int told = drawn.count();
  {
    const Fd again = server.Accept();  // it asks again, and nothing else was drawn in between
    CHECK(drawn.count() == told);
    Say(again, Line("now"));
    drawn.WaitFor("now");
  }
  {
    const Fd engine = server.Accept();
    Say(engine, "{\"version\":\"9\"}\n");
    drawn.WaitFor("Freshet and its menu are of different versions");
    CHECK(drawn.row().starts_with("Log out and in again"));
  }
  const Fd engine = server.Accept();
  Say(engine, Line("well"));
  drawn.WaitFor("well");
  const std::string endless(64 * 1024, 'x');
  for (int part = 0; part < 5; part++)
    if (send(engine.get(), endless.data(), endless.size(), MSG_NOSIGNAL) < 0) break;
  drawn.WaitFor("Freshet and its menu are of different versions");
}

void TakesSilenceForAFault(const std::string& path) {
  Drawn drawn;
  StatusClientOptions options = Options(path, &drawn);
  options.silence_ms_max = 50;
  Server server(path);
  StatusClient client(options);
  CHECK(client.Start());
  const Fd engine = server.Accept();
  drawn.WaitFor("Freshet has stopped answering");
  CHECK(drawn.row().starts_with("macOS starts it again"));
}

// A refusal is no reason to ask again at once: the pauses grow, to 254 ms over seven of them here.
void AsksLessOftenWhenRefused(const std::string& path) {
  Drawn drawn;
  StatusClientOptions options = Options(path, &drawn);
  options.pause_ms_max = 1000;
  Server server(path);
  StatusClient client(options);
  const auto began = std::chrono::steady_clock::now();
  CHECK(client.Start());
  for (int attempt = 0; attempt < 8; attempt++)
    Say(server.Accept(), R"({"refused":"x","menu":{"state":"error","line":"not for you"}})"
                         "\n");
  CHECK(std::chrono::steady_clock::now() - began >= std::chrono::milliseconds(254));
}

void RefusesALongPath() {
  Drawn drawn;
  StatusClient client(Options("/tmp/" + std::string(200, 'x'), &drawn));
  CHECK(client.Start());
  drawn.WaitFor("Freshet's socket has too long a name");
  CHECK(drawn.row() == "Tell your administrator.");
}

// In a process that may have no second thread.
void SaysThatThereIsNoThread(const std::string& path) {
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    Drawn drawn;
    StatusClient client(Options(path, &drawn));
    const rlimit none{0, 0};  // does not hold for root
    if (setrlimit(RLIMIT_NPROC, &none) != 0) _exit(2);
    if (geteuid() == 0 && setuid(65'534) != 0) _exit(3);
    const bool said = !client.Start() && errno == EAGAIN;
    client.Stop();
    _exit(said ? 0 : 1);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

void StopsAtAnyMoment(const std::string& path) {
  Random random(3);
  for (int round = 0; round < 200; round++) {
    Drawn drawn;
    StatusClient client(Options(path, &drawn));
    CHECK(client.Start());
    if (round % 2 == 0) {
      Server server(path);
      usleep(static_cast<useconds_t>(random.Below(3000)));
      client.Stop();
    } else {
      usleep(static_cast<useconds_t>(random.Below(3000)));
    }
  }
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  char folder[] = "/tmp/freshet-menu-XXXXXX";
  CHECK(mkdtemp(folder) != nullptr);
  const std::string path = std::string(folder) + "/status.sock";
  SaysThatThereIsNoThread(path);  // first: who forks has no thread yet
  FollowsAnEngine(path);
  TellsWhatIsWrong(path);
  TakesSilenceForAFault(path);
  AsksLessOftenWhenRefused(path);
  RefusesALongPath();
  StopsAtAnyMoment(path);
  rmdir(folder);
  std::puts("status client: ok");
}
