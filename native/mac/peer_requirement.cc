#include "mac/peer_requirement.h"

#include <algorithm>

namespace freshet {
namespace {

bool IsPlain(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char one) {
    return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
           one == '.' || one == '-';
  });
}

}  // namespace

std::string PeerRequirement(std::string_view identifier, std::string_view team, Signing signing) {
  if (!IsPlain(identifier) || !IsPlain(team)) return "";
  std::string text = "identifier \"" + std::string(identifier) + "\" and anchor apple generic and ";
  text += signing == Signing::kDeveloperId
              ? "certificate 1[field.1.2.840.113635.100.6.2.6] exists and "
                "certificate leaf[field.1.2.840.113635.100.6.1.13] exists and "
              : "certificate 1[field.1.2.840.113635.100.6.2.1] exists and ";
  return text + "certificate leaf[subject.OU] = \"" + std::string(team) + "\"";
}

}  // namespace freshet
