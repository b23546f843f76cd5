// Whether the files that say who Freshet is agree with pkg/identity.json and with each other: what macOS
// would refuse only on a Mac, often without a word. It reads files and knows nothing of how they are
// made, so it holds for the committed ones and for those inside a built bundle alike.
import { IDENTITY_FILES as AT, type Identity, withTeam } from './identity.ts'
import { type PlistDict, type PlistValue, readPlist } from './plist.ts'

/** An end to end list of faults, each a sentence that begins with the file; empty when all agree. */
export function identityFaults(
  identity: Identity,
  version: string,
  textOf: (path: string) => string | undefined,
): string[] {
  const faults: string[] = []
  const plists = new Map<string, PlistDict>()
  for (const path of Object.values(AT)) {
    const text = textOf(path)
    if (text === undefined) faults.push(`${path}: is not there`)
    else if (path !== AT.header)
      try {
        plists.set(path, readPlist(text))
      } catch (error) {
        faults.push(`${path}: ${(error as Error).message}`)
      }
  }
  if (faults.length > 0) return faults

  const at = (path: string, keys: readonly string[]): PlistValue | undefined => {
    let value: PlistValue | undefined = plists.get(path)
    for (const key of keys)
      value =
        typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, key)
          ? value[key]
          : undefined
    return value
  }
  const want = (path: string, keys: readonly string[], wanted: PlistValue): void => {
    const found = at(path, keys)
    if (JSON.stringify(found) === JSON.stringify(wanted)) return
    const is = found === undefined ? 'is missing' : `is ${JSON.stringify(found)}`
    faults.push(`${path}: ${keys.join(' > ')} ${is}, has to be ${JSON.stringify(wanted)}`)
  }
  const onlyKeys = (path: string, wanted: readonly string[]): void => {
    const more = Object.keys(plists.get(path) ?? {}).filter((key) => !wanted.includes(key))
    if (more.length > 0) faults.push(`${path}: has ${more.join(', ')}, which nothing here needs`)
  }

  const { app, filter, daemon } = identity
  const appGroup = withTeam(identity, identity.group)
  const filterService = withTeam(identity, filter.service)
  const daemonService = withTeam(identity, daemon.service)

  // Of a sandboxed client and of a system extension, a service has to lie under an app group it claims.
  for (const service of [filterService, daemonService])
    if (!service.startsWith(`${appGroup}.`))
      faults.push(`pkg/identity.json: service ${service} is not under the group ${appGroup}`)
  if (filterService === daemonService)
    faults.push(`pkg/identity.json: filter and daemon have one service, ${filterService}`)
  if (!filter.id.startsWith(`${app.id}.`))
    faults.push(`pkg/identity.json: ${filter.id} does not begin with its app's ${app.id}`)

  const bundles = [
    [AT.appInfo, app, 'APPL'],
    [AT.filterInfo, filter, 'SYSX'],
    [AT.daemonInfo, daemon, 'APPL'],
  ] as const
  for (const [path, program, type] of bundles) {
    want(path, ['CFBundleIdentifier'], program.id)
    want(path, ['CFBundleExecutable'], program.executable)
    want(path, ['CFBundlePackageType'], type)
    want(path, ['CFBundleShortVersionString'], version)
    want(path, ['CFBundleVersion'], version)
    want(path, ['LSMinimumSystemVersion'], identity.minimumSystem)
  }
  want(AT.appInfo, ['LSUIElement'], true)
  want(AT.daemonInfo, ['LSBackgroundOnly'], true)
  want(AT.filterInfo, ['NetworkExtension', 'NEMachServiceName'], filterService)
  const provider = 'com.apple.networkextension.filter-data'
  const classes = ['NetworkExtension', 'NEProviderClasses']
  want(AT.filterInfo, [...classes, provider], filter.providerClass)
  const usage = at(AT.filterInfo, ['NSSystemExtensionUsageDescription'])
  if (typeof usage !== 'string' || usage === '')
    faults.push(`${AT.filterInfo}: NSSystemExtensionUsageDescription has to say what it is for`)

  const names = ['com.apple.application-identifier', 'com.apple.developer.team-identifier']
  const groups = 'com.apple.security.application-groups'
  const extension = 'com.apple.developer.networking.networkextension'
  const install = 'com.apple.developer.system-extension.install'
  const entitled = [
    [AT.appEntitlements, app, 'content-filter-provider-systemextension'],
    [AT.appDevelopment, app, 'content-filter-provider'],
    [AT.filterEntitlements, filter, 'content-filter-provider-systemextension'],
    [AT.filterDevelopment, filter, 'content-filter-provider'],
  ] as const
  for (const [path, program, provides] of entitled) {
    want(path, ['com.apple.application-identifier'], withTeam(identity, program.id))
    want(path, ['com.apple.developer.team-identifier'], identity.team)
    want(path, [extension], [provides])
    want(path, [groups], [appGroup])
    if (program === app) want(path, [install], true)
    onlyKeys(path, [...names, extension, groups, ...(program === app ? [install] : [])])
  }
  const endpointSecurity = 'com.apple.developer.endpoint-security.client'
  const jit = 'com.apple.security.cs.allow-jit'
  want(AT.daemonEntitlements, ['com.apple.application-identifier'], withTeam(identity, daemon.id))
  want(AT.daemonEntitlements, ['com.apple.developer.team-identifier'], identity.team)
  want(AT.daemonEntitlements, [endpointSecurity], true)
  want(AT.daemonEntitlements, [jit], true)
  onlyKeys(AT.daemonEntitlements, [...names, endpointSecurity, jit])

  want(AT.daemonLaunch, ['Label'], daemon.id)
  want(AT.daemonLaunch, ['MachServices'], { [daemonService]: true })
  const programOf = ({ path, executable }: { path: string; executable: string }) => [
    `${path}/Contents/MacOS/${executable}`,
  ]
  want(AT.daemonLaunch, ['ProgramArguments'], programOf(daemon))
  want(AT.appLaunch, ['Label'], app.id)
  want(AT.appLaunch, ['ProgramArguments'], programOf(app))
  for (const path of [AT.daemonLaunch, AT.appLaunch]) {
    want(path, ['AssociatedBundleIdentifiers'], [app.id])
    if (at(path, ['EnvironmentVariables']) !== undefined)
      faults.push(`${path}: has EnvironmentVariables, which would steer Node`)
  }
  for (const [path] of [...entitled, [AT.daemonEntitlements] as const])
    if (/<!--/.test(textOf(path) as string)) faults.push(`${path}: has a comment`)

  faults.push(...headerFaults(identity, textOf(AT.header) as string))
  return faults
}

function headerFaults(identity: Identity, text: string): string[] {
  const wanted: Record<string, string> = {
    kTeamId: identity.team,
    kAppGroup: withTeam(identity, identity.group),
    kAppId: identity.app.id,
    kFilterId: identity.filter.id,
    kDaemonId: identity.daemon.id,
    kFilterService: withTeam(identity, identity.filter.service),
    kDaemonService: withTeam(identity, identity.daemon.service),
  }
  const team = /^#define FRESHET_TEAM "(.*)"$/m.exec(text)?.[1] ?? ''
  return Object.entries(wanted).flatMap(([name, value]) => {
    const said = new RegExp(`\\b${name}\\[\\] = (FRESHET_TEAM)?\\s*(?:"(.*)")?;$`, 'm').exec(text)
    const found = `${said?.[1] ? team : ''}${said?.[2] ?? ''}`
    return found === value ? [] : [`${AT.header}: ${name} is "${found}", has to be "${value}"`]
  })
}
