// The system extension's program. macOS starts it as root when a flow is to be filtered, and ends
// it.
#import <NetworkExtension/NetworkExtension.h>

#include "mac/filter/filter_service.h"

int main() {
  @autoreleasepool {
    freshet::FilterService::Get();
    [NEProvider startSystemExtensionMode];
  }
  dispatch_main();
}
