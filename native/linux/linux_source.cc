#include "linux/linux_source.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>

#include <system_error>

#include "linux/reader.h"

namespace freshet {

LinuxSource::LinuxSource(Ring* ring, SourceOptions options, LinuxOptions linux_options)
    : ring_(ring), options_(std::move(options)), linux_options_(std::move(linux_options)) {}

LinuxSource::~LinuxSource() { Stop(); }

bool LinuxSource::Start() {
  stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  enumerate_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_ || !enumerate_) return false;
  // Signals are the main thread's.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "freshet-source");
    Reader reader(ring_, options_, linux_options_, stop_.get(), enumerate_.get());
    reader.Run();
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return true;
}

void LinuxSource::RequestEnumerate() {
  if (enumerate_) eventfd_write(enumerate_.get(), 1);
}

void LinuxSource::Stop() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

std::span<const SourceKind> PlatformSources() {
  static constexpr SourceKind kSources[] = {
      {"linux", k_source_linux, [](Ring* ring, SourceOptions options) -> std::unique_ptr<Source> {
         return std::make_unique<LinuxSource>(ring, std::move(options));
       }}};
  return kSources;
}

}  // namespace freshet
