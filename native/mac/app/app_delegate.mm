#import "mac/app/app_delegate.h"

#include <os/log.h>
#include <sys/sysctl.h>

#include <memory>
#include <string>

#import "mac/app/filter_control.h"
#import "mac/app/notifier.h"
#import "mac/app/status_menu.h"

#include "mac/app/status_client.h"
#include "mac/app/update_moments.h"
#include "mac/identity.gen.h"

namespace {

NSString *const kBootKey = @"LastBoot";

// Names this boot; empty when the system does not say.
std::string BootSession() {
  char text[64] = {};
  size_t size = sizeof(text) - 1;
  return sysctlbyname("kern.bootsessionuuid", text, &size, nullptr, 0) == 0 ? text : "";
}

// As src/cli/state.ts has it.
std::string StatusSocket() {
  NSString *state = NSProcessInfo.processInfo.environment[@"FRESHET_STATE"];
  if (state.length == 0) state = @"/Library/Application Support/Freshet";
  return [state stringByAppendingPathComponent:@"status.sock"].UTF8String;
}

}  // namespace

@implementation FreshetAppDelegate {
  FreshetStatusMenu *_menu;
  FreshetNotifier *_notifier;
  freshet::Announcer _announcer;
  std::unique_ptr<freshet::UpdateMoments> _moments;
  std::unique_ptr<freshet::StatusClient> _client;
}

- (void)applicationDidFinishLaunching:(NSNotification *)notification {
  NSString *identifier = NSBundle.mainBundle.bundleIdentifier ?: @(freshet::kAppId);
  // launchd starts it without asking whether somebody opened it by hand.
  if ([NSRunningApplication runningApplicationsWithBundleIdentifier:identifier].count > 1)
    return [NSApp terminate:nil];
  _menu = [[FreshetStatusMenu alloc] init];
  _notifier = [[FreshetNotifier alloc] init];
  [self followEngine];

  NSUserDefaults *defaults = NSUserDefaults.standardUserDefaults;
  const std::string boot = BootSession();
  const char *last = [defaults stringForKey:kBootKey].UTF8String;
  _moments = std::make_unique<freshet::UpdateMoments>(boot, last == nullptr ? "" : last);
  [defaults setObject:@(boot.c_str()) forKey:kBootKey];
  [self updateFilter:_moments->Started([self seconds])];
  [NSWorkspace.sharedWorkspace.notificationCenter addObserver:self
                                                     selector:@selector(machineWoke:)
                                                         name:NSWorkspaceDidWakeNotification
                                                       object:nil];
}

- (void)applicationWillTerminate:(NSNotification *)notification {
  if (_client != nullptr) _client->Stop();
}

- (void)followEngine {
  freshet::StatusClientOptions options;
  options.path = StatusSocket();
  __weak FreshetAppDelegate *weak = self;
  options.draw = [weak](const freshet::MenuModel &model) {
    dispatch_async(dispatch_get_main_queue(), ^{
      [weak show:model];
    });
  };
  _client = std::make_unique<freshet::StatusClient>(std::move(options));
  if (!_client->Start()) os_log_error(OS_LOG_DEFAULT, "no thread for the status: %{errno}d", errno);
}

- (void)show:(const freshet::MenuModel &)model {
  [_menu show:model];
  for (const freshet::MenuNeed &need : _announcer.NewNeeds(model)) [_notifier tell:need];
}

- (void)machineWoke:(NSNotification *)notification {
  [self updateFilter:_moments->Woke([self seconds])];
}

// Sleep counts: what matters is how long macOS had to settle the last request.
- (uint64_t)seconds {
  return clock_gettime_nsec_np(CLOCK_MONOTONIC_RAW) / NSEC_PER_SEC;
}

- (void)updateFilter:(freshet::UpdateMoment)moment {
  if (moment == freshet::UpdateMoment::kNone) return;
  freshet::ActivationOptions options;
  options.command = freshet::FilterCommand::kActivate;
  options.waits_for_approval = true;
  options.replace_now = moment == freshet::UpdateMoment::kReplace;
  FreshetFilterControl *control = [[FreshetFilterControl alloc] initWithOptions:options];
  __weak FreshetAppDelegate *weak = self;
  control.tellApproval = ^{
    [weak tellApproval];
  };
  [control beginWithFinished:^(freshet::FilterExit, NSString *line) {
    os_log(OS_LOG_DEFAULT, "%{public}@", line);
    FreshetAppDelegate *delegate = weak;
    if (delegate != nil) delegate->_moments->Finished();
  }];
}

- (void)tellApproval {
  freshet::MenuNeed need;
  need.text =
      "Allow the network monitor in System Settings: until then Freshet does not see what is sent.";
  need.url = FreshetExtensionSettings().UTF8String;
  [_notifier tell:need];
}

@end
