// The source over the Mac itself.
#include <time.h>
#include <unistd.h>

#include "mac/boot_session.h"
#include "mac/polling/polling_source.h"

namespace freshet {

std::unique_ptr<Source> MakePollingSource(Ring* ring, SourceOptions options) {
  PollingOptions polling;
  polling.is_root = geteuid() == 0;
  ReadBootId(polling.boot_id.data());
  polling.unix_ns = [] { return clock_gettime_nsec_np(CLOCK_REALTIME); };
  return std::make_unique<PollingSource>(ring, std::move(options), std::move(polling),
                                         MakeRunningApi(), MakeProcessEvents());
}

}  // namespace freshet
