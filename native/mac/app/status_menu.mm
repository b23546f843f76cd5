#import "mac/app/status_menu.h"

#import "mac/app/notifier.h"

namespace {

constexpr size_t kColumns = 64;
constexpr size_t kLinesMax = 4;

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
}

- (instancetype)init {
  if ((self = [super init]) != nil) {
    _item = [NSStatusBar.systemStatusBar statusItemWithLength:NSVariableStatusItemLength];
    _item.menu = [[NSMenu alloc] initWithTitle:@"Freshet"];
    _item.menu.delegate = self;
    // Nothing here depends on what is in front.
    _item.menu.autoenablesItems = NO;
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

- (void)menuNeedsUpdate:(NSMenu *)menu {
  [menu removeAllItems];
  [self addText:_model.line to:menu address:nil];
  for (const freshet::MenuNeed &need : _model.needs) {
    if (&need == &_model.needs.front()) [menu addItem:NSMenuItem.separatorItem];
    [self addText:need.text to:menu address:need.url.empty() ? nil : TextOf(need.url)];
  }
  if (!_model.alerts.empty()) [menu addItem:NSMenuItem.separatorItem];
  // The newest at the top.
  for (auto alert = _model.alerts.rbegin(); alert != _model.alerts.rend(); ++alert)
    [self addText:*alert to:menu address:nil];
  if (!_model.rows.empty()) [menu addItem:NSMenuItem.separatorItem];
  for (const std::string &row : _model.rows) [self addText:row to:menu address:nil];
  [menu addItem:NSMenuItem.separatorItem];
  // Freshet itself goes on watching; only its icon leaves, until the next login.
  NSMenuItem *quit = [menu addItemWithTitle:@"Hide until next login"
                                     action:@selector(terminate:)
                              keyEquivalent:@""];
  quit.target = NSApp;
}

// A text over as many items as it takes, since an item is a single line. With an address the first
// opens it, and all can be chosen.
- (void)addText:(const std::string &)text to:(NSMenu *)menu address:(nullable NSString *)address {
  for (const std::string &line : freshet::WrapText(text, kColumns, kLinesMax)) {
    NSMenuItem *item = [menu addItemWithTitle:TextOf(line)
                                       action:address == nil ? nil : @selector(openSettings:)
                                keyEquivalent:@""];
    item.target = self;
    item.representedObject = address;
    item.enabled = address != nil;
    item.toolTip = TextOf(text);
  }
}

- (void)openSettings:(NSMenuItem *)item {
  FreshetOpenSettings(item.representedObject);
}

@end
