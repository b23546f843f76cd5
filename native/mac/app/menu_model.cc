#include "mac/app/menu_model.h"

#include <algorithm>

#include "mac/app/json_reader.h"

namespace freshet {
namespace {

constexpr std::string_view kSettings = "x-apple.systempreferences:";

bool ReadState(JsonReader* json, MenuState* state) {
  std::string name;
  if (!json->ReadString(&name, 16)) return false;
  if (name == "ok")
    *state = MenuState::kOk;
  else if (name == "attention")
    *state = MenuState::kAttention;
  else if (name == "error")
    *state = MenuState::kError;
  else
    return false;
  return true;
}

// An object with a `text` and, of a need, a `url`. What else it has is passed over.
bool ReadTexts(JsonReader* json, std::string* text, std::string* url) {
  if (!json->EnterObject()) return false;
  std::string key;
  bool has_text = false;
  while (json->NextMember(&key)) {
    if (key == "text")
      has_text = json->ReadString(text, kMenuTextBytesMax);
    else if (key == "url" && url != nullptr)
      json->ReadString(url, kMenuTextBytesMax);
    else
      json->Skip();
  }
  return has_text && !json->failed();
}

bool ReadNeeds(JsonReader* json, std::vector<MenuNeed>* needs) {
  if (!json->EnterArray()) return false;
  while (json->NextElement()) {
    MenuNeed need;
    if (!ReadTexts(json, &need.text, &need.url)) return false;
    if (!need.url.starts_with(kSettings)) need.url.clear();
    if (needs->size() < kMenuNeedsMax) needs->push_back(std::move(need));
  }
  return !json->failed();
}

bool ReadRows(JsonReader* json, std::vector<std::string>* rows) {
  if (!json->EnterArray()) return false;
  while (json->NextElement()) {
    std::string row;
    if (!json->ReadString(&row, kMenuTextBytesMax)) return false;
    if (rows->size() < kMenuRowsMax) rows->push_back(std::move(row));
  }
  return !json->failed();
}

// The newest stand last, so the first go.
bool ReadAlerts(JsonReader* json, std::vector<std::string>* alerts) {
  if (!json->EnterArray()) return false;
  while (json->NextElement()) {
    std::string alert;
    if (!ReadTexts(json, &alert, nullptr)) return false;
    if (alerts->size() == kMenuAlertsMax) alerts->erase(alerts->begin());
    alerts->push_back(std::move(alert));
  }
  return !json->failed();
}

bool ReadMenu(JsonReader* json, MenuModel* model) {
  if (!json->EnterObject()) return false;
  std::string key;
  bool has_state = false, has_line = false;
  while (json->NextMember(&key)) {
    const bool read = key == "state" ? (has_state = ReadState(json, &model->state))
                      : key == "line"
                          ? (has_line = json->ReadString(&model->line, kMenuTextBytesMax))
                      : key == "needs"  ? ReadNeeds(json, &model->needs)
                      : key == "rows"   ? ReadRows(json, &model->rows)
                      : key == "alerts" ? ReadAlerts(json, &model->alerts)
                                        : json->Skip();
    if (!read) return false;
  }
  return has_state && has_line && !json->failed();
}

// Length of the character of UTF-8 that begins at `at`. REQUIRES: well-formed text.
size_t CharacterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end++;
  return end - at;
}

// Where the first `characters` of `text` from `at` on end.
size_t Advance(std::string_view text, size_t at, size_t characters) {
  while (characters-- > 0 && at < text.size()) at += CharacterBytes(text, at);
  return at;
}

}  // namespace

std::optional<StatusLine> ParseStatusLine(std::string_view line) {
  JsonReader json(line);
  if (!json.EnterObject()) return std::nullopt;
  StatusLine status;
  bool has_menu = false;
  std::string key;
  while (json.NextMember(&key)) {
    if (key == "menu") {
      status.menu = {};
      has_menu = ReadMenu(&json, &status.menu);
      if (!has_menu) return std::nullopt;
    } else {
      status.refused = status.refused || key == "refused";
      json.Skip();
    }
  }
  if (!has_menu || !json.AtEnd()) return std::nullopt;
  return status;
}

std::vector<std::string> WrapText(std::string_view text, size_t columns, size_t lines_max) {
  std::vector<std::string> lines;
  size_t at = 0;
  while (at < text.size()) {
    const size_t full = Advance(text, at, columns);
    if (full == text.size()) {
      lines.emplace_back(text.substr(at));
      break;
    }
    if (lines.size() + 1 == lines_max) {
      const size_t end = Advance(text, at, columns - 1);
      lines.push_back(std::string(text.substr(at, end - at)) + "\u2026");
      break;
    }
    // The last blank that leaves something before it, the one right behind a full line included.
    const size_t blank = text.substr(0, full + 1).rfind(' ');
    const bool at_blank = blank != std::string_view::npos && blank > at;
    const size_t end = at_blank ? blank : full;
    lines.emplace_back(text.substr(at, end - at));
    at = at_blank ? end + 1 : end;
  }
  return lines;
}

std::vector<MenuItem> LayMenu(const MenuModel& model) {
  constexpr size_t kColumns = 64;
  constexpr size_t kLinesMax = 5;
  std::vector<MenuItem> items;
  const auto add = [&items](const std::string& text, const std::string& url) {
    for (std::string& line : WrapText(text, kColumns, kLinesMax))
      items.push_back({std::move(line), text, url, false});
  };
  const auto separate = [&items] { items.push_back({{}, {}, {}, true}); };
  add(model.line, {});
  if (!model.needs.empty()) separate();
  for (const MenuNeed& need : model.needs) add(need.text, need.url);
  if (!model.alerts.empty()) separate();
  for (auto alert = model.alerts.rbegin(); alert != model.alerts.rend(); ++alert) add(*alert, {});
  if (!model.rows.empty()) separate();
  for (const std::string& row : model.rows) add(row, {});
  return items;
}

std::vector<MenuNeed> Announcer::NewNeeds(const MenuModel& model) {
  std::vector<MenuNeed> fresh;
  for (const MenuNeed& need : model.needs)
    if (std::find(told_.begin(), told_.end(), need) == told_.end()) fresh.push_back(need);
  told_ = model.needs;
  return fresh;
}

}  // namespace freshet
