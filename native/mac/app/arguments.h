// What Freshet.app was started for.
#ifndef FRESHET_MAC_APP_ARGUMENTS_H_
#define FRESHET_MAC_APP_ARGUMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "mac/app/activation.h"

namespace freshet {

struct Arguments {
  enum class Mode { kMenuBar, kCommand, kHelp, kWrong };
  Mode mode = Mode::kMenuBar;
  FilterCommand command = FilterCommand::kStatus;
  // --now: replace another version at once instead of at the next start or wake.
  bool now = false;
  // kWrong: what is wrong, for a person.
  std::string fault;
};

// `arguments` without the program's name. macOS itself adds some with one dash (-psn_..., -NS...
// and a value), which are passed over.
Arguments ParseArguments(const std::vector<std::string_view>& arguments);

extern const char kUsage[];

}  // namespace freshet

#endif  // FRESHET_MAC_APP_ARGUMENTS_H_
