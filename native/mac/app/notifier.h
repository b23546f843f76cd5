// Tells a person in a notification what waits for them; a click opens the settings where it is
// done.
//
// Threads: the main queue only. Only an application with a bundle may make one.
#ifndef FRESHET_MAC_APP_NOTIFIER_H_
#define FRESHET_MAC_APP_NOTIFIER_H_

#import <UserNotifications/UserNotifications.h>

#include "mac/app/menu_model.h"

NS_ASSUME_NONNULL_BEGIN

@interface FreshetNotifier : NSObject <UNUserNotificationCenterDelegate>

// Asks for the permission the first time. Without it nothing is shown, and the menu still says it.
- (void)tell:(const freshet::MenuNeed &)need;

@end

// Opens a pane of System Settings; any other address is passed over.
void FreshetOpenSettings(NSString *address);

// Where a system extension is allowed.
NSString *FreshetExtensionSettings(void);

NS_ASSUME_NONNULL_END

#endif  // FRESHET_MAC_APP_NOTIFIER_H_
