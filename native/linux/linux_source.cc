#include "linux/linux_source.h"

#include <sys/eventfd.h>

#include "linux/reader.h"

namespace freshet {

LinuxSource::LinuxSource(Ring* ring, SourceOptions options, LinuxOptions linux_options)
    : ring_(ring), options_(std::move(options)), linux_options_(std::move(linux_options)) {}

LinuxSource::~LinuxSource() { Stop(); }

bool LinuxSource::Start() {
  stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  enumerate_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_ || !enumerate_) return false;
  return thread_.Start("freshet-source", [this] {
    Reader reader(ring_, options_, linux_options_, stop_.get(), enumerate_.get());
    reader.Run();
  });
}

void LinuxSource::RequestEnumerate() {
  if (enumerate_) eventfd_write(enumerate_.get(), 1);
}

void LinuxSource::Stop() {
  if (!thread_.running()) return;
  eventfd_write(stop_.get(), 1);
  thread_.Join();
}

std::span<const SourceKind> PlatformSources() {
  static constexpr SourceKind kSources[] = {
      {"linux", k_source_linux, [](Ring* ring, SourceOptions options) -> std::unique_ptr<Source> {
         return std::make_unique<LinuxSource>(ring, std::move(options));
       }}};
  return kSources;
}

}  // namespace freshet
