// The filter's and the daemon's ends of XPC, between programs that are signed ad hoc, one of them a job of launchd's. Only
// the requirement is another than the product's: the identifier alone, since ad hoc there is neither team nor certificate.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gap } from '../../src/records/record.gen.ts'
import { readIdentity, withTeam } from '../identity.ts'
import { writePlist } from '../plist.ts'
import type { Outcome } from './findings.ts'
import { endOf, firstLine, type Mac, type Ran } from './mac.ts'

const SOURCES = [
  ...['endpoint_text', 'flow_batch', 'flow_ledger', 'flow_rows', 'queued_report', 'uplink'].map(
    (name) => `native/mac/filter/${name}.cc`,
  ),
  'native/mac/filter/xpc_transport.mm',
  ...['filter_protocol', 'flow_intake', 'flow_listener', 'xpc_listener'].map(
    (name) => `native/mac/${name}.cc`,
  ),
  'native/test/mac_live/xpc_live.cc',
]
/** What compiles and links it, after the compiler's name. */
export const buildArguments = (out: string): string[] => [
  ...['-std=c++20', '-O1', '-fno-exceptions', '-fno-rtti', '-fblocks', '-fobjc-arc', '-Inative'],
  ...[...SOURCES, '-lobjc', '-o', out],
]

const LABEL = 'org.freshet.live'
const PLIST = `/Library/LaunchDaemons/${LABEL}.plist`
const JOB_S = 60
const SENDS_S = 8

const countIn = (text: string, name: string): number =>
  Number(new RegExp(`\\b${name} (\\d+)`).exec(text)?.[1] ?? 0)

/** By what each printed. The stranger is of another identifier; the user is the filter itself, and not root. */
export function xpcFinding(
  daemon: string,
  filter: Ran,
  stranger: Ran,
  user: Ran,
): { outcome: Outcome; text: string } {
  const isWell =
    countIn(daemon, 'flows') > 0 &&
    countIn(daemon, 'enumerated') > 0 &&
    // Each of their connections is one.
    countIn(daemon, 'refused') > countIn(stranger.output, 'connections') &&
    countIn(filter.output, 'batches') > 0 &&
    countIn(stranger.output, 'connections') > 0 &&
    countIn(stranger.output, 'batches') === 0 &&
    countIn(user.output, 'connections') > 0 &&
    countIn(user.output, 'batches') === 0
  const told = (ran: Ran) => `${firstLine(ran.output)} (${endOf(ran)})`
  return {
    outcome: isWell ? 'as hoped' : 'otherwise',
    text: `the daemon under launchd: ${firstLine(daemon)}; the filter: ${told(filter)}; a stranger: ${told(stranger)}; the filter without root: ${told(user)}`,
  }
}

export async function xpc(mac: Mac): Promise<void> {
  const built = join(mac.folder, 'xpc-live')
  const made = await mac.run('clang++', buildArguments(built), { seconds: 300 })
  if (made.status !== 0)
    return mac.found({
      point: 'F7',
      outcome: 'otherwise',
      text: `clang++: ${endOf(made)}, ${firstLine(made.output)}`,
    })
  const identity = readIdentity(mac.root)
  const programs: Record<string, string> = {}
  for (const [name, identifier] of [
    ['daemon', identity.daemon.id],
    ['filter', identity.filter.id],
    ['stranger', 'org.freshet.stranger'],
  ] as const) {
    const path = join(mac.folder, `xpc-${name}`)
    copyFileSync(built, path)
    programs[name] = path
    const sign = ['--force', '--sign', '-', '--identifier', identifier, path]
    const signed = await mac.run('codesign', sign)
    if (signed.status !== 0) mac.say(signed.output)
  }
  const daemon = programs['daemon'] ?? ''
  const said = (name: string): string => {
    const path = join(mac.folder, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : ''
  }
  await mac.run('sudo', ['-n', daemon, 'daemon', join(mac.folder, 'xpc-by-hand.txt'), '4'])
  mac.found({
    point: 'F7',
    outcome:
      countIn(said('xpc-by-hand.txt'), 'gaps') === Gap.filterService ? 'as hoped' : 'otherwise',
    text: `by hand, outside launchd: ${firstLine(said('xpc-by-hand.txt'))}`,
  })
  const plist = join(mac.folder, `${LABEL}.plist`)
  writeFileSync(
    plist,
    writePlist({
      Label: LABEL,
      ProgramArguments: [daemon, 'daemon', join(mac.folder, 'xpc-daemon.txt'), `${JOB_S}`],
      MachServices: { [withTeam(identity, identity.daemon.service)]: true },
      RunAtLoad: true,
    }),
  )
  const install = ['install', '-m', '644', '-o', 'root', '-g', 'wheel', plist, PLIST]
  await mac.run('sudo', ['-n', ...install])
  const loaded = await mac.run('sudo', ['-n', 'launchctl', 'bootstrap', 'system', PLIST])
  if (loaded.status !== 0) mac.say(loaded.output)
  const send = (name: string) =>
    mac.run('sudo', ['-n', programs[name] ?? '', 'filter', `${SENDS_S}`])
  const filter = await send('filter')
  const stranger = await send('stranger')
  const user = await mac.run(programs['filter'] ?? '', ['filter', `${SENDS_S}`])
  await mac.wait(2)
  mac.found({ point: 'F7', ...xpcFinding(said('xpc-daemon.txt'), filter, stranger, user) })
  await mac.run('sudo', ['-n', 'launchctl', 'bootout', `system/${LABEL}`])
  await mac.run('sudo', ['-n', 'rm', '-f', PLIST])
}
