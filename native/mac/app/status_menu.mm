#import "mac/app/status_menu.h"

#import "mac/app/notifier.h"

namespace {

NSString *TextOf(const std::string &text) {
  // nil only for what is no UTF-8, which the reader refuses.
  return [NSString stringWithUTF8String:text.c_str()] ?: @"";
}

NSString *SymbolOf(freshet::MenuState state) {
  switch (state) {
    case freshet::MenuState::kOk:
      return @"drop";
    case freshet::MenuState::kAttention:
      return @"drop.triangle";
    case freshet::MenuState::kError:
      return @"exclamationmark.triangle";
  }
}

NSString *DescriptionOf(freshet::MenuState state) {
  switch (state) {
    case freshet::MenuState::kOk:
      return @"Freshet is watching";
    case freshet::MenuState::kAttention:
      return @"Freshet needs attention";
    case freshet::MenuState::kError:
      return @"Freshet is not watching";
  }
}

}  // namespace

@implementation FreshetStatusMenu {
  NSStatusItem *_item;
  freshet::MenuModel _model;
  // Where what is not of the model begins.
  NSInteger _quit;
}

- (instancetype)init {
  if ((self = [super init]) != nil) {
    _item = [NSStatusBar.systemStatusBar statusItemWithLength:NSVariableStatusItemLength];
    _item.menu = [[NSMenu alloc] initWithTitle:@"Freshet"];
    _item.menu.delegate = self;
    // Nothing here depends on what is in front.
    _item.menu.autoenablesItems = NO;
    [_item.menu addItem:NSMenuItem.separatorItem];
    // Freshet itself goes on watching; only its icon leaves, until the next login.
    NSMenuItem *quit = [_item.menu addItemWithTitle:@"Hide until next login"
                                             action:@selector(terminate:)
                                      keyEquivalent:@""];
    quit.target = NSApp;
    [self drawIcon];
  }
  return self;
}

- (void)show:(const freshet::MenuModel &)model {
  _model = model;
  [self drawIcon];
  [self menuNeedsUpdate:_item.menu];
}

- (void)drawIcon {
  NSString *description = DescriptionOf(_model.state);
  NSImage *image = [NSImage imageWithSystemSymbolName:SymbolOf(_model.state)
                             accessibilityDescription:description];
  // `template` is a word of C++.
  [image setTemplate:YES];
  _item.button.image = image;
  // A system without that symbol shows the name.
  _item.button.title = image == nil ? @"Freshet" : @"";
  _item.button.toolTip = _model.line.empty() ? description : TextOf(_model.line);
  _item.button.accessibilityLabel = description;
}

// In place, item by item: the menu may be open, and an item that is pointed at stays so.
- (void)menuNeedsUpdate:(NSMenu *)menu {
  NSInteger index = 0;
  for (const freshet::MenuItem &laid : freshet::LayMenu(_model)) {
    NSMenuItem *item = index < _quit ? [menu itemAtIndex:index] : nil;
    if (item == nil || item.isSeparatorItem != laid.separator) {
      item = laid.separator ? NSMenuItem.separatorItem : [[NSMenuItem alloc] init];
      [menu insertItem:item atIndex:index];
      _quit++;
    }
    if (!laid.separator) [self draw:laid as:item];
    index++;
  }
  for (; _quit > index; _quit--) [menu removeItemAtIndex:_quit - 1];
}

- (void)draw:(const freshet::MenuItem &)laid as:(NSMenuItem *)item {
  item.title = TextOf(laid.line);
  item.toolTip = TextOf(laid.whole);
  item.enabled = !laid.url.empty();
  item.representedObject = laid.url.empty() ? nil : TextOf(laid.url);
  item.action = laid.url.empty() ? nil : @selector(openSettings:);
  item.target = self;
}

- (void)openSettings:(NSMenuItem *)item {
  FreshetOpenSettings(item.representedObject);
}

@end
