// Freshet.app: the menu bar, or one command about the network monitor. An app has to be the one
// that asks for a system extension, so the installer and the administrator call it too.
#import <AppKit/AppKit.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#import "mac/app/app_delegate.h"
#import "mac/app/filter_control.h"

#include "mac/app/arguments.h"

namespace {

void RunCommand(const freshet::Arguments &arguments) {
  freshet::ActivationOptions options;
  options.command = arguments.command;
  options.replace_now = arguments.now;
  FreshetFilterControl *control = [[FreshetFilterControl alloc] initWithOptions:options];
  [control beginWithFinished:^(freshet::FilterExit exit_status, NSString *line) {
    std::puts(line.UTF8String);
    std::exit(static_cast<int>(exit_status));
  }];
  CFRunLoopRun();
}

}  // namespace

int main(int argc, const char *argv[]) {
  @autoreleasepool {
    const freshet::Arguments arguments = freshet::ParseArguments(
        std::vector<std::string_view>(argv + (argc > 0 ? 1 : 0), argv + argc));
    switch (arguments.mode) {
      case freshet::Arguments::Mode::kWrong:
        std::fprintf(stderr, "%s\n\n%s", arguments.fault.c_str(), freshet::kUsage);
        return 2;
      case freshet::Arguments::Mode::kHelp:
        std::fputs(freshet::kUsage, stdout);
        return 0;
      case freshet::Arguments::Mode::kCommand:
        RunCommand(arguments);
        return static_cast<int>(freshet::FilterExit::kFailed);  // the run loop has no source left
      case freshet::Arguments::Mode::kMenuBar:
        break;
    }
    // NSApplication keeps its delegate weakly.
    static FreshetAppDelegate *const delegate = [[FreshetAppDelegate alloc] init];
    NSApplication.sharedApplication.delegate = delegate;
    [NSApp setActivationPolicy:NSApplicationActivationPolicyAccessory];
    [NSApp run];
  }
  return 0;
}
