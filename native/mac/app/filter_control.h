// Does what an Activation decides, with SystemExtensions and NetworkExtension. No decisions here.
//
// Threads: the main queue only. Objects live until `finished` was called.
#ifndef FRESHET_MAC_APP_FILTER_CONTROL_H_
#define FRESHET_MAC_APP_FILTER_CONTROL_H_

#import <Foundation/Foundation.h>
#import <SystemExtensions/SystemExtensions.h>

#include "mac/app/activation.h"

NS_ASSUME_NONNULL_BEGIN

@interface FreshetFilterControl : NSObject <OSSystemExtensionRequestDelegate>

// `own_version` and `managed` of the options are filled in here, from this copy of the app and from
// the settings of the Mac's organisation.
- (instancetype)initWithOptions:(freshet::ActivationOptions)options NS_DESIGNATED_INITIALIZER;
- (instancetype)init NS_UNAVAILABLE;

// A person's approval is waited for (options.waits_for_approval).
@property(copy, nullable) void (^tellApproval)(void);

// Begins; `finished` is called once, later, on the main queue.
- (void)beginWithFinished:(void (^)(freshet::FilterExit exit_status, NSString *line))finished;

@end

NS_ASSUME_NONNULL_END

#endif  // FRESHET_MAC_APP_FILTER_CONTROL_H_
