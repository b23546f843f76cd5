// The menu bar app at work: follows the engine, draws, and keeps the network monitor's version.
#ifndef FRESHET_MAC_APP_APP_DELEGATE_H_
#define FRESHET_MAC_APP_APP_DELEGATE_H_

#import <AppKit/AppKit.h>

@interface FreshetAppDelegate : NSObject <NSApplicationDelegate>
@end

#endif  // FRESHET_MAC_APP_APP_DELEGATE_H_
