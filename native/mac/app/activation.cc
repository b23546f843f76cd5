#include "mac/app/activation.h"

#include <utility>

namespace freshet {
namespace {

constexpr char kApprove[] =
    "has to be allowed by an administrator in System Settings > General > Login Items & Extensions "
    "(before macOS 15: Privacy & Security)";
constexpr char kFilters[] = "System Settings > Network > Filters";

// How much an entry says about what runs: several versions may be listed while one leaves.
int Weight(const ExtensionFacts& facts) {
  if (facts.enabled && !facts.uninstalling) return 3;
  if (facts.awaiting_approval) return 2;
  return 1;
}

// What is to be done about a code of OSSystemExtensionErrorDomain; empty when the system's own text
// has to do.
const char* Advice(int code) {
  switch (code) {
    case 2:
      return "this copy of Freshet is not signed with the right to install it";
    case 3:
      return "Freshet.app has to lie in /Applications";
    case kExtensionNotFound:
    case 5:
    case 6:
      return "it is missing in this copy of Freshet: install Freshet again";
    case 8:
    case 9:
      return "macOS refuses its signature: install Freshet again";
    case 10:
      return "the settings of this Mac's organisation forbid it: allow it in a system-extension "
             "profile";
    case kRequestCanceled:
      return "the request was cancelled: try again";
    case 12:
      return "another request took its place: try again";
    default:
      return "";
  }
}

}  // namespace

Activation::Activation(ActivationOptions options) : options_(std::move(options)) {}

ActivationAction Activation::Go(Step step, ActivationAction action) {
  step_ = step;
  return action;
}

ActivationAction Activation::Finish(FilterExit exit_status, std::string line) {
  exit_status_ = exit_status;
  line_ = "Network monitor: " + std::move(line);
  return Go(Step::kFinished, ActivationAction::kFinish);
}

ActivationAction Activation::Begin() {
  if (step_ != Step::kNew) return ActivationAction::kNothing;
  if (options_.command == FilterCommand::kDeactivate)
    return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
  if (activates() && options_.own_version.empty()) return Finish(FilterExit::kFailed, Advice(5));
  return Go(Step::kProperties, ActivationAction::kAskProperties);
}

ActivationAction Activation::PropertiesFound(const std::vector<ExtensionFacts>& found) {
  if (step_ != Step::kProperties) return ActivationAction::kNothing;
  for (const ExtensionFacts& facts : found) {
    if (found_ && Weight(facts) <= Weight(running_)) continue;
    running_ = facts;
    found_ = true;
  }
  if (!activates()) return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
  const bool runs = found_ && running_.enabled && !running_.uninstalling;
  const bool same = found_ && running_.version == options_.own_version;
  if (runs && !same && !options_.replace_now) kept_running_ = true;
  if (runs && (same || kept_running_)) return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
  if (same && running_.awaiting_approval && !options_.waits_for_approval)
    return Finish(FilterExit::kNeedsApproval, kApprove);
  return Go(Step::kRequest, ActivationAction::kSubmitActivation);
}

bool Activation::Replaces(const std::string& running_version, const std::string& offered_version) {
  if (step_ != Step::kRequest || !activates()) return false;
  running_.version = running_version;
  found_ = true;
  kept_running_ = running_version != offered_version && !options_.replace_now;
  canceled_ = running_version == offered_version || kept_running_;
  return !canceled_;
}

ActivationAction Activation::NeedsApproval() {
  if (step_ != Step::kRequest || asked_approval_) return ActivationAction::kNothing;
  if (!options_.waits_for_approval) return Finish(FilterExit::kNeedsApproval, kApprove);
  asked_approval_ = true;
  return ActivationAction::kTellApproval;
}

ActivationAction Activation::RequestFinished(bool after_reboot) {
  // A request for properties that ends without any found none.
  if (step_ == Step::kProperties) return PropertiesFound({});
  if (step_ != Step::kRequest) return ActivationAction::kNothing;
  if (!activates()) return FinishRemoved(after_reboot);
  after_reboot_ = after_reboot;
  return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
}

ActivationAction Activation::RequestFailed(int code, const std::string& text) {
  if (step_ == Step::kProperties) {
    // Not known is no reason not to activate: Replaces still guards what runs.
    if (code == kExtensionNotFound || activates()) return PropertiesFound({});
    return Finish(FilterExit::kFailed, "macOS does not say how it stands: " + text);
  }
  if (step_ != Step::kRequest) return ActivationAction::kNothing;
  if (canceled_ && code == kRequestCanceled)
    return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
  if (!activates() && code == kExtensionNotFound) return FinishRemoved(false);
  constexpr int kAuthorizationRequired = 13;
  if (code == kAuthorizationRequired) return Finish(FilterExit::kNeedsApproval, kApprove);
  const std::string advice = Advice(code);
  return Finish(FilterExit::kFailed,
                advice.empty() ? "macOS refused it: " + text : advice + " (" + text + ")");
}

ActivationAction Activation::ConfigurationLoaded(const ConfigurationFacts& facts) {
  if (step_ != Step::kLoad) return ActivationAction::kNothing;
  switch (options_.command) {
    case FilterCommand::kStatus:
      return FinishStatus(facts);
    case FilterCommand::kDeactivate:
      if (facts.exists && facts.ours)
        return Go(Step::kRemove, ActivationAction::kRemoveConfiguration);
      profile_stays_ = facts.exists;
      return Go(Step::kRequest, ActivationAction::kSubmitDeactivation);
    case FilterCommand::kActivate:
      break;
  }
  if (facts.exists && facts.enabled) return FinishActive();
  if (options_.managed)
    return Finish(FilterExit::kNeedsApproval,
                  "installed; it waits for the filter profile of this Mac's organisation");
  // Whoever switched it off in the settings wants it off, until the command says otherwise.
  if (facts.exists && (!facts.ours || options_.waits_for_approval))
    return Finish(FilterExit::kNeedsApproval,
                  std::string("installed, but its filter is switched off in ") + kFilters);
  return Go(Step::kSave, ActivationAction::kSaveConfiguration);
}

ActivationAction Activation::ConfigurationSaved() {
  if (step_ == Step::kSave) return FinishActive();
  if (step_ != Step::kRemove) return ActivationAction::kNothing;
  return Go(Step::kRequest, ActivationAction::kSubmitDeactivation);
}

ActivationAction Activation::ConfigurationFailed(ConfigurationFault fault,
                                                 const std::string& text) {
  if (step_ != Step::kLoad && step_ != Step::kSave && step_ != Step::kRemove)
    return ActivationAction::kNothing;
  const bool changes = step_ != Step::kLoad;
  if (changes && fault == ConfigurationFault::kStale && !reloaded_) {
    reloaded_ = true;
    return Go(Step::kLoad, ActivationAction::kLoadConfiguration);
  }
  if (changes && fault == ConfigurationFault::kPermissionDenied)
    return Finish(FilterExit::kNeedsApproval,
                  "macOS asked whether Freshet may see network connections, and that was refused: "
                  "try again and allow it");
  return Finish(FilterExit::kFailed, "its filter could not be set up: " + text);
}

ActivationAction Activation::TimedOut() {
  const bool waits = options_.waits_for_approval;
  const auto silent = [this](const char* about) {
    return Finish(FilterExit::kFailed, "macOS did not answer within " +
                                           std::to_string(kActivationSecondsMax) + " s, " + about);
  };
  switch (step_) {
    case Step::kNew:
    case Step::kFinished:
      return ActivationAction::kNothing;
    case Step::kProperties:
      return silent("asked how it stands");
    case Step::kRequest:
      if (asked_approval_ && waits) return ActivationAction::kNothing;
      return silent(activates() ? "asked to install it" : "asked to remove it");
    case Step::kLoad:
      return silent("asked for its filter");
    case Step::kRemove:
      return silent("asked to remove its filter");
    case Step::kSave:
      break;
  }
  // Saving asks the person at the Mac.
  if (waits) return ActivationAction::kNothing;
  return Finish(FilterExit::kNeedsApproval,
                "macOS asks whether Freshet may see network connections, and nobody has answered");
}

ActivationAction Activation::FinishActive() {
  if (after_reboot_)
    return Finish(FilterExit::kNeedsReboot, "a restart of the Mac finishes its installation");
  if (kept_running_)
    return Finish(FilterExit::kDone, "on, version " + running_.version + "; version " +
                                         options_.own_version +
                                         " takes over at the next start or wake");
  return Finish(FilterExit::kDone, "on, version " + options_.own_version);
}

ActivationAction Activation::FinishStatus(const ConfigurationFacts& facts) {
  if (!found_) return Finish(FilterExit::kOff, "not installed");
  if (running_.enabled && !running_.uninstalling) {
    if (!facts.exists)
      return Finish(FilterExit::kOff, options_.managed
                                          ? "installed; it waits for the filter profile of this "
                                            "Mac's organisation"
                                          : "installed, but no filter is set up: Freshet "
                                            "--activate-filter does that");
    if (!facts.enabled)
      return Finish(FilterExit::kOff,
                    std::string("installed, but its filter is switched off in ") + kFilters);
    if (!options_.own_version.empty() && running_.version != options_.own_version) {
      kept_running_ = true;
      return FinishActive();
    }
    return Finish(FilterExit::kDone,
                  "on, version " + running_.version +
                      (facts.ours ? "" : "; its filter was set up by a profile, not by this app"));
  }
  if (running_.awaiting_approval) return Finish(FilterExit::kNeedsApproval, kApprove);
  if (running_.uninstalling)
    return Finish(FilterExit::kNeedsReboot, "a restart of the Mac finishes its removal");
  return Finish(FilterExit::kOff, "installed, but switched off");
}

ActivationAction Activation::FinishRemoved(bool after_reboot) {
  const std::string profile =
      profile_stays_ ? "; the organisation's filter profile is left to whoever installed it" : "";
  if (after_reboot)
    return Finish(FilterExit::kNeedsReboot, "a restart of the Mac finishes its removal" + profile);
  return Finish(FilterExit::kDone, "removed" + profile);
}

}  // namespace freshet
