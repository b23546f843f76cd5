// What macOS has had since a later SDK than the one at hand: declared here as Apple's headers do,
// each under a guard of its own, so that the code compiles the same with every SDK. Who calls it
// asks `@available` first, as with any declaration that is newer than the minimum system.
//
// A guard that holds says so with a message, which `npm run check:mac` lists and a build keeps to
// itself (-Wno-#pragma-messages).
#ifndef FRESHET_MAC_NEWER_SDK_H_
#define FRESHET_MAC_NEWER_SDK_H_

#include <Availability.h>

#ifdef __OBJC__

#import <Network/Network.h>
#import <NetworkExtension/NetworkExtension.h>

#if __MAC_OS_X_VERSION_MAX_ALLOWED < 130000
#pragma message("NEFilterFlow.sourceProcessAuditToken (SDK 13)")
// The process that made the socket, where sourceAppAuditToken is the one it was made for.
@interface NEFilterFlow (FreshetNewer13)
@property(readonly, nullable) NSData* sourceProcessAuditToken API_AVAILABLE(macos(13.0));
@end
#endif

#if __MAC_OS_X_VERSION_MAX_ALLOWED < 150000
#pragma message("NEFilterSocketFlow.remoteFlowEndpoint, localFlowEndpoint (SDK 15)")
// In the place of remoteEndpoint and localEndpoint, which macOS 15 deprecates.
@interface NEFilterSocketFlow (FreshetNewer15)
@property(readonly, nullable) nw_endpoint_t remoteFlowEndpoint API_AVAILABLE(macos(15.0));
@property(readonly, nullable) nw_endpoint_t localFlowEndpoint API_AVAILABLE(macos(15.0));
@end
#endif

#endif  // __OBJC__

#endif  // FRESHET_MAC_NEWER_SDK_H_
