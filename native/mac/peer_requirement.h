// Code requirements of the two ends of the filter's connection to the daemon, as text for
// xpc_connection_set_peer_code_signing_requirement(3). The language is Apple's Code Signing
// Requirement Language; the certificate extensions are those of the Developer ID programme
// (1.2.840.113635.100.6.2.6 and .6.1.13) and of the intermediate that signs development
// certificates (.6.2.1).
#ifndef FRESHET_MAC_PEER_REQUIREMENT_H_
#define FRESHET_MAC_PEER_REQUIREMENT_H_

#include <string>
#include <string_view>

namespace freshet {

enum class Signing {
  kDeveloperId,  // what is shipped
  kDevelopment,  // what Xcode signs for a developer's own Mac; never accepted by a shipped build
};

// This build's. FRESHET_DEVELOPMENT is defined for a development build alone
// (scripts/build-mac.ts).
#ifdef FRESHET_DEVELOPMENT
inline constexpr Signing kSigning = Signing::kDevelopment;
#else
inline constexpr Signing kSigning = Signing::kDeveloperId;
#endif

// Only the program of this signing identifier, signed by this team. Empty when one of the two holds
// what could change the requirement's meaning: anything but letters, digits, '.' and '-'.
std::string PeerRequirement(std::string_view identifier, std::string_view team, Signing signing);

}  // namespace freshet

#endif  // FRESHET_MAC_PEER_REQUIREMENT_H_
