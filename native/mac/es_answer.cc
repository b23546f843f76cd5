#include "mac/es_answer.h"

namespace freshet {

EsAnswer AnswerOf(es_new_client_result_t result) {
  switch (result) {
    case ES_NEW_CLIENT_RESULT_SUCCESS:
      return EsAnswer::kOpen;
    case ES_NEW_CLIENT_RESULT_ERR_INVALID_ARGUMENT:
      return EsAnswer::kInvalidArgument;
    case ES_NEW_CLIENT_RESULT_ERR_INTERNAL:
      return EsAnswer::kInternal;
    case ES_NEW_CLIENT_RESULT_ERR_NOT_ENTITLED:
      return EsAnswer::kNotEntitled;
    case ES_NEW_CLIENT_RESULT_ERR_NOT_PERMITTED:
      return EsAnswer::kNotPermitted;
    case ES_NEW_CLIENT_RESULT_ERR_NOT_PRIVILEGED:
      return EsAnswer::kNotPrivileged;
    case ES_NEW_CLIENT_RESULT_ERR_TOO_MANY_CLIENTS:
      return EsAnswer::kTooManyClients;
  }
  return EsAnswer::kUnknown;
}

EsAdvice AdviceFor(EsAnswer answer) {
  switch (answer) {
    case EsAnswer::kOpen:
      return {EsRetry::kNever, 0, ""};
    case EsAnswer::kInvalidArgument:
      return {EsRetry::kNever, k_gap_endpoint_security,
              "macOS calls Freshet's request for Endpoint Security invalid. That is a fault of "
              "Freshet: report it with the version of macOS."};
    case EsAnswer::kInternal:
      return {EsRetry::kSlower, k_gap_endpoint_security,
              "macOS's Endpoint Security does not answer (internal error). Freshet tries again by "
              "itself; if this stays, restart the Mac."};
    case EsAnswer::kNotEntitled:
      return {EsRetry::kNever, k_gap_entitlement,
              "this Freshet is not signed for Endpoint Security "
              "(com.apple.developer.endpoint-security.client): install the released package."};
    case EsAnswer::kNotPermitted:
      return {EsRetry::kSteady, k_gap_full_disk_access,
              "Freshet lacks Full Disk Access. Turn it on in System Settings, Privacy & Security, "
              "Full Disk Access, or by your MDM; Freshet tries again by itself."};
    case EsAnswer::kNotPrivileged:
      return {EsRetry::kNever, k_gap_not_root,
              "Endpoint Security is for root alone: run freshet as root."};
    case EsAnswer::kTooManyClients:
      return {EsRetry::kSlower, k_gap_client_limit,
              "other security products use up macOS's Endpoint Security clients. Stop or remove "
              "one; Freshet tries again by itself."};
    case EsAnswer::kNoSubscription:
      return {EsRetry::kSlower, k_gap_endpoint_security,
              "macOS's Endpoint Security let Freshet in and refused it the events of processes. "
              "Freshet tries again by itself; if this stays, restart the Mac."};
    case EsAnswer::kSilent:
      return {EsRetry::kSlower, k_gap_endpoint_security,
              "macOS's Endpoint Security let Freshet in and told it nothing, though programs "
              "started. Freshet tries again by itself; if this stays, restart the Mac."};
    case EsAnswer::kUnknown:
      return {EsRetry::kSlower, k_gap_endpoint_security,
              "macOS's Endpoint Security refuses Freshet for a reason that this version does not "
              "know. Freshet tries again by itself; see whether there is a later version."};
  }
  return AdviceFor(EsAnswer::kUnknown);
}

}  // namespace freshet
