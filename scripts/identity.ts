// Who Freshet is to macOS. pkg/identity.json is the one place that says it; every Info.plist, entitlements
// file, launchd plist and the native constants are made from it here and committed (scripts/generate.ts).
//
// The team there is a placeholder. scripts/build-mac.ts makes the same files for the builder's own
// (FRESHET_TEAM), as everything signed has to agree on it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PlistDict, writePlist } from './plist.ts'

type Program = { id: string; executable: string }

export type Identity = {
  /** Apple's ten letters and digits for a team of developers. */
  team: string
  /** Oldest macOS: Node 26's own. */
  minimumSystem: string
  /** App group, without the team. */
  group: string
  app: Program & { path: string }
  /** `service` is a Mach service without the team; it has to lie under the group. */
  filter: Program & { providerClass: string; service: string }
  daemon: Program & { path: string; service: string }
}

/** What pkg/identity.json says, with `team` in place of its own when given. Error on a malformed team. */
export function readIdentity(root: string, team?: string): Identity {
  const identity = JSON.parse(readFileSync(join(root, 'pkg/identity.json'), 'utf8')) as Identity
  if (team !== undefined) identity.team = team
  if (!/^[A-Z0-9]{10}$/.test(identity.team))
    throw new Error(
      `${JSON.stringify(identity.team)} is no team: ten capital letters and digits, as under Membership at developer.apple.com`,
    )
  return identity
}

/** Whether a build is for others (Developer ID) or for the developer's own Macs. */
export type Signing = 'developer-id' | 'development'

const bundle = (identity: Identity, program: Program, version: string): PlistDict => ({
  CFBundleDevelopmentRegion: 'en',
  CFBundleExecutable: program.executable,
  CFBundleIdentifier: program.id,
  CFBundleInfoDictionaryVersion: '6.0',
  CFBundleShortVersionString: version,
  CFBundleSupportedPlatforms: ['MacOSX'],
  CFBundleVersion: version,
  LSMinimumSystemVersion: identity.minimumSystem,
})

const appInfo = (identity: Identity, version: string): PlistDict => ({
  ...bundle(identity, identity.app, version),
  CFBundleDisplayName: 'Freshet',
  CFBundleName: 'Freshet',
  CFBundlePackageType: 'APPL',
  // In the menu bar alone: no icon in the Dock, no menus of its own.
  LSUIElement: true,
  NSPrincipalClass: 'NSApplication',
})

const filterInfo = (identity: Identity, version: string): PlistDict => ({
  ...bundle(identity, identity.filter, version),
  CFBundleDisplayName: 'Freshet network monitor',
  CFBundleName: 'Freshet network monitor',
  CFBundlePackageType: 'SYSX',
  NetworkExtension: {
    NEMachServiceName: withTeam(identity, identity.filter.service),
    NEProviderClasses: {
      'com.apple.networkextension.filter-data': identity.filter.providerClass,
    },
  },
  NSSystemExtensionUsageDescription:
    'Freshet counts how much each application sends and receives. It never reads what is sent and never blocks.',
})

const daemonInfo = (identity: Identity, version: string): PlistDict => ({
  ...bundle(identity, identity.daemon, version),
  CFBundleName: 'freshetd',
  CFBundlePackageType: 'APPL',
  LSBackgroundOnly: true,
})

/** Names a program with restricted entitlements to its provisioning profile; Xcode adds these by itself. */
const application = (identity: Identity, program: Program): PlistDict => ({
  'com.apple.application-identifier': withTeam(identity, program.id),
  'com.apple.developer.team-identifier': identity.team,
})

/** Developer ID profiles grant the value with the suffix alone, development profiles the one without. */
const contentFilter = (signing: Signing): PlistDict => ({
  'com.apple.developer.networking.networkextension': [
    signing === 'development'
      ? 'content-filter-provider'
      : 'content-filter-provider-systemextension',
  ],
})

const group = (identity: Identity): PlistDict => ({
  'com.apple.security.application-groups': [withTeam(identity, identity.group)],
})

const appEntitlements = (identity: Identity, signing: Signing): PlistDict => ({
  ...application(identity, identity.app),
  ...contentFilter(signing),
  'com.apple.developer.system-extension.install': true,
  ...group(identity),
})

const filterEntitlements = (identity: Identity, signing: Signing): PlistDict => ({
  ...application(identity, identity.filter),
  ...contentFilter(signing),
  ...group(identity),
})

/** Of Node's own entitlements only allow-jit: V8 does not start without it. */
const daemonEntitlements = (identity: Identity): PlistDict => ({
  ...application(identity, identity.daemon),
  'com.apple.developer.endpoint-security.client': true,
  'com.apple.security.cs.allow-jit': true,
})

/** launchd passes no environment: whoever could set one would steer a root process. */
const daemonLaunch = (identity: Identity): PlistDict => ({
  AssociatedBundleIdentifiers: [identity.app.id],
  KeepAlive: true,
  Label: identity.daemon.id,
  MachServices: { [withTeam(identity, identity.daemon.service)]: true },
  ProgramArguments: [`${identity.daemon.path}/Contents/MacOS/${identity.daemon.executable}`],
  RunAtLoad: true,
  ThrottleInterval: 10,
})

/** The menu bar of whoever is logged in; it starts again unless its user quit it. */
const appLaunch = (identity: Identity): PlistDict => ({
  AssociatedBundleIdentifiers: [identity.app.id],
  KeepAlive: { SuccessfulExit: false },
  Label: identity.app.id,
  LimitLoadToSessionType: 'Aqua',
  ProcessType: 'Interactive',
  ProgramArguments: [`${identity.app.path}/Contents/MacOS/${identity.app.executable}`],
  RunAtLoad: true,
})

/** `name` under the team, as Mach services, app groups and application identifiers are named. */
export const withTeam = (identity: Identity, name: string): string => `${identity.team}.${name}`

/** Where each file lies, from the project's root. */
export const IDENTITY_FILES = {
  header: 'native/mac/identity.gen.h',
  appInfo: 'pkg/app/Info.plist',
  filterInfo: 'pkg/filter/Info.plist',
  daemonInfo: 'pkg/daemon/Info.plist',
  daemonEntitlements: 'entitlements.plist',
  daemonLaunch: 'pkg/launchd/daemon.plist',
  appLaunch: 'pkg/launchd/app.plist',
  appEntitlements: 'pkg/app/app.entitlements',
  filterEntitlements: 'pkg/filter/filter.entitlements',
  appDevelopment: 'pkg/app/app-development.entitlements',
  filterDevelopment: 'pkg/filter/filter-development.entitlements',
} as const

/** Every file that says who Freshet is, by its path. */
export function identityFiles(identity: Identity, version: string): Map<string, string> {
  const at = IDENTITY_FILES
  return new Map([
    [at.header, identityHeader(identity)],
    [at.appInfo, writePlist(appInfo(identity, version))],
    [at.filterInfo, writePlist(filterInfo(identity, version))],
    [at.daemonInfo, writePlist(daemonInfo(identity, version))],
    [at.daemonEntitlements, writePlist(daemonEntitlements(identity))],
    [at.daemonLaunch, writePlist(daemonLaunch(identity))],
    [at.appLaunch, writePlist(appLaunch(identity))],
    [at.appEntitlements, writePlist(appEntitlements(identity, 'developer-id'))],
    [at.filterEntitlements, writePlist(filterEntitlements(identity, 'developer-id'))],
    [at.appDevelopment, writePlist(appEntitlements(identity, 'development'))],
    [at.filterDevelopment, writePlist(filterEntitlements(identity, 'development'))],
  ])
}

/** What `freshet doctor` looks for on a Mac: the text of IDENTITY_MODULE. */
export const IDENTITY_MODULE = 'src/status/identity.gen.ts'
export function identityModule({ app, filter, daemon }: Identity): string {
  const named = (name: string, text: string) => `export const ${name} = '${text}'`
  return [
    '// Generated from pkg/identity.json by scripts/generate.ts. Do not edit.',
    '// Where macOS has the parts of Freshet.',
    named('APP_PATH', app.path),
    '/** In the app. */',
    named('FILTER_PATH', `Contents/Library/SystemExtensions/${filter.id}.systemextension`),
    "/** Label of the daemon's launchd job, and the file that declares it. */",
    named('DAEMON_JOB', daemon.id),
    named('DAEMON_JOB_PATH', `/Library/LaunchDaemons/${daemon.id}.plist`),
    '',
  ].join('\n')
}

function identityHeader(identity: Identity): string {
  const named = (name: string, text: string) =>
    `inline constexpr char ${name}[] = FRESHET_TEAM ".${text}";`
  const bare = (name: string, text: string) => `inline constexpr char ${name}[] = "${text}";`
  return [
    '// Generated from pkg/identity.json by scripts/generate.ts. Do not edit.',
    '// Who Freshet is to macOS. A builder names the team with -DFRESHET_TEAM (scripts/build-mac.ts).',
    '#ifndef FRESHET_MAC_IDENTITY_GEN_H_',
    '#define FRESHET_MAC_IDENTITY_GEN_H_',
    '',
    '#ifndef FRESHET_TEAM',
    `#define FRESHET_TEAM "${identity.team}"`,
    '#endif',
    '',
    'namespace freshet {',
    '',
    'inline constexpr char kTeamId[] = FRESHET_TEAM;',
    named('kAppGroup', identity.group),
    '// Bundle and signing identifiers.',
    bare('kAppId', identity.app.id),
    bare('kFilterId', identity.filter.id),
    bare('kDaemonId', identity.daemon.id),
    '// Mach services.',
    named('kFilterService', identity.filter.service),
    named('kDaemonService', identity.daemon.service),
    '',
    '}  // namespace freshet',
    '',
    '#endif  // FRESHET_MAC_IDENTITY_GEN_H_',
    '',
  ].join('\n')
}
