#import "mac/app/notifier.h"

#import <AppKit/AppKit.h>
#include <os/log.h>

namespace {

NSString *const kAddress = @"address";

}  // namespace

void FreshetOpenSettings(NSString *address) {
  if (![address hasPrefix:@"x-apple.systempreferences:"]) return;
  NSURL *url = [NSURL URLWithString:address];
  if (url != nil) [NSWorkspace.sharedWorkspace openURL:url];
}

NSString *FreshetExtensionSettings(void) {
  // As src/status/settings.ts has it: from macOS 15 on they lie under General > Login Items &
  // Extensions.
  if (@available(macOS 15.0, *))
    return @"x-apple.systempreferences:com.apple.LoginItems-Settings.extension";
  return @"x-apple.systempreferences:com.apple.settings.PrivacySecurity.extension?Security";
}

@implementation FreshetNotifier

- (instancetype)init {
  if ((self = [super init]) != nil)
    UNUserNotificationCenter.currentNotificationCenter.delegate = self;
  return self;
}

- (void)tell:(const freshet::MenuNeed &)need {
  UNMutableNotificationContent *content = [[UNMutableNotificationContent alloc] init];
  content.title = @"Freshet";
  content.body = @(need.text.c_str()) ?: @"";
  content.userInfo = @{kAddress : @(need.url.c_str()) ?: @""};
  // One a place to go to, or a text: what is asked for again takes the place of the one still
  // shown.
  NSString *name = need.url.empty() ? content.body : content.userInfo[kAddress];
  UNNotificationRequest *request = [UNNotificationRequest requestWithIdentifier:name
                                                                        content:content
                                                                        trigger:nil];
  UNUserNotificationCenter *center = UNUserNotificationCenter.currentNotificationCenter;
  [center requestAuthorizationWithOptions:UNAuthorizationOptionAlert
                        completionHandler:^(BOOL granted, NSError *_Nullable error) {
                          if (!granted) {
                            os_log_info(OS_LOG_DEFAULT, "no notifications: %{public}@", error);
                            return;
                          }
                          [center addNotificationRequest:request withCompletionHandler:nil];
                        }];
}

#pragma mark UNUserNotificationCenterDelegate

- (void)userNotificationCenter:(UNUserNotificationCenter *)center
    didReceiveNotificationResponse:(UNNotificationResponse *)response
             withCompletionHandler:(void (^)(void))completionHandler {
  id address = response.notification.request.content.userInfo[kAddress];
  const bool opened =
      [response.actionIdentifier isEqualToString:UNNotificationDefaultActionIdentifier];
  dispatch_async(dispatch_get_main_queue(), ^{
    if (opened && [address isKindOfClass:NSString.class]) FreshetOpenSettings(address);
    completionHandler();
  });
}

// Also while the menu is open.
- (void)userNotificationCenter:(UNUserNotificationCenter *)center
       willPresentNotification:(UNNotification *)notification
         withCompletionHandler:(void (^)(UNNotificationPresentationOptions))completionHandler {
  completionHandler(UNNotificationPresentationOptionBanner | UNNotificationPresentationOptionList);
}

@end
