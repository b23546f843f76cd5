// The status line as the menu bar reads it: literal text, then seeded truncation and mutation.
#include <string>
#include <string_view>
#include <vector>

#include "check.h"
#include "mac/app/json_reader.h"
#include "mac/app/menu_model.h"
#include "mac/app/status_client.h"

namespace freshet {
namespace {

constexpr std::string_view kWhole =
    R"({"version":"0.1.0","sources":{"processes":"polling","forced":["polling"]},"counters":{"records":1e3,"deep":[[],{},[{"a":null}]]},"menu":{)"
    R"("state":"attention","line":"Watching, with gaps","needs":[{"text":"Allow the network monitor",)"
    R"("action":"open-settings","url":"x-apple.systempreferences:com.apple.LoginItems"},)"
    R"({"text":"Ask your administrator","action":"none"}],"rows":["41 programs \u2014 12 flows",)"
    R"("\ud83d\ude00 caf\u00e9"],"alerts":[{"text":"curl sent 8 MB","severity":"high"}],"more":{}},)"
    R"("after":true})";

std::optional<MenuModel> MenuOf(std::string_view line) {
  const auto status = ParseStatusLine(line);
  return status ? std::optional(status->menu) : std::nullopt;
}

void ReadsAMenu() {
  const auto model = MenuOf(kWhole);
  CHECK(model.has_value());
  CHECK(model->state == MenuState::kAttention && model->line == "Watching, with gaps");
  CHECK(model->needs.size() == 2);
  CHECK(model->needs[0].url == "x-apple.systempreferences:com.apple.LoginItems");
  CHECK(model->needs[1].text == "Ask your administrator" && model->needs[1].url.empty());
  CHECK(model->rows ==
        (std::vector<std::string>{"41 programs \u2014 12 flows", "\U0001f600 café"}));
  CHECK(model->alerts == std::vector<std::string>{"curl sent 8 MB"});
}

std::optional<MenuModel> WithMenu(const std::string& menu) {
  return MenuOf("{\"menu\":" + menu + "}");
}

void ReadsARefusal() {
  CHECK(!ParseStatusLine(kWhole)->refused);
  for (const char* line : {R"({"refused":"why","menu":{"state":"error","line":"why"}})",
                           R"({"menu":{"state":"error","line":"why"},"refused":"why"})"})
    CHECK(ParseStatusLine(line)->refused && ParseStatusLine(line)->menu.line == "why");
}

void RefusesWhatIsNone() {
  CHECK(WithMenu(R"({"state":"ok","line":""})"));
  for (const char* wrong :
       {R"({"state":"ok"})", R"({"line":""})", R"({"state":"fine","line":""})",
        R"({"state":1,"line":""})", R"({"state":"ok","line":null})", "[]", "null", "7",
        R"({"state":"ok","line":"","needs":{}})", R"({"state":"ok","line":"","needs":[{}]})",
        R"({"state":"ok","line":"","rows":[1]})", R"({"state":"ok","line":"","alerts":["x"]})",
        R"({"state":"ok","line":"",})", R"({"state":"ok" "line":""})",
        R"({"state":"ok","line":"","n":01})", R"({"state":"ok","line":"","n":-})",
        R"({"state":"ok","line":"","n":1.})", R"({"state":"ok","line":"","n":nul})"})
    CHECK(!WithMenu(wrong));
  for (const char* wrong : {"", "{}", "[]", "{\"menu\"}", "{\"menu\":}", "{} {}", "\"menu\""})
    CHECK(!ParseStatusLine(wrong));
  const std::string whole(kWhole);
  CHECK(!ParseStatusLine(whole + "x") && ParseStatusLine(" \t\r" + whole + "\n "));
  for (size_t size = 0; size < whole.size(); size++)
    CHECK(!ParseStatusLine(std::string_view(whole).substr(0, size)));
}

void OpensSettingsAlone() {
  for (const char* url : {"https://example.com", "file:///Applications/Calculator.app", "",
                          "X-APPLE.SYSTEMPREFERENCES:x", " x-apple.systempreferences:x"}) {
    const auto model = WithMenu(std::string(R"({"state":"ok","line":"","needs":[{"url":")") + url +
                                R"(","text":"t"}]})");
    CHECK(model && model->needs.size() == 1 && model->needs[0].url.empty());
  }
}

void KeepsItsBounds() {
  std::string menu =
      R"({"state":"error","line":")" + std::string(9000, 'x') + "\u20ac\",\"rows\":[";
  for (int row = 0; row < 100; row++) menu += row == 0 ? "\"r\"" : ",\"r\"";
  menu += "],\"alerts\":[";
  for (int alert = 0; alert < 20; alert++)
    menu += (alert == 0 ? "{\"text\":\"" : ",{\"text\":\"") + std::to_string(alert) + "\"}";
  menu += "]}";
  const auto model = WithMenu(menu);
  CHECK(model && model->line.size() == kMenuTextBytesMax);
  CHECK(model->rows.size() == kMenuRowsMax && model->alerts.size() == kMenuAlertsMax);
  CHECK(model->alerts.back() == "19" && model->alerts.front() == "12");
  // A text is not cut inside a character.
  const std::string euros = std::string(kMenuTextBytesMax - 1, 'x') + "\u20ac";
  CHECK(WithMenu(R"({"state":"ok","line":")" + euros + "\"}")->line.size() ==
        kMenuTextBytesMax - 1);
  const std::string deep(200, '[');
  CHECK(!ParseStatusLine("{\"a\":" + deep));
  CHECK(!ParseStatusLine("{\"a\":" + deep + std::string(200, ']') + "}"));
  const std::string level(30, '['), back(30, ']');
  CHECK(ParseStatusLine("{\"a\":" + level + back + R"(,"menu":{"state":"ok","line":""}})"));
}

std::string TextOf(const std::string& json) {
  JsonReader reader(json);
  std::string text;
  return reader.ReadString(&text, 100) && reader.AtEnd() ? text : "(refused)";
}

void ReadsTexts() {
  CHECK(TextOf(R"("a\"\\\/b")") == "a\"\\/b");
  CHECK(TextOf(R"("a\n\t\u0007\u009b\u007fb")") == "a     b");  // nothing may move a cursor
  CHECK(TextOf(R"("\ud800")") == "\ufffd" && TextOf(R"("\udc00x")") == "\ufffdx");
  CHECK(TextOf(R"("\ud800\u0041")") == "\ufffdA");
  CHECK(TextOf(R"("\u00E9\u20aC")") == "é€");
  for (const char* wrong : {"\"a", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "'a'", "\"\\"})
    CHECK(TextOf(wrong) == "(refused)");
  // RFC 3629: overlong forms, surrogates, past the last plane, lone bytes, cut characters.
  for (const char* wrong : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80",
                            "\xff", "\xc3", "\xe2\x82", "\xf0\x9f\x98"})
    CHECK(TextOf(std::string("\"") + wrong + "\"") == "(refused)");
  CHECK(TextOf("\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\"") == "\xf4\x8f\xbf\xbf\xef\xbf\xbf");
  CHECK(TextOf("\"\xc2\x9bx\"") == " x");
}

void SurvivesAnything() {
  Random random(5);
  const std::string whole(kWhole);
  u64 understood = 0;
  const u64 rounds = Times(20'000, 200'000);
  for (u64 round = 0; round < rounds; round++) {
    std::string text = whole;
    for (u64 count = 1 + random.Below(4); count > 0; count--) {
      const size_t at = random.Below(text.size());
      if (random.Below(3) == 0)
        text.erase(at, 1 + random.Below(8));
      else
        text[at] = static_cast<char>(random.Below(4) == 0 ? random.Next()
                                                          : whole[random.Below(whole.size())]);
      if (text.empty()) text = "x";
    }
    const auto model = MenuOf(text);
    if (!model) continue;
    understood++;
    CHECK(model->needs.size() <= kMenuNeedsMax && model->line.size() <= kMenuTextBytesMax);
    for (const MenuNeed& need : model->needs)
      CHECK(need.url.empty() || need.url.starts_with("x-apple.systempreferences:"));
  }
  CHECK(understood > rounds / 20);
}

void WrapsTexts() {
  using Lines = std::vector<std::string>;
  CHECK(WrapText("", 10, 2) == Lines{});
  CHECK(WrapText("ten ten te", 10, 2) == Lines{"ten ten te"});
  CHECK(WrapText("ten ten ten", 10, 2) == (Lines{"ten ten", "ten"}));
  CHECK(WrapText("ten ten te ten", 10, 2) == (Lines{"ten ten te", "ten"}));
  CHECK(WrapText("abcdefghijklm", 10, 2) == (Lines{"abcdefghij", "klm"}));
  CHECK(WrapText("one two three four five", 9, 2) == (Lines{"one two", "three fo\u2026"}));
  CHECK(WrapText("ééééé", 3, 1) == Lines{"éé\u2026"});
  Random random(9);
  for (int round = 0; round < 20'000; round++) {
    std::string text;
    for (u64 count = random.Below(60); count > 0; count--)
      text += random.Below(4) == 0 ? " " : random.Below(3) == 0 ? "é" : "x";
    const size_t columns = 1 + random.Below(12), lines_max = 1 + random.Below(9);
    const Lines lines = WrapText(text, columns, lines_max);
    CHECK(lines.size() <= lines_max);
    size_t shown = 0;
    for (const std::string& line : lines) {
      size_t characters = 0;
      for (const char c : line) {
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) characters++;
        if (c != ' ') shown++;
      }
      CHECK(characters <= columns);
    }
    size_t whole = 0;
    for (const char c : text)
      if (c != ' ') whole++;
    if (lines.size() < lines_max) CHECK(shown == whole);  // nothing but blanks is left out
  }
}

void LaysTheMenu() {
  using Items = std::vector<MenuItem>;
  MenuModel model;
  CHECK(LayMenu(model).empty());
  model.line = "Watching.";
  CHECK(LayMenu(model) == (Items{{"Watching.", "Watching.", "", false}}));
  const std::string two = std::string(60, 'a') + " " + std::string(10, 'b');
  model.needs = {{two, "x-apple.systempreferences:x"}};
  model.rows = {"row"};
  model.alerts = {"old", "new"};
  const MenuItem line{{}, {}, {}, true};
  CHECK(LayMenu(model) == (Items{{"Watching.", "Watching.", "", false},
                                 line,
                                 {std::string(60, 'a'), two, model.needs[0].url, false},
                                 {std::string(10, 'b'), two, model.needs[0].url, false},
                                 line,
                                 {"new", "new", "", false},
                                 {"old", "old", "", false},
                                 line,
                                 {"row", "row", "", false}}));
}

void TellsEachNeedOnce() {
  Announcer announcer;
  MenuModel model;
  CHECK(announcer.NewNeeds(model).empty());
  model.needs = {{"allow", "x"}};
  CHECK(announcer.NewNeeds(model) == model.needs);
  CHECK(announcer.NewNeeds(model).empty());
  model.needs.push_back({"grant", ""});
  CHECK(announcer.NewNeeds(model) == (std::vector<MenuNeed>{{"grant", ""}}));
  model.needs.clear();
  CHECK(announcer.NewNeeds(model).empty());
  model.needs = {{"allow", "x"}};
  CHECK(announcer.NewNeeds(model) == model.needs);
}

void CutsLines() {
  std::vector<std::string> lines;
  const auto take = [&](std::string_view line) {
    lines.emplace_back(line);
    return line != "stop";
  };
  LineFramer framer;
  CHECK(framer.Feed("a\nb", take) && framer.Feed("", take) && framer.Feed("c\n\nd\n", take));
  CHECK(lines == (std::vector<std::string>{"a", "bc", "", "d"}));
  CHECK(!framer.Feed("stop\nmore\n", take) && lines.back() == "stop");
  CHECK(!framer.Feed("more\n", take) && lines.back() == "stop");  // it stays

  LineFramer full;
  const std::string most(LineFramer::kLineBytesMax, 'x');
  CHECK(full.Feed(most, take) && full.Feed("\n", take) && lines.back().size() == most.size());
  CHECK(full.Feed(most, take) && !full.Feed("x", take) && !full.Feed("\n", take));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsAMenu();
  ReadsARefusal();
  RefusesWhatIsNone();
  OpensSettingsAlone();
  KeepsItsBounds();
  ReadsTexts();
  SurvivesAnything();
  WrapsTexts();
  LaysTheMenu();
  TellsEachNeedOnce();
  CutsLines();
  std::puts("menu: ok");
}
