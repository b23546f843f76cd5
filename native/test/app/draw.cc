// Prints each menu that the status socket named by its argument makes the app draw, as lines of
// text, until its standard input ends: the menu bar without a Mac.
#include <unistd.h>

#include <cstdio>

#include "mac/app/status_client.h"

int main(int argc, char** argv) {
  using namespace freshet;
  if (argc != 2) return 2;
  static constexpr const char* kStates[] = {"ok", "attention", "error"};
  StatusClientOptions options;
  options.path = argv[1];
  options.first_pause_ms = 20;
  options.draw = [](const MenuModel& model) {
    std::printf("%s %s\n", kStates[static_cast<int>(model.state)], model.line.c_str());
    for (const MenuNeed& need : model.needs)
      std::printf("need %s <%s>\n", need.text.c_str(), need.url.c_str());
    for (const std::string& row : model.rows) std::printf("row %s\n", row.c_str());
    for (const std::string& alert : model.alerts) std::printf("alert %s\n", alert.c_str());
    std::puts(".");
    std::fflush(stdout);
  };
  StatusClient client(options);
  if (!client.Start()) return 1;
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return 0;
}
