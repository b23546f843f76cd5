// Switching the network monitor on and off: each way through, then random ones held against the
// rules that have to hold on all of them.
#include "mac/app/activation.h"

#include <string>
#include <string_view>
#include <vector>

#include "check.h"

namespace freshet {
namespace {

using A = ActivationAction;

ActivationOptions Command(FilterCommand command) {
  ActivationOptions options;
  options.command = command;
  options.own_version = "2.0";
  return options;
}

ExtensionFacts Enabled(const char* version) { return {version, true, false, false}; }
constexpr ConfigurationFacts kNone{};
constexpr ConfigurationFacts kOurs{true, true, true};
constexpr ConfigurationFacts kOursOff{true, false, true};
constexpr ConfigurationFacts kProfile{true, true, false};
constexpr ConfigurationFacts kProfileOff{true, false, false};

bool Says(const Activation& run, FilterExit exit_status, std::string_view words) {
  if (run.finished() && run.exit_status() == exit_status &&
      run.line().find(words) != std::string::npos)
    return true;
  std::fprintf(stderr, "exit %d: %s\n", static_cast<int>(run.exit_status()), run.line().c_str());
  return false;
}

// An activation whose request was submitted.
Activation Submitted(ActivationOptions options, const std::vector<ExtensionFacts>& found) {
  Activation run(std::move(options));
  CHECK(run.Begin() == A::kAskProperties);
  CHECK(run.PropertiesFound(found) == A::kSubmitActivation);
  return run;
}

void ActivatesWhatIsNotThere() {
  Activation run = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(run.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(run.ConfigurationLoaded(kNone) == A::kSaveConfiguration);
  CHECK(run.ConfigurationSaved() == A::kFinish);
  CHECK(Says(run, FilterExit::kDone, "Network monitor: on, version 2.0"));
  CHECK(run.ConfigurationSaved() == A::kNothing);  // told twice
  CHECK(run.TimedOut() == A::kNothing);
}

void DoesNothingWhenEqual() {
  for (const ConfigurationFacts& facts : {kOurs, kProfile}) {
    Activation run(Command(FilterCommand::kActivate));
    CHECK(run.Begin() == A::kAskProperties);
    CHECK(run.PropertiesFound({{"1.0", false, false, true}, Enabled("2.0")}) ==
          A::kLoadConfiguration);
    CHECK(run.ConfigurationLoaded(facts) == A::kFinish);
    CHECK(Says(run, FilterExit::kDone, "on, version 2.0"));
  }
}

void CancelIsSuccess() {
  // A system in developer mode asks about replacing even where the versions are equal.
  Activation run = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(!run.Replaces("2.0", "2.0"));
  CHECK(run.RequestFailed(kRequestCanceled, "cancelled") == A::kLoadConfiguration);
  CHECK(run.ConfigurationLoaded(kOurs) == A::kFinish);
  CHECK(Says(run, FilterExit::kDone, "on, version 2.0"));
  // Cancelled by somebody else it is none.
  Activation other = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(other.RequestFailed(kRequestCanceled, "cancelled") == A::kFinish);
  CHECK(Says(other, FilterExit::kFailed, "try again (cancelled)"));
}

void DefersAnUpgrade() {
  Activation run(Command(FilterCommand::kActivate));
  CHECK(run.Begin() == A::kAskProperties);
  CHECK(run.PropertiesFound({Enabled("1.0")}) == A::kLoadConfiguration);
  CHECK(run.ConfigurationLoaded(kOurs) == A::kFinish);
  CHECK(Says(run, FilterExit::kDone, "on, version 1.0; version 2.0 takes over at the next start"));

  // The same where the properties could not be had: what runs is still not replaced.
  Activation blind(Command(FilterCommand::kActivate));
  CHECK(blind.Begin() == A::kAskProperties);
  CHECK(blind.RequestFailed(1, "unknown") == A::kSubmitActivation);
  CHECK(!blind.Replaces("1.0", "2.0"));
  CHECK(blind.RequestFailed(kRequestCanceled, "cancelled") == A::kLoadConfiguration);
  CHECK(blind.ConfigurationLoaded(kOurs) == A::kFinish);
  CHECK(Says(blind, FilterExit::kDone, "on, version 1.0; version 2.0 takes over"));

  ActivationOptions now = Command(FilterCommand::kActivate);
  now.replace_now = true;
  Activation at_wake = Submitted(now, {Enabled("1.0")});
  CHECK(at_wake.Replaces("1.0", "2.0"));
  CHECK(at_wake.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(at_wake.ConfigurationLoaded(kOurs) == A::kFinish);
  CHECK(Says(at_wake, FilterExit::kDone, "on, version 2.0"));

  Activation reboot = Submitted(now, {Enabled("1.0")});
  CHECK(reboot.RequestFinished(true) == A::kLoadConfiguration);
  CHECK(reboot.ConfigurationLoaded(kOurs) == A::kFinish);
  CHECK(Says(reboot, FilterExit::kNeedsReboot, "a restart of the Mac finishes"));
}

void AsksForApproval() {
  Activation run = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(run.NeedsApproval() == A::kFinish);
  CHECK(Says(run, FilterExit::kNeedsApproval, "System Settings"));
  CHECK(run.RequestFinished(false) == A::kNothing);

  Activation before(Command(FilterCommand::kActivate));
  CHECK(before.Begin() == A::kAskProperties);
  CHECK(before.PropertiesFound({{"2.0", false, true, false}}) == A::kFinish);
  CHECK(Says(before, FilterExit::kNeedsApproval, "allowed"));

  ActivationOptions waits = Command(FilterCommand::kActivate);
  waits.waits_for_approval = true;
  Activation menu = Submitted(waits, {{"2.0", false, true, false}});
  CHECK(menu.NeedsApproval() == A::kTellApproval);
  CHECK(menu.NeedsApproval() == A::kNothing);
  CHECK(menu.TimedOut() == A::kNothing);  // a person may take a day
  CHECK(menu.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(menu.ConfigurationLoaded(kNone) == A::kSaveConfiguration);
  CHECK(menu.TimedOut() == A::kNothing);
  CHECK(menu.ConfigurationSaved() == A::kFinish);
  CHECK(Says(menu, FilterExit::kDone, "on"));

  Activation authorize = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(authorize.RequestFailed(13, "authorization required") == A::kFinish);
  CHECK(Says(authorize, FilterExit::kNeedsApproval, "administrator"));
}

void LeavesProfilesAlone() {
  Activation off = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(off.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(off.ConfigurationLoaded(kProfileOff) == A::kFinish);
  CHECK(Says(off, FilterExit::kNeedsApproval, "switched off in System Settings > Network"));

  ActivationOptions managed = Command(FilterCommand::kActivate);
  managed.managed = true;
  for (const ConfigurationFacts& facts : {kNone, kOursOff, kProfileOff}) {
    Activation run = Submitted(managed, {});
    CHECK(run.RequestFinished(false) == A::kLoadConfiguration);
    CHECK(run.ConfigurationLoaded(facts) == A::kFinish);
    CHECK(Says(run, FilterExit::kNeedsApproval, "waits for the filter profile"));
  }

  Activation removal(Command(FilterCommand::kDeactivate));
  CHECK(removal.Begin() == A::kLoadConfiguration);
  CHECK(removal.ConfigurationLoaded(kProfile) == A::kSubmitDeactivation);
  CHECK(removal.RequestFinished(false) == A::kFinish);
  CHECK(Says(removal, FilterExit::kDone, "removed; the organisation's filter profile is left"));
}

void SwitchesItsOwnOnAgainOnlyWhenTold() {
  Activation told = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(told.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(told.ConfigurationLoaded(kOursOff) == A::kSaveConfiguration);
  CHECK(told.ConfigurationFailed(ConfigurationFault::kStale, "stale") == A::kLoadConfiguration);
  CHECK(told.ConfigurationLoaded(kOursOff) == A::kSaveConfiguration);
  CHECK(told.ConfigurationFailed(ConfigurationFault::kStale, "stale") == A::kFinish);
  CHECK(Says(told, FilterExit::kFailed, "could not be set up: stale"));

  ActivationOptions menu = Command(FilterCommand::kActivate);
  menu.waits_for_approval = true;
  Activation by_itself = Submitted(menu, {});
  CHECK(by_itself.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(by_itself.ConfigurationLoaded(kOursOff) == A::kFinish);
  CHECK(Says(by_itself, FilterExit::kNeedsApproval, "switched off"));

  Activation refused = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(refused.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(refused.ConfigurationLoaded(kNone) == A::kSaveConfiguration);
  CHECK(refused.ConfigurationFailed(ConfigurationFault::kPermissionDenied, "no") == A::kFinish);
  CHECK(Says(refused, FilterExit::kNeedsApproval, "try again and allow it"));
}

void NamesEachFailure() {
  for (const auto& [code, words] :
       std::vector<std::pair<int, const char*>>{{1, "macOS refused it: because"},
                                                {2, "not signed"},
                                                {3, "/Applications"},
                                                {4, "install Freshet again"},
                                                {8, "refuses its signature"},
                                                {10, "system-extension profile (because)"},
                                                {12, "another request"},
                                                {77, "macOS refused it: because"}}) {
    Activation run = Submitted(Command(FilterCommand::kActivate), {});
    CHECK(run.RequestFailed(code, "because") == A::kFinish);
    CHECK(Says(run, FilterExit::kFailed, words));
  }
  ActivationOptions empty = Command(FilterCommand::kActivate);
  empty.own_version.clear();
  Activation run(empty);
  CHECK(run.Begin() == A::kFinish);
  CHECK(Says(run, FilterExit::kFailed, "missing in this copy"));
}

void Deactivates() {
  Activation run(Command(FilterCommand::kDeactivate));
  CHECK(run.Begin() == A::kLoadConfiguration);
  CHECK(run.ConfigurationLoaded(kOurs) == A::kRemoveConfiguration);
  CHECK(run.ConfigurationSaved() == A::kSubmitDeactivation);
  CHECK(run.RequestFinished(true) == A::kFinish);
  CHECK(Says(run, FilterExit::kNeedsReboot, "a restart of the Mac finishes its removal"));

  Activation absent(Command(FilterCommand::kDeactivate));
  CHECK(absent.Begin() == A::kLoadConfiguration);
  CHECK(absent.ConfigurationLoaded(kNone) == A::kSubmitDeactivation);
  CHECK(absent.RequestFailed(kExtensionNotFound, "not found") == A::kFinish);
  CHECK(Says(absent, FilterExit::kDone, "removed"));

  Activation denied(Command(FilterCommand::kDeactivate));
  CHECK(denied.Begin() == A::kLoadConfiguration);
  CHECK(denied.ConfigurationFailed(ConfigurationFault::kOther, "no helper") == A::kFinish);
  CHECK(Says(denied, FilterExit::kFailed, "no helper"));
}

void SaysTheStatus() {
  struct Case {
    std::vector<ExtensionFacts> found;
    ConfigurationFacts configuration;
    FilterExit exit_status;
    const char* words;
  };
  for (const Case& one : std::vector<Case>{
           {{}, kNone, FilterExit::kOff, "not installed"},
           {{Enabled("2.0")}, kOurs, FilterExit::kDone, "on, version 2.0"},
           {{Enabled("2.0")}, kProfile, FilterExit::kDone, "set up by a profile"},
           {{Enabled("1.0")}, kProfile, FilterExit::kDone, "version 2.0 takes over"},
           // One that leaves says less than one that waits.
           {{{"1.0", true, false, true}, {"2.0", false, true, false}},
            kOurs,
            FilterExit::kNeedsApproval,
            "allowed"},
           {{Enabled("2.0")}, kOursOff, FilterExit::kOff, "switched off in System Settings"},
           {{Enabled("2.0")}, kNone, FilterExit::kOff, "--activate-filter"},
           {{{"2.0", false, true, false}}, kNone, FilterExit::kNeedsApproval, "allowed"},
           {{{"2.0", true, false, true}}, kOurs, FilterExit::kNeedsReboot, "removal"},
           {{{"2.0", false, false, false}}, kOurs, FilterExit::kOff, "switched off"}}) {
    Activation run(Command(FilterCommand::kStatus));
    CHECK(run.Begin() == A::kAskProperties);
    CHECK(run.PropertiesFound(one.found) == A::kLoadConfiguration);
    CHECK(run.ConfigurationLoaded(one.configuration) == A::kFinish);
    CHECK(Says(run, one.exit_status, one.words));
  }
  Activation unknown(Command(FilterCommand::kStatus));
  CHECK(unknown.Begin() == A::kAskProperties);
  CHECK(unknown.RequestFailed(1, "no answer") == A::kFinish);
  CHECK(Says(unknown, FilterExit::kFailed, "no answer"));
}

void EndsInTime() {
  Activation properties(Command(FilterCommand::kActivate));
  CHECK(properties.Begin() == A::kAskProperties);
  CHECK(properties.TimedOut() == A::kFinish);
  CHECK(Says(properties, FilterExit::kFailed, "within 60 s, asked how it stands"));
  CHECK(properties.PropertiesFound({}) == A::kNothing);  // late

  Activation request = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(request.TimedOut() == A::kFinish);
  CHECK(Says(request, FilterExit::kFailed, "asked to install it"));

  Activation load(Command(FilterCommand::kDeactivate));
  CHECK(load.Begin() == A::kLoadConfiguration);
  CHECK(load.TimedOut() == A::kFinish);
  CHECK(Says(load, FilterExit::kFailed, "asked for its filter"));

  Activation save = Submitted(Command(FilterCommand::kActivate), {});
  CHECK(save.RequestFinished(false) == A::kLoadConfiguration);
  CHECK(save.ConfigurationLoaded(kNone) == A::kSaveConfiguration);
  CHECK(save.TimedOut() == A::kFinish);
  CHECK(Says(save, FilterExit::kNeedsApproval, "nobody has answered"));
}

// Any answers in any order, late and doubled ones among them.
void HoldsItsRulesOnEveryWay() {
  Random random(11);
  u64 finished = 0;
  for (u64 rounds = Times(20'000, 200'000); rounds > 0; rounds--) {
    ActivationOptions options;
    options.command = static_cast<FilterCommand>(random.Below(3));
    options.own_version = random.Below(8) == 0 ? "" : "2.0";
    options.replace_now = random.Below(2) == 0;
    options.managed = random.Below(3) == 0;
    options.waits_for_approval = random.Below(3) == 0;
    Activation run(options);
    ConfigurationFacts loaded;
    const auto version = [&] { return random.Below(2) == 0 ? "1.0" : "2.0"; };
    A action = run.Begin();
    for (int step = 0; step < 40; step++) {
      if (action == A::kSaveConfiguration) {
        CHECK(options.command == FilterCommand::kActivate && !options.managed);
        CHECK(!loaded.exists || (loaded.ours && !loaded.enabled));
      }
      if (action == A::kRemoveConfiguration)
        CHECK(options.command == FilterCommand::kDeactivate && loaded.exists && loaded.ours);
      CHECK(action != A::kSubmitActivation || options.command == FilterCommand::kActivate);
      CHECK(action != A::kSubmitDeactivation || options.command == FilterCommand::kDeactivate);
      CHECK(action != A::kTellApproval || options.waits_for_approval);
      if (action == A::kFinish) finished++;
      CHECK(run.finished() == !run.line().empty());
      const bool was_finished = run.finished();
      switch (random.Below(9)) {
        case 0: {
          std::vector<ExtensionFacts> found(random.Below(3));
          for (ExtensionFacts& facts : found)
            facts = {version(), random.Below(2) == 0, random.Below(2) == 0, random.Below(4) == 0};
          action = run.PropertiesFound(found);
          break;
        }
        case 1: {
          const std::string running = version(), offered = version();
          const bool replaces = run.Replaces(running, offered);
          if (replaces) CHECK(running != offered && options.replace_now);
          action = A::kNothing;
          break;
        }
        case 2:
          action = run.NeedsApproval();
          break;
        case 3:
          action = run.RequestFinished(random.Below(4) == 0);
          break;
        case 4:
          action = run.RequestFailed(static_cast<int>(random.Below(15)), "because");
          break;
        case 5: {
          const ConfigurationFacts facts{random.Below(2) == 0, random.Below(2) == 0,
                                         random.Below(2) == 0};
          action = run.ConfigurationLoaded(facts);
          if (action != A::kNothing) loaded = facts;
          break;
        }
        case 6:
          action = run.ConfigurationSaved();
          break;
        case 7:
          action = run.ConfigurationFailed(static_cast<ConfigurationFault>(random.Below(3)), "no");
          break;
        default:
          action = random.Below(6) == 0 ? run.TimedOut() : A::kNothing;
      }
      if (was_finished) CHECK(action == A::kNothing);  // it ends once
    }
    if (!options.waits_for_approval) {
      run.TimedOut();
      CHECK(run.finished());  // a command always ends
    }
  }
  CHECK(finished > Times(10'000, 100'000));
}

// What macOS may say in another order than is usual.
void KeepsToWhatItAsked() {
  // One version leaves while another runs: what runs counts, wherever it stands in the list.
  Activation two(Command(FilterCommand::kActivate));
  two.Begin();
  const ExtensionFacts leaving{"1.0", true, false, true};
  CHECK(two.PropertiesFound({Enabled("2.0"), leaving}) == A::kLoadConfiguration);
  // An end without any properties found none.
  Activation none(Command(FilterCommand::kActivate));
  none.Begin();
  CHECK(none.RequestFinished(false) == A::kSubmitActivation);
  // The menu bar app waits for a person only once macOS has asked one.
  ActivationOptions waiting = Command(FilterCommand::kActivate);
  waiting.waits_for_approval = true;
  waiting.replace_now = true;
  Activation silent = Submitted(waiting, {});
  CHECK(silent.TimedOut() == A::kFinish && Says(silent, FilterExit::kFailed, "did not answer"));
  // Nothing replaces what runs once it has ended.
  CHECK(!silent.Replaces("1.0", "2.0"));
}

}  // namespace
}  // namespace freshet

int main() {
  using namespace freshet;
  ActivatesWhatIsNotThere();
  DoesNothingWhenEqual();
  CancelIsSuccess();
  DefersAnUpgrade();
  AsksForApproval();
  LeavesProfilesAlone();
  SwitchesItsOwnOnAgainOnlyWhenTold();
  NamesEachFailure();
  Deactivates();
  SaysTheStatus();
  EndsInTime();
  HoldsItsRulesOnEveryWay();
  KeepsToWhatItAsked();
  std::puts("activation: ok");
}
