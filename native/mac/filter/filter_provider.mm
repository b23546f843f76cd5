#import "mac/filter/filter_provider.h"

#import <Network/Network.h>
#include <os/log.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "boot_clock.h"
#include "mac/filter/filter_service.h"
#include "mac/filter/provider_facts.h"
#import "mac/newer_sdk.h"

namespace {

using namespace freshet;

static_assert(NETrafficDirectionAny == kAppleAny && NETrafficDirectionInbound == kAppleInbound &&
              NETrafficDirectionOutbound == kAppleOutbound);
static_assert(NEFilterReportEventNewFlow == kAppleNewFlow &&
              NEFilterReportEventFlowClosed == kAppleFlowClosed &&
              NEFilterReportEventStatistics == kAppleStatistics);
static_assert(NEFilterReportFrequencyNone == kAppleFrequencyNone &&
              NEFilterReportFrequencyLow == kAppleFrequencyLow &&
              NEFilterReportFrequencyMedium == kAppleFrequencyMedium &&
              NEFilterReportFrequencyHigh == kAppleFrequencyHigh);

// A filter that has not started holds the Mac's network up: past this it has started, settings or
// not.
constexpr int64_t kStartWithinNs = 2 * NSEC_PER_SEC;
constexpr int64_t kStopWithinNs = NSEC_PER_SEC;

// Valid as long as the string, at most until the autorelease pool is drained.
std::string_view TextOf(NSString *_Nullable text) {
  const char *bytes = text.UTF8String;
  return bytes == nullptr ? std::string_view() : std::string_view(bytes);
}

std::span<const std::byte> BytesOf(NSData *_Nullable data) {
  return {static_cast<const std::byte *>(data.bytes), data.length};
}

// A text of an endpoint that outlives the call into Network.framework.
struct EndpointHolder {
  std::string host;
  std::string port;
  EndpointText text;
};

void ReadNewEndpoint(nw_endpoint_t endpoint, EndpointHolder *holder) {
  char *address = nw_endpoint_get_type(endpoint) == nw_endpoint_type_address
                      ? nw_endpoint_copy_address_string(endpoint)
                      : nullptr;
  const char *name = address == nullptr ? nw_endpoint_get_hostname(endpoint) : address;
  if (name != nullptr) holder->host = name;
  std::free(address);
  holder->port = std::to_string(nw_endpoint_get_port(endpoint));
  holder->text = {holder->host, holder->port};
}

// nil, and an endpoint of another kind, are ordinary: the ends of a flow may be known later.
bool ReadOldEndpoint(NWEndpoint *_Nullable endpoint, EndpointHolder *holder) {
  if (![endpoint isKindOfClass:NWHostEndpoint.class]) return false;
  NWHostEndpoint *host = static_cast<NWHostEndpoint *>(endpoint);
  holder->text = {TextOf(host.hostname), TextOf(host.port)};
  return true;
}

void ReadEndpoints(NEFilterSocketFlow *flow, EndpointHolder *remote, EndpointHolder *local) {
  const bool has_remote = ReadOldEndpoint(flow.remoteEndpoint, remote);
  const bool has_local = ReadOldEndpoint(flow.localEndpoint, local);
  // Should a later macOS no longer fill in those that macOS 15 deprecates.
  if (@available(macOS 15.0, *)) {
    if (!has_remote && [flow respondsToSelector:@selector(remoteFlowEndpoint)]) {
      nw_endpoint_t endpoint = flow.remoteFlowEndpoint;
      if (endpoint != nil) ReadNewEndpoint(endpoint, remote);
    }
    if (!has_local && [flow respondsToSelector:@selector(localFlowEndpoint)]) {
      nw_endpoint_t endpoint = flow.localFlowEndpoint;
      if (endpoint != nil) ReadNewEndpoint(endpoint, local);
    }
  }
}

void Tell(NEFilterFlow *_Nullable flow, FlowEvent event, u64 bytes_out, u64 bytes_in) {
  const u64 now_ns = SinceBootNs();
  if (flow == nil) return;
  @autoreleasepool {
    FlowReport report;
    report.event = event;
    report.at_ns = now_ns;
    report.bytes_out = bytes_out;
    report.bytes_in = bytes_in;
    report.direction = DirectionOf(flow.direction);
    uuid_t uuid = {};
    [flow.identifier getUUIDBytes:uuid];
    static_assert(sizeof(uuid) == sizeof(report.uuid));
    std::memcpy(report.uuid.data(), uuid, sizeof(uuid));
    NSData *app_token = flow.sourceAppAuditToken;
    report.app_token = BytesOf(app_token);
    NSData *process_token = nil;
    if (@available(macOS 13.0, *)) process_token = flow.sourceProcessAuditToken;
    report.process_token = BytesOf(process_token);
    NSString *hostname = flow.URL.host;
    EndpointHolder remote, local;
    if ([flow isKindOfClass:NEFilterSocketFlow.class]) {
      NEFilterSocketFlow *socket = static_cast<NEFilterSocketFlow *>(flow);
      report.protocol = ProtocolOf(socket.socketProtocol, socket.socketType);
      ReadEndpoints(socket, &remote, &local);
      if (hostname.length == 0) hostname = socket.remoteHostname;
    }
    report.hostname = TextOf(hostname);
    report.remote = remote.text;
    report.local = local.text;
    FilterService::Get().ledger()->Push(report);
  }
}

NEFilterSettings *SettingsOf(FilterRule rule) {
  // Without a network it is every one but loopback.
  NENetworkRule *watched = [[NENetworkRule alloc]
      initWithRemoteNetwork:nil
               remotePrefix:0
               localNetwork:nil
                localPrefix:0
                   protocol:NENetworkRuleProtocolAny
                  direction:static_cast<NETrafficDirection>(kWatchedDirection)];
  const NEFilterAction action =
      rule == FilterRule::kWatch ? NEFilterActionFilterData : NEFilterActionAllow;
  NEFilterRule *only = [[NEFilterRule alloc] initWithNetworkRule:watched action:action];
  return [[NEFilterSettings alloc] initWithRules:@[ only ] defaultAction:NEFilterActionAllow];
}

}  // namespace

@implementation FreshetFilterProvider {
  // Both belong to the service's queue.
  RuleKeeper _rules;
  bool _started;
}

- (void)startFilterWithCompletionHandler:(void (^)(NSError *_Nullable))completionHandler {
  const auto gate = std::make_shared<OnceGate>();
  void (^complete)(void) = ^{
    // nil also when macOS refused the settings: an error would leave the filter configured and not
    // running, which is what holds up the network.
    if (gate->Pass()) completionHandler(nil);
  };
  dispatch_after(dispatch_time(DISPATCH_TIME_NOW, kStartWithinNs),
                 dispatch_get_global_queue(QOS_CLASS_USER_INITIATED, 0), complete);
  FilterService &service = FilterService::Get();
  __weak FreshetFilterProvider *weak = self;
  dispatch_async(service.queue(), ^{
    FreshetFilterProvider *provider = weak;
    if (provider == nil) return complete();
    provider->_started = true;
    [provider apply:provider->_rules.Want(FilterService::Get().statistics()) then:complete];
    FilterService::Get().OnStatistics([weak](Statistics statistics) {
      FreshetFilterProvider *told = weak;
      if (told != nil && told->_started) [told apply:told->_rules.Want(statistics) then:nil];
    });
  });
}

- (void)stopFilterWithReason:(NEProviderStopReason)reason
           completionHandler:(void (^)(void))completionHandler {
  os_log(OS_LOG_DEFAULT, "the filter stops: reason %ld", static_cast<long>(reason));
  const auto gate = std::make_shared<OnceGate>();
  void (^complete)(void) = ^{
    if (gate->Pass()) completionHandler();
  };
  // Nothing on the queue waits; should it be busy all the same, the stop does not wait for it.
  dispatch_after(dispatch_time(DISPATCH_TIME_NOW, kStopWithinNs),
                 dispatch_get_global_queue(QOS_CLASS_USER_INITIATED, 0), complete);
  dispatch_async(FilterService::Get().queue(), ^{
    self->_started = false;
    self->_rules.Forget();
    FilterService::Get().Stopped();
    complete();
  });
}

// On the service's queue. `then` is called on it or on macOS's own.
- (void)apply:(std::optional<FilterRule>)rule then:(void (^_Nullable)(void))then {
  if (!rule) {
    if (then != nil) then();
    return;
  }
  __weak FreshetFilterProvider *weak = self;
  [self applySettings:SettingsOf(*rule)
      completionHandler:^(NSError *_Nullable error) {
        if (error != nil)
          os_log_error(OS_LOG_DEFAULT, "macOS refused the filter's settings: %{public}@", error);
        if (then != nil) then();
        dispatch_async(FilterService::Get().queue(), ^{
          FreshetFilterProvider *provider = weak;
          if (provider == nil || !provider->_started) return;
          [provider apply:provider->_rules.Applied() then:nil];
        });
      }];
}

- (NEFilterNewFlowVerdict *)handleNewFlow:(NEFilterFlow *)flow {
  NEFilterNewFlowVerdict *verdict = [NEFilterNewFlowVerdict allowVerdict];
  const FlowReporting reporting = ReportingFor(FilterService::Get().statistics());
  verdict.shouldReport = reporting.reports;
  verdict.statisticsReportFrequency = static_cast<NEFilterReportFrequency>(reporting.frequency);
  if (reporting.reports) Tell(flow, FlowEvent::kNewFlow, 0, 0);
  return verdict;
}

- (void)handleReport:(NEFilterReport *)report {
  const std::optional<FlowEvent> event = EventOf(report.event);
  if (event) Tell(report.flow, *event, report.bytesOutboundCount, report.bytesInboundCount);
}

@end
