// The icon in the menu bar and its menu: draws a MenuModel, and nothing else.
//
// Threads: the main queue only.
#ifndef FRESHET_MAC_APP_STATUS_MENU_H_
#define FRESHET_MAC_APP_STATUS_MENU_H_

#import <AppKit/AppKit.h>

#include "mac/app/menu_model.h"

NS_ASSUME_NONNULL_BEGIN

@interface FreshetStatusMenu : NSObject <NSMenuDelegate>

// Draws it from now on; an open menu changes too.
- (void)show:(const freshet::MenuModel &)model;

@end

NS_ASSUME_NONNULL_END

#endif  // FRESHET_MAC_APP_STATUS_MENU_H_
