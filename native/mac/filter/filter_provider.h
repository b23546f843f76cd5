// The content filter of the system extension: macOS makes one by the name in the extension's
// Info.plist and asks it about every flow. It allows each at once, and tells the
// FilterService.
//
// Threads: macOS calls it on queues of its own, several at once. Nothing here waits.
#ifndef FRESHET_MAC_FILTER_FILTER_PROVIDER_H_
#define FRESHET_MAC_FILTER_FILTER_PROVIDER_H_

#import <NetworkExtension/NetworkExtension.h>

@interface FreshetFilterProvider : NEFilterDataProvider
@end

#endif  // FRESHET_MAC_FILTER_FILTER_PROVIDER_H_
