// How the network monitor (the system extension and its content filter) is switched on and off:
// what to ask of macOS next, and what the end of it is called. Decisions only; filter_control.mm
// does as told and says what came of it.
//
// Whoever drives it calls Begin once, does the action returned, reports by the one call that fits
// it, and so on until the action is kFinish. Calls that come late, twice or out of order are passed
// over (kNothing): macOS is known to call back after an answer. Threads: one at a time.
//
// Two rules hold on every way through. A configuration of the filter is saved only where there is
// none, or one that this app saved before: an organisation's profile is never doubled or changed.
// And a running filter of another version is replaced only when the caller says that now is a time
// for it, since that cuts the open connections of the Mac.
#ifndef FRESHET_MAC_APP_ACTIVATION_H_
#define FRESHET_MAC_APP_ACTIVATION_H_

#include <string>
#include <vector>

namespace freshet {

enum class FilterCommand { kActivate, kDeactivate, kStatus };

// Exit statuses of the app's commands; kUsage in arguments.h lists them.
enum class FilterExit : int {
  kDone = 0,
  kFailed = 1,
  kNeedsApproval = 3,
  kNeedsReboot = 4,
  kOff = 5,
};

// What macOS says of one version of the extension (OSSystemExtensionProperties, macOS 12).
struct ExtensionFacts {
  std::string version;  // CFBundleVersion
  bool enabled = false;
  bool awaiting_approval = false;
  bool uninstalling = false;
};

// What NEFilterManager holds after it was loaded.
struct ConfigurationFacts {
  bool exists = false;
  bool enabled = false;
  bool ours = false;  // carries the mark that this app puts into those it saves
};

// Of NEFilterManagerError, as far as it changes what is done next.
enum class ConfigurationFault { kStale, kPermissionDenied, kOther };

struct ActivationOptions {
  FilterCommand command = FilterCommand::kStatus;
  // Of the extension inside this copy of the app; empty when there is none.
  std::string own_version;
  // A running filter of another version may be replaced now.
  bool replace_now = false;
  // An organisation's settings say that it brings the filter's configuration by a profile.
  bool managed = false;
  // Goes on waiting for a person's approval. The menu bar does; a command ends and says so.
  bool waits_for_approval = false;
};

enum class ActivationAction {
  kNothing,
  kAskProperties,        // propertiesRequest -> PropertiesFound, RequestFailed
  kSubmitActivation,     // activationRequest -> NeedsApproval, RequestFinished, RequestFailed
  kSubmitDeactivation,   // deactivationRequest -> the same
  kLoadConfiguration,    // load -> ConfigurationLoaded, ConfigurationFailed
  kSaveConfiguration,    // save, enabled and marked ours -> ConfigurationSaved, ConfigurationFailed
  kRemoveConfiguration,  // remove -> ConfigurationSaved, ConfigurationFailed
  kTellApproval,         // a notification; the request goes on
  kFinish,               // exit_status() and line() hold
};

// OSSystemExtensionErrorCode, macOS SDK 12 and later.
inline constexpr int kExtensionNotFound = 4;
inline constexpr int kRequestCanceled = 11;

// How long a command waits for macOS altogether.
inline constexpr int kActivationSecondsMax = 60;

class Activation {
 public:
  explicit Activation(ActivationOptions options);

  ActivationAction Begin();
  ActivationAction PropertiesFound(const std::vector<ExtensionFacts>& found);
  // Whether the extension that runs is to be replaced by the one in this app.
  bool Replaces(const std::string& running_version, const std::string& offered_version);
  ActivationAction NeedsApproval();
  ActivationAction RequestFinished(bool after_reboot);
  // `code` in OSSystemExtensionErrorDomain, 0 in another; `text` is the system's own.
  ActivationAction RequestFailed(int code, const std::string& text);
  ActivationAction ConfigurationLoaded(const ConfigurationFacts& facts);
  // Of kSaveConfiguration and kRemoveConfiguration.
  ActivationAction ConfigurationSaved();
  ActivationAction ConfigurationFailed(ConfigurationFault fault, const std::string& text);
  // kActivationSecondsMax have passed.
  ActivationAction TimedOut();

  bool finished() const { return step_ == Step::kFinished; }
  FilterExit exit_status() const { return exit_status_; }
  // One sentence for a person and a log, without a newline.
  const std::string& line() const { return line_; }

 private:
  enum class Step { kNew, kProperties, kRequest, kLoad, kSave, kRemove, kFinished };

  ActivationAction Go(Step step, ActivationAction action);
  ActivationAction Finish(FilterExit exit_status, std::string line);
  ActivationAction FinishActive();
  ActivationAction FinishStatus(const ConfigurationFacts& facts);
  ActivationAction FinishRemoved(bool after_reboot);
  bool activates() const { return options_.command == FilterCommand::kActivate; }

  const ActivationOptions options_;
  Step step_ = Step::kNew;
  // What was found of the extension, the version that counts.
  ExtensionFacts running_;
  bool found_ = false;
  bool kept_running_ = false;  // another version goes on until it may be replaced
  bool canceled_ = false;      // Replaces said no
  bool asked_approval_ = false;
  bool after_reboot_ = false;
  bool reloaded_ = false;       // after kStale, once
  bool profile_stays_ = false;  // deactivation: a profile's configuration is not ours to remove
  FilterExit exit_status_ = FilterExit::kFailed;
  std::string line_;
};

}  // namespace freshet

#endif  // FRESHET_MAC_APP_ACTIVATION_H_
