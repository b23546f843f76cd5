// What Freshet.app does when it is started, and when it looks after the network monitor.
#include "check.h"
#include "mac/app/arguments.h"
#include "mac/app/update_moments.h"

namespace freshet {
namespace {

void ReadsArguments() {
  using Mode = Arguments::Mode;
  CHECK(ParseArguments({}).mode == Mode::kMenuBar);
  CHECK(ParseArguments({"-psn_0_1", "-NSDocumentRevisionsDebugMode", "YES"}).mode ==
        Mode::kMenuBar);
  const Arguments now = ParseArguments({"--activate-filter", "--now"});
  CHECK(now.mode == Mode::kCommand && now.command == FilterCommand::kActivate && now.now);
  CHECK(ParseArguments({"--deactivate-filter"}).command == FilterCommand::kDeactivate);
  CHECK(ParseArguments({"--filter-status"}).mode == Mode::kCommand);
  CHECK(ParseArguments({"--help"}).mode == Mode::kHelp);
  CHECK(ParseArguments({"--filter-status", "--activate-filter"}).fault == "one command at a time");
  CHECK(ParseArguments({"--now"}).fault == "--now goes with --activate-filter");
  CHECK(ParseArguments({"--filter-status", "--now"}).mode == Mode::kWrong);
  CHECK(ParseArguments({"--activate"}).fault == "no such argument: --activate");
}

void ChoosesTheMoment() {
  using M = UpdateMoment;
  UpdateMoments boot("b", "a");
  CHECK(boot.Started(1000) == M::kReplace);
  CHECK(boot.Woke(5000) == M::kNone);  // a person has not answered yet
  boot.Finished();
  CHECK(boot.Woke(1000 + UpdateMoments::kBetweenSeconds - 1) == M::kNone);
  CHECK(boot.Woke(1000 + UpdateMoments::kBetweenSeconds) == M::kReplace);
  boot.Finished();
  CHECK(boot.Woke(1700) == M::kNone);
  // Started again within the boot, or when the boot cannot be told: nothing is cut.
  CHECK(UpdateMoments("a", "a").Started(1) == M::kActivate);
  CHECK(UpdateMoments("", "").Started(1) == M::kActivate);
  CHECK(UpdateMoments("", "a").Started(1) == M::kActivate);
  CHECK(UpdateMoments("a", "").Started(1) == M::kReplace);
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ReadsArguments();
  ChoosesTheMoment();
  std::puts("start: ok");
}
