#include "mac/app/status_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace freshet {
namespace {

constexpr char kNotRunning[] = "Freshet is not running on this Mac";
constexpr char kRefused[] = "Freshet does not show its state to this user";
constexpr char kSilent[] = "Freshet has stopped answering";
constexpr char kForeign[] = "Freshet and its menu are of different versions";

// What a person can do about it.
const char* Remedy(std::string_view fault) {
  if (fault == kNotRunning || fault == kSilent)
    return "macOS starts it again by itself. If this stays, tell your administrator.";
  if (fault == kForeign) return "Log out and in again: the menu of the new version starts then.";
  return "Tell your administrator.";
}

MenuModel Unreachable(std::string fault) {
  MenuModel model;
  model.state = MenuState::kError;
  model.rows = {Remedy(fault)};
  model.line = std::move(fault);
  return model;
}

bool SetFlags(int fd) {
  return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

int64_t NowMs() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const char* ConnectFault(int error) {
  return error == EACCES || error == EPERM ? kRefused : kNotRunning;
}

}  // namespace

bool LineFramer::Feed(std::string_view bytes, const std::function<bool(std::string_view)>& take) {
  while (!failed_ && !bytes.empty()) {
    const size_t newline = bytes.find('\n');
    const std::string_view part = bytes.substr(0, newline);
    if (held_.size() + part.size() > kLineBytesMax) {
      failed_ = true;
    } else if (newline == std::string_view::npos) {
      held_.append(part);
      break;
    } else {
      // Most lines come whole: those are not copied.
      if (!held_.empty()) held_.append(part);
      failed_ = !take(held_.empty() ? part : held_);
      held_.clear();
      bytes.remove_prefix(newline + 1);
    }
  }
  return !failed_;
}

StatusClient::StatusClient(StatusClientOptions options) : options_(std::move(options)) {}

StatusClient::~StatusClient() { Stop(); }

bool StatusClient::Start() {
  int ends[2];
  if (pipe(ends) != 0) return false;
  stop_read_ = Fd(ends[0]);
  stop_write_ = Fd(ends[1]);
  if (!SetFlags(ends[0]) || !SetFlags(ends[1])) return false;
  return thread_.Start("freshet-status", [this] { Run(); });
}

void StatusClient::Stop() {
  if (!thread_.running()) return;
  stop_write_ = Fd();  // the other end then reads as ended, for good
  thread_.Join();
}

void StatusClient::Run() {
  int pause_ms = options_.first_pause_ms;
  for (;;) {
    const Ending ending = Follow();
    if (ending.stopped) return;
    if (!ending.fault.empty()) Draw(Unreachable(ending.fault));
    if (ending.line_came) pause_ms = options_.first_pause_ms;
    bool ready = false;
    if (!Wait(-1, 0, pause_ms, &ready)) return;
    pause_ms = std::min(pause_ms * 2, options_.pause_ms_max);
  }
}

StatusClient::Ending StatusClient::Follow() {
  Ending ending;
  const auto fail = [&ending](const char* fault) {
    ending.fault = fault;
    return ending;
  };
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (options_.path.size() >= sizeof(address.sun_path))
    return fail("Freshet's socket has too long a name");
  std::memcpy(address.sun_path, options_.path.data(), options_.path.size());
  const Fd socket_fd(socket(AF_UNIX, SOCK_STREAM, 0));
  if (!socket_fd || !SetFlags(socket_fd.get())) return fail(kNotRunning);
  if (connect(socket_fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno != EINPROGRESS) return fail(ConnectFault(errno));
    bool ready = false;
    ending.stopped = !Wait(socket_fd.get(), POLLOUT, options_.silence_ms_max, &ready);
    if (ending.stopped) return ending;
    int error = 0;
    socklen_t size = sizeof(error);
    if (!ready || getsockopt(socket_fd.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0)
      return fail(ConnectFault(error));
  }
  ending.stopped = !ReadLines(socket_fd.get(), &ending);
  return ending;
}

bool StatusClient::ReadLines(int fd, Ending* ending) {
  LineFramer framer;
  char bytes[16 * 1024];
  bool refused = false;
  int64_t heard_ms = NowMs();
  const auto take = [&](std::string_view line) {
    std::optional<StatusLine> status = ParseStatusLine(line);
    if (!status) return false;
    refused = status->refused;
    // A refusal is no sign that asking more often will help.
    ending->line_came = ending->line_came || !refused;
    heard_ms = NowMs();
    Draw(std::move(status->menu));
    return true;
  };
  for (;;) {
    const int64_t left_ms = heard_ms + options_.silence_ms_max - NowMs();
    bool ready = false;
    if (left_ms > 0 && !Wait(fd, POLLIN, static_cast<int>(left_ms), &ready)) return false;
    if (!ready) {
      ending->fault = kSilent;
      return true;
    }
    const ssize_t count = read(fd, bytes, sizeof(bytes));
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) {
      if (!refused) ending->fault = kNotRunning;
      return true;
    }
    if (!framer.Feed({bytes, static_cast<size_t>(count)}, take)) {
      ending->fault = kForeign;
      return true;
    }
  }
}

bool StatusClient::Wait(int fd, short events, int timeout_ms, bool* ready) {
  pollfd waited[2] = {{stop_read_.get(), POLLIN, 0}, {fd, events, 0}};
  const int64_t until_ms = NowMs() + timeout_ms;
  int found;
  do {
    const int64_t left_ms = std::max<int64_t>(0, until_ms - NowMs());
    found = poll(waited, 2, static_cast<int>(left_ms));  // a negative fd is passed over
  } while (found < 0 && errno == EINTR);
  *ready = found > 0 && waited[1].revents != 0;
  return found >= 0 && waited[0].revents == 0;
}

void StatusClient::Draw(MenuModel model) {
  if (has_drawn_ && model == drawn_) return;
  drawn_ = std::move(model);
  has_drawn_ = true;
  options_.draw(drawn_);
}

}  // namespace freshet
