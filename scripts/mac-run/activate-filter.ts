// What `Freshet --activate-filter` ends with in an app that is signed ad hoc: Apple's entitlement to install a system
// extension wants a team. Where System Integrity Protection is off it may begin all the same; without that entitlement
// it begins anywhere, and macOS refuses the request. The exit status is what is wanted to be known.
import { join } from 'node:path'
import { IDENTITY_FILES, readIdentity } from '../identity.ts'
import { endOf, firstLine, type Mac, type Ran } from './mac.ts'

/** A command ends by itself within 60; an app takes a little to start. */
const SECONDS = 65
const ACTIVATE = '--activate-filter'
const COMMANDS = ['--filter-status', ACTIVATE, '--filter-status', '--deactivate-filter']

/** What one ended with: docs/menu-bar.md says what each status is to mean. */
export const activationText = (way: string, command: string, ran: Ran): string => {
  const isKilled = ran.signal === 'SIGKILL' || ran.status === 137
  if (isKilled && ran.output.trim() === '') return `${way}, ${command}: killed as it began`
  return `${way}, ${command}: ${endOf(ran)}; ${firstLine(ran.output)}`
}

export async function activateFilter(mac: Mac): Promise<void> {
  const out = join(mac.folder, 'activate-filter')
  const build = ['run', '--silent', 'build:mac', '--', '--out', out]
  const built = await mac.run('npm', build, { seconds: 540 })
  if (built.status !== 0) {
    mac.say(built.output)
    const text = `npm run build:mac: ${endOf(built)}, ${firstLine(built.output)}`
    return mac.found({ point: 'F12', outcome: 'otherwise', text })
  }
  const { app, filter } = readIdentity(mac.root)
  const bundle = join(out, `${app.executable}.app`)
  const extension = join(
    bundle,
    'Contents/Library/SystemExtensions',
    `${filter.id}.systemextension`,
  )
  for (const [way, isEntitled] of [
    ['without entitlements', false],
    ['with them', true],
  ] as const) {
    // What is inside is signed first.
    let isSigned = true
    for (const [path, entitlements] of [
      [extension, IDENTITY_FILES.filterEntitlements],
      [bundle, IDENTITY_FILES.appEntitlements],
    ] as const) {
      const more = isEntitled ? ['--entitlements', join(out, 'signing', entitlements)] : []
      const signed = await mac.run('codesign', ['--force', '--sign', '-', ...more, path])
      if (signed.status === 0) continue
      isSigned = false
      const text = `${way}: codesign: ${firstLine(signed.output)}`
      mac.found({ point: 'F12', outcome: 'otherwise', text })
      break
    }
    if (!isSigned) continue
    const program = join(bundle, 'Contents/MacOS', app.executable)
    for (const command of COMMANDS) {
      const ran = await mac.run(program, [command], { seconds: SECONDS })
      mac.say(ran.output)
      mac.found({ point: 'F12', outcome: 'seen', text: activationText(way, command, ran) })
    }
  }
  const list = await mac.run('systemextensionsctl', ['list'])
  const text = `systemextensionsctl list: ${endOf(list)}; ${list.output.trim()}`
  mac.found({ point: 'F12', outcome: 'seen', text })
}
