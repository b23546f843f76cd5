// What the menu bar shows. The engine makes every text of it (src/status) and sends it as the
// `menu` member of each line on its status socket; here it is only read, bounded and drawn.
#ifndef FRESHET_MAC_APP_MENU_MODEL_H_
#define FRESHET_MAC_APP_MENU_MODEL_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace freshet {

enum class MenuState { kOk, kAttention, kError };

// Something that a person has to do. `url` opens the settings where it is done; empty: nowhere to
// go.
struct MenuNeed {
  std::string text;
  std::string url;
  bool operator==(const MenuNeed&) const = default;
};

struct MenuModel {
  MenuState state = MenuState::kError;
  std::string line;
  std::vector<MenuNeed> needs;
  std::vector<std::string> rows;
  // The newest last.
  std::vector<std::string> alerts;
  bool operator==(const MenuModel&) const = default;
};

// Longer texts are cut, further entries left out: a menu that does not fit a screen shows nothing.
inline constexpr size_t kMenuTextBytesMax = 2048;
inline constexpr size_t kMenuNeedsMax = 8;
inline constexpr size_t kMenuRowsMax = 24;
inline constexpr size_t kMenuAlertsMax = 8;

struct StatusLine {
  MenuModel menu;
  // The engine does not tell this user more, and hangs up now.
  bool refused = false;
};

// What a line of the status socket says to the menu bar. nullopt when it is not JSON or holds no
// whole menu. Members that are not known are passed over, so that a newer engine may say more. Only
// settings may be opened: a need with any other address is shown without one.
std::optional<StatusLine> ParseStatusLine(std::string_view line);

// `text` in at most `lines_max` lines of at most `columns` characters, broken at blanks where there
// are any; what does not fit ends in an ellipsis. REQUIRES: columns and lines_max above 0.
std::vector<std::string> WrapText(std::string_view text, size_t columns, size_t lines_max);

// One item of the menu: a single line, as macOS draws no others.
struct MenuItem {
  std::string line;
  // The whole text that the line is of, for whoever points at it.
  std::string whole;
  std::string url;  // opened when it is chosen; empty: it cannot be
  bool separator = false;
  bool operator==(const MenuItem&) const = default;
};

// The menu from top to bottom: state, needs, alerts with the newest first, rows.
std::vector<MenuItem> LayMenu(const MenuModel& model);

// Which needs to tell in a notification: each once, again only after it had gone.
class Announcer {
 public:
  // Those of `model` that were not there the last time.
  std::vector<MenuNeed> NewNeeds(const MenuModel& model);

 private:
  std::vector<MenuNeed> told_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_APP_MENU_MODEL_H_
