// What the provider makes of the numbers of NetworkExtension, and when it asks for what. Decisions
// only: filter_provider.mm asserts that Apple's constants are those named here, and does as told.
#ifndef FRESHET_MAC_FILTER_PROVIDER_FACTS_H_
#define FRESHET_MAC_FILTER_PROVIDER_FACTS_H_

#include <atomic>
#include <optional>

#include "mac/filter/flow_report.h"
#include "mac/filter_protocol.h"
#include "record.h"

namespace freshet {

// NETrafficDirection (NENetworkRule.h).
inline constexpr long kAppleAny = 0;
inline constexpr long kAppleInbound = 1;
inline constexpr long kAppleOutbound = 2;

// NEFilterReportEvent (NEFilterProvider.h). 2 is a decision about data, which is never asked for.
inline constexpr long kAppleNewFlow = 1;
inline constexpr long kAppleFlowClosed = 3;
inline constexpr long kAppleStatistics = 4;

// NEFilterReportFrequency (NEFilterProvider.h): about every 5 s, 1 s and half a second.
inline constexpr long kAppleFrequencyNone = 0;
inline constexpr long kAppleFrequencyLow = 1;
inline constexpr long kAppleFrequencyMedium = 2;
inline constexpr long kAppleFrequencyHigh = 3;

inline u8 DirectionOf(long apple) {
  return apple == kAppleOutbound  ? k_direction_outbound
         : apple == kAppleInbound ? k_direction_inbound
                                  : k_direction_unknown;
}

// Nothing: a report that tells the ledger nothing.
inline std::optional<FlowEvent> EventOf(long apple) {
  switch (apple) {
    case kAppleNewFlow:
      return FlowEvent::kAnnounced;
    case kAppleFlowClosed:
      return FlowEvent::kClosed;
    case kAppleStatistics:
      return FlowEvent::kStatistics;
    default:
      return std::nullopt;
  }
}

// IANA's number. A socket made with protocol 0 has its type's own: SOCK_STREAM (1) TCP, SOCK_DGRAM
// (2) UDP (<sys/socket.h>).
inline u8 ProtocolOf(int protocol, int socket_type) {
  if (protocol > 0 && protocol < 256) return static_cast<u8>(protocol);
  if (protocol == 0 && socket_type == 1) return 6;
  if (protocol == 0 && socket_type == 2) return 17;
  return 0;
}

// Every flow is allowed at once, whatever else is answered: this says what is to be reported of it.
struct FlowReporting {
  bool reports = false;
  long frequency = kAppleFrequencyNone;
};

inline FlowReporting ReportingFor(Statistics statistics) {
  switch (statistics) {
    case Statistics::kLow:
      return {true, kAppleFrequencyLow};
    case Statistics::kMedium:
      return {true, kAppleFrequencyMedium};
    case Statistics::kHigh:
      return {true, kAppleFrequencyHigh};
    case Statistics::kOff:
      break;
  }
  return {};
}

// Opens once, for whoever comes first. Threads: any.
class OnceGate {
 public:
  bool Pass() { return !passed_.exchange(true, std::memory_order_acq_rel); }

 private:
  std::atomic<bool> passed_{false};
};

// Of which flows the filter is asked: also those that this host accepted, since what a peer fetches
// from a program that listens is sent as well. The engine decides what counts.
inline constexpr long kWatchedDirection = kAppleAny;

// The one rule of the filter, for all flows but loopback's.
enum class FilterRule {
  kWatch,  // the provider is asked about each flow
  kAllow,  // the kill switch: the kernel allows them without asking
};

// Which rule is to be given to macOS next: one at a time, and no more than it takes. A rule that
// macOS refused is not tried again before another is wanted: without any, all flows come to the
// provider, which allows them. Threads: one at a time.
class RuleKeeper {
 public:
  // The rule that fits from now on. Answers what to apply, if anything.
  std::optional<FilterRule> Want(Statistics statistics) {
    wanted_ = statistics == Statistics::kOff ? FilterRule::kAllow : FilterRule::kWatch;
    return Next();
  }

  // macOS is done with what was to be applied.
  std::optional<FilterRule> Applied() {
    applying_ = false;
    return Next();
  }

  // The filter stopped: what was applied is gone.
  void Forget() { *this = RuleKeeper(); }

 private:
  std::optional<FilterRule> Next() {
    if (applying_ || wanted_ == given_) return std::nullopt;
    applying_ = true;
    given_ = wanted_;
    return given_;
  }

  std::optional<FilterRule> wanted_;
  std::optional<FilterRule> given_;  // applied, or being applied
  bool applying_ = false;
};

}  // namespace freshet

#endif  // FRESHET_MAC_FILTER_PROVIDER_FACTS_H_
