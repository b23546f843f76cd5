// The Endpoint Security source over the Mac itself.
#include <sys/mount.h>
#include <sys/stat.h>

#include "mac/endpoint_security.h"

namespace freshet {
namespace {

// 0 where / can be written to: no sealed system volume.
u64 SealedDevice() {
  struct statfs volume;
  struct stat root;
  if (statfs("/", &volume) != 0 || (volume.f_flags & MNT_RDONLY) == 0) return 0;
  return stat("/", &root) == 0 ? static_cast<u32>(root.st_dev) : 0;
}

}  // namespace

std::unique_ptr<Source> MakeEndpointSecuritySource(Ring* ring, SourceOptions options) {
  EsOptions es_options;
  es_options.protection.sealed_dev = SealedDevice();
  es_options.tell_running = [api = std::shared_ptr<RunningApi>(MakeRunningApi())](
                                const IsTold& is_told, const TellExec& tell,
                                const TellCode& tell_code) {
    return TellRunning(api.get(), is_told, tell, tell_code).error;
  };
  return std::make_unique<EndpointSecuritySource>(ring, std::move(options), std::move(es_options));
}

}  // namespace freshet
