// The source of flows over the Mac itself.
#include <time.h>
#include <unistd.h>

#include "mac/boot_session.h"
#include "mac/flow_listener.h"
#include "mac/identity.gen.h"
#include "mac/peer_requirement.h"
#include "mac/xpc_listener.h"

namespace freshet {
namespace {

// docs/filter-protocol.md: the kill switch. In the directory of root's own daemon, whatever state
// directory its engine uses.
constexpr char kFilterOffFile[] = "/Library/Application Support/Freshet/filter-off";

}  // namespace

std::unique_ptr<Source> MakeFlowListener(Ring* ring, SourceOptions options) {
  IntakeOptions intake;
  ReadBootId(intake.boot_id.data());
  intake.unix_ns = [] { return clock_gettime_nsec_np(CLOCK_REALTIME); };
  // Asked with each answer: one look-up of a name in the kernel's cache.
  intake.statistics = [] {
    return access(kFilterOffFile, F_OK) == 0 ? Statistics::kOff : Statistics::kLow;
  };
  if (options.wanted_pids != nullptr)
    intake.on_new_pid = [wanted = options.wanted_pids](u32 pid) { wanted->Ask(pid); };
  return std::make_unique<FlowListener>(
      ring, std::move(options), std::move(intake),
      std::make_unique<XpcListener>(kDaemonService, PeerRequirement(kFilterId, kTeamId, kSigning)));
}

}  // namespace freshet
