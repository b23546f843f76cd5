#import "mac/app/filter_control.h"

#import <NetworkExtension/NetworkExtension.h>

#include <memory>
#include <utility>
#include <vector>

#include "mac/identity.gen.h"

using freshet::ActivationAction;

namespace {

// In the vendor configuration of those that this app saves; a profile's have none.
NSString *const kMark = @"FreshetSavedBy";

// An organisation sets it to true in a profile for the domain org.freshet.app when it brings the
// filter's configuration by another (com.apple.webcontent-filter).
NSString *const kFilterProfileKey = @"FilterProfile";

std::string TextOf(NSString *_Nullable text) {
  const char *bytes = text.UTF8String;
  return bytes == nullptr ? "" : bytes;
}

// CFBundleVersion of the extension inside this app; empty when there is none.
std::string OwnFilterVersion() {
  NSString *name = [NSString stringWithFormat:@"%s.systemextension", freshet::kFilterId];
  NSURL *url = [[NSBundle.mainBundle.bundleURL
      URLByAppendingPathComponent:@"Contents/Library/SystemExtensions"]
      URLByAppendingPathComponent:name];
  id version = [NSBundle bundleWithURL:url].infoDictionary[@"CFBundleVersion"];
  return [version isKindOfClass:NSString.class] ? TextOf(version) : "";
}

// Only a forced value counts: anything else a user could have set.
bool IsManaged() {
  const CFStringRef domain = (__bridge CFStringRef) @(freshet::kAppId);
  const CFStringRef key = (__bridge CFStringRef)kFilterProfileKey;
  return CFPreferencesAppValueIsForced(key, domain) &&
         CFPreferencesGetAppBooleanValue(key, domain, nullptr);
}

freshet::ConfigurationFault FaultOf(NSError *error) {
  if (![error.domain isEqualToString:NEFilterErrorDomain])
    return freshet::ConfigurationFault::kOther;
  switch (error.code) {
    case NEFilterManagerErrorConfigurationStale:
      return freshet::ConfigurationFault::kStale;
    case NEFilterManagerErrorConfigurationPermissionDenied:
      return freshet::ConfigurationFault::kPermissionDenied;
    default:
      return freshet::ConfigurationFault::kOther;
  }
}

}  // namespace

@implementation FreshetFilterControl {
  std::unique_ptr<freshet::Activation> _activation;
  // The one whose answers count. An earlier one's come late.
  OSSystemExtensionRequest *_request;
  void (^_finished)(freshet::FilterExit, NSString *);
  // Nobody else holds this object while macOS works; SystemExtensions keeps its delegate weakly.
  FreshetFilterControl *_self;
}

- (instancetype)initWithOptions:(freshet::ActivationOptions)options {
  if ((self = [super init]) != nil) {
    options.own_version = OwnFilterVersion();
    options.managed = IsManaged();
    _activation = std::make_unique<freshet::Activation>(std::move(options));
  }
  return self;
}

- (void)beginWithFinished:(void (^)(freshet::FilterExit, NSString *))finished {
  _finished = [finished copy];
  _self = self;
  const auto limit = static_cast<int64_t>(freshet::kActivationSecondsMax * NSEC_PER_SEC);
  __weak FreshetFilterControl *weak = self;
  dispatch_after(dispatch_time(DISPATCH_TIME_NOW, limit), dispatch_get_main_queue(), ^{
    FreshetFilterControl *control = weak;
    if (control != nil) [control act:control->_activation->TimedOut()];
  });
  // Later, as is said: what cannot even begin ends in its first action.
  dispatch_async(dispatch_get_main_queue(), ^{
    [self act:self->_activation->Begin()];
  });
}

- (void)act:(ActivationAction)action {
  dispatch_assert_queue(dispatch_get_main_queue());
  NSString *filter = @(freshet::kFilterId);
  dispatch_queue_t queue = dispatch_get_main_queue();
  switch (action) {
    case ActivationAction::kNothing:
      return;
    case ActivationAction::kAskProperties:
      return [self submit:[OSSystemExtensionRequest propertiesRequestForExtension:filter
                                                                            queue:queue]];
    case ActivationAction::kSubmitActivation:
      return [self submit:[OSSystemExtensionRequest activationRequestForExtension:filter
                                                                            queue:queue]];
    case ActivationAction::kSubmitDeactivation:
      return [self submit:[OSSystemExtensionRequest deactivationRequestForExtension:filter
                                                                              queue:queue]];
    case ActivationAction::kLoadConfiguration:
      return [self loadConfiguration];
    case ActivationAction::kSaveConfiguration:
      return [self saveConfiguration];
    case ActivationAction::kRemoveConfiguration:
      return [NEFilterManager.sharedManager
          removeFromPreferencesWithCompletionHandler:[self savedHandler]];
    case ActivationAction::kTellApproval:
      if (self.tellApproval != nil) self.tellApproval();
      return;
    case ActivationAction::kFinish: {
      void (^finished)(freshet::FilterExit, NSString *) = _finished;
      _finished = nil;
      _request = nil;
      _self = nil;
      if (finished != nil) finished(_activation->exit_status(), @(_activation->line().c_str()));
      return;
    }
  }
}

- (void)submit:(OSSystemExtensionRequest *)request {
  _request = request;
  request.delegate = self;
  [OSSystemExtensionManager.sharedManager submitRequest:request];
}

- (void)loadConfiguration {
  NEFilterManager *manager = NEFilterManager.sharedManager;
  [manager loadFromPreferencesWithCompletionHandler:^(NSError *_Nullable error) {
    dispatch_async(dispatch_get_main_queue(), ^{
      if (error != nil)
        return [self act:self->_activation->ConfigurationFailed(
                             FaultOf(error), TextOf(error.localizedDescription))];
      NEFilterProviderConfiguration *configuration = manager.providerConfiguration;
      freshet::ConfigurationFacts facts;
      facts.exists = configuration != nil;
      facts.enabled = manager.isEnabled;
      facts.ours = [configuration.vendorConfiguration[kMark] isEqual:@(freshet::kAppId)];
      [self act:self->_activation->ConfigurationLoaded(facts)];
    });
  }];
}

- (void)saveConfiguration {
  NEFilterManager *manager = NEFilterManager.sharedManager;
  NEFilterProviderConfiguration *configuration =
      manager.providerConfiguration ?: [[NEFilterProviderConfiguration alloc] init];
  configuration.filterSockets = YES;
  configuration.filterPackets = NO;
  configuration.filterDataProviderBundleIdentifier = @(freshet::kFilterId);
  configuration.vendorConfiguration = @{kMark : @(freshet::kAppId)};
  manager.providerConfiguration = configuration;
  manager.localizedDescription = @"Freshet";
  // Sees what filters of the firewall grade have let through.
  manager.grade = NEFilterManagerGradeInspector;
  manager.enabled = YES;
  [manager saveToPreferencesWithCompletionHandler:[self savedHandler]];
}

- (void (^)(NSError *_Nullable))savedHandler {
  return ^(NSError *_Nullable error) {
    dispatch_async(dispatch_get_main_queue(), ^{
      [self act:error == nil ? self->_activation->ConfigurationSaved()
                             : self->_activation->ConfigurationFailed(
                                   FaultOf(error), TextOf(error.localizedDescription))];
    });
  };
}

#pragma mark OSSystemExtensionRequestDelegate

- (OSSystemExtensionReplacementAction)request:(OSSystemExtensionRequest *)request
                  actionForReplacingExtension:(OSSystemExtensionProperties *)existing
                                withExtension:(OSSystemExtensionProperties *)offered {
  const bool replaces = request == _request && _activation->Replaces(TextOf(existing.bundleVersion),
                                                                     TextOf(offered.bundleVersion));
  return replaces ? OSSystemExtensionReplacementActionReplace
                  : OSSystemExtensionReplacementActionCancel;
}

- (void)requestNeedsUserApproval:(OSSystemExtensionRequest *)request {
  if (request == _request) [self act:_activation->NeedsApproval()];
}

- (void)request:(OSSystemExtensionRequest *)request
    didFinishWithResult:(OSSystemExtensionRequestResult)result {
  if (request != _request) return;
  [self
      act:_activation->RequestFinished(result == OSSystemExtensionRequestWillCompleteAfterReboot)];
}

- (void)request:(OSSystemExtensionRequest *)request didFailWithError:(NSError *)error {
  if (request != _request) return;
  const bool theirs = [error.domain isEqualToString:OSSystemExtensionErrorDomain];
  [self act:_activation->RequestFailed(theirs ? static_cast<int>(error.code) : 0,
                                       TextOf(error.localizedDescription))];
}

- (void)request:(OSSystemExtensionRequest *)request
    foundProperties:(NSArray<OSSystemExtensionProperties *> *)properties {
  if (request != _request) return;
  std::vector<freshet::ExtensionFacts> found;
  for (OSSystemExtensionProperties *one in properties)
    found.push_back({TextOf(one.bundleVersion), static_cast<bool>(one.isEnabled),
                     static_cast<bool>(one.isAwaitingUserApproval),
                     static_cast<bool>(one.isUninstalling)});
  [self act:_activation->PropertiesFound(found)];
}

@end
