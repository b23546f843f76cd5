#include "mac/app/arguments.h"

namespace freshet {

const char kUsage[] =
    "Freshet --activate-filter [--now] | --deactivate-filter | --filter-status\n"
    "\n"
    "  --activate-filter    install and switch on the network monitor, or finish its update;\n"
    "                       another version that runs is replaced at the next start or wake,\n"
    "                       with --now at once (open connections are cut)\n"
    "  --deactivate-filter  switch it off and remove it\n"
    "  --filter-status      say how it stands\n"
    "\n"
    "One line says the result. Exit status: 0 done, 1 failed, 2 wrong usage, 3 a person has to\n"
    "approve it, 4 a restart of the Mac finishes it, 5 it is off (--filter-status).\n"
    "Without an argument Freshet shows itself in the menu bar.\n";

Arguments ParseArguments(const std::vector<std::string_view>& arguments) {
  Arguments parsed;
  const auto wrong = [&parsed](std::string fault) {
    parsed.mode = Arguments::Mode::kWrong;
    parsed.fault = std::move(fault);
    return parsed;
  };
  const auto command = [&parsed](FilterCommand wanted) {
    const bool first = parsed.mode == Arguments::Mode::kMenuBar;
    parsed.mode = Arguments::Mode::kCommand;
    parsed.command = wanted;
    return first;
  };
  for (size_t index = 0; index < arguments.size(); index++) {
    const std::string_view argument = arguments[index];
    if (argument == "--help" || argument == "-h") {
      parsed.mode = Arguments::Mode::kHelp;
      return parsed;
    }
    bool first = true;
    if (argument == "--activate-filter")
      first = command(FilterCommand::kActivate);
    else if (argument == "--deactivate-filter")
      first = command(FilterCommand::kDeactivate);
    else if (argument == "--filter-status")
      first = command(FilterCommand::kStatus);
    else if (argument == "--now")
      parsed.now = true;
    else if (argument.starts_with("-NS") || argument.starts_with("-Apple"))
      index++;  // and its value
    else if (!argument.starts_with("-psn"))
      return wrong("no such argument: " + std::string(argument));
    if (!first) return wrong("one command at a time");
  }
  if (parsed.now &&
      (parsed.mode != Arguments::Mode::kCommand || parsed.command != FilterCommand::kActivate))
    return wrong("--now goes with --activate-filter");
  return parsed;
}

}  // namespace freshet
