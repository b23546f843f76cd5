// Generated from pkg/identity.json by scripts/generate.ts. Do not edit.
// Who Freshet is to macOS. A builder names the team with -DFRESHET_TEAM (scripts/build-mac.ts).
#ifndef FRESHET_MAC_IDENTITY_GEN_H_
#define FRESHET_MAC_IDENTITY_GEN_H_

#ifndef FRESHET_TEAM
#define FRESHET_TEAM "TEAMID0000"
#endif

namespace freshet {

inline constexpr char kTeamId[] = FRESHET_TEAM;
inline constexpr char kAppGroup[] = FRESHET_TEAM ".org.freshet";
// Bundle and signing identifiers.
inline constexpr char kAppId[] = "org.freshet.app";
inline constexpr char kFilterId[] = "org.freshet.app.filter";
inline constexpr char kDaemonId[] = "org.freshet.daemon";
// Mach services.
inline constexpr char kFilterService[] = FRESHET_TEAM ".org.freshet.filter";
inline constexpr char kDaemonService[] = FRESHET_TEAM ".org.freshet.daemon";

}  // namespace freshet

#endif  // FRESHET_MAC_IDENTITY_GEN_H_
