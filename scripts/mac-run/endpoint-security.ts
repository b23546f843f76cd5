// The agent under a Node that is signed ad hoc with the entitlement of Endpoint Security. Apple alone grants that; where
// System Integrity Protection is off it may be taken all the same. Either way the outcome is what is wanted to be known.
import { copyFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Source } from '../../src/records/record.gen.ts'
import { ESLOGGER } from '../../src/sense/program-source.ts'
import { writePlist } from '../plist.ts'
import { besideEslogger } from './beside-eslogger.ts'
import { endOf, firstLine, type Mac, type Ran, recording } from './mac.ts'
import { type Recorded, recordedIn } from './recorded.ts'

const ENTITLEMENT = 'com.apple.developer.endpoint-security.client'
const JIT = 'com.apple.security.cs.allow-jit'

const RECORD_S = 12
/** Set-up of a recording took less on Linux; eslogger, begun before it, is there by then too. */
const BEGIN_S = 6
/** So much longer eslogger listens, so that what the recording has it has as well. */
const LISTEN_MORE_S = 6
const PATIENCE_S = 30
/** Programs that end by themselves, each of Apple's and of no other step. */
const PROGRAMS = ['/usr/bin/true', '/usr/bin/arch', '/usr/bin/uname', '/bin/date', '/usr/bin/id']

type Way = {
  name: string
  entitlements: readonly string[]
  /** Of codesign. */
  flags: readonly string[]
  /** After Node's own name. */
  program: readonly string[]
}

/**
 * Whether AMFI lets a program begin is a question of its entitlements and of the hardened runtime. Under the latter the
 * addon, which has no team, may not be loaded: that is told too. Without a compiler at run time Node has no WebAssembly, which
 * takes the types out of sources: what runs so is the bundle that ships.
 */
export const WAYS: readonly Way[] = [
  { name: 'plain', entitlements: [ENTITLEMENT], flags: [], program: ['src/cli.ts'] },
  {
    name: 'hardened-jitless',
    entitlements: [ENTITLEMENT],
    flags: ['--options', 'runtime'],
    program: ['--jitless', 'dist/freshet.mjs'],
  },
  {
    name: 'hardened-jit',
    entitlements: [ENTITLEMENT, JIT],
    flags: ['--options', 'runtime'],
    program: ['src/cli.ts'],
  },
]

/** What became of it. AMFI kills at the exec, before a line is printed. */
export function wayText(name: string, ran: Ran, note: string | undefined): string {
  const isKilled = ran.signal === 'SIGKILL' || ran.status === 137
  if (isKilled && ran.output.trim() === '') return `${name}: killed as it began, as AMFI does it`
  const said =
    note === undefined ? 'its source said nothing' : note === '' ? 'Endpoint Security works' : note
  return `${name}: ${endOf(ran)}; ${said}`
}

export async function endpointSecurity(mac: Mac): Promise<void> {
  const built = await mac.run('npm', ['run', '--silent', 'build'], { seconds: 300 })
  if (built.status !== 0) {
    mac.say(built.output)
    const text = `npm run build: ${endOf(built)}, ${firstLine(built.output)}`
    mac.found({ point: 'E19', outcome: 'otherwise', text })
  }
  for (const { name, entitlements, flags, program } of WAYS) {
    if (built.status !== 0 && program.includes('dist/freshet.mjs')) continue
    const host = join(mac.folder, `node-${name}`)
    const plist = `${host}.entitlements`
    writeFileSync(plist, writePlist(Object.fromEntries(entitlements.map((key) => [key, true]))))
    rmSync(host, { force: true })
    copyFileSync(realpathSync(join(mac.root, 'node_modules/.bin/node')), host)
    const sign = ['--force', '--sign', '-', ...flags, '--entitlements', plist, host]
    const signed = await mac.run('codesign', sign)
    if (signed.status !== 0) {
      mac.found({
        point: 'E19',
        outcome: 'otherwise',
        text: `${name}: codesign: ${firstLine(signed.output)}`,
      })
      continue
    }
    const listening = mac.run('sudo', ['-n', '/usr/bin/eslogger', ...ESLOGGER.args], {
      ...{ until: RECORD_S + LISTEN_MORE_S, seconds: RECORD_S + LISTEN_MORE_S + PATIENCE_S },
    })
    const record = recording(mac, `endpoint-security-${name}`, RECORD_S, [host, ...program])
    await mac.wait(BEGIN_S)
    for (const one of PROGRAMS) await mac.run(one, [])
    const { ran, path } = await record
    const beside = await listening
    const told = path === undefined ? undefined : await recordedIn(path)
    const note = told && noteOf(told)
    mac.found({ point: 'E19', outcome: 'seen', text: wayText(name, ran, note) })
    if (told !== undefined && note === '')
      mac.found({ point: 'E19', ...comparison(name, told, beside) })
    const log = ['show', '--last', '2m', '--predicate', 'sender == "AppleMobileFileIntegrity"']
    const amfi = await mac.run('log', [...log, '--style', 'compact'], { seconds: 120 })
    writeFileSync(join(mac.folder, `amfi-${name}.txt`), amfi.output)
    // A Node that may do this is not left about.
    rmSync(host, { force: true })
  }
}

/** The last words of Endpoint Security's source in a capture; undefined when it said none. */
const noteOf = ({ marks }: Recorded): string | undefined =>
  marks.findLast(({ source }) => source === Source.endpointSecurity)?.note

/** Where eslogger may not listen there is nothing to compare with, which the step before said. */
function comparison(name: string, told: Recorded, beside: Ran) {
  const { outcome, text } = besideEslogger(told, beside.output, PROGRAMS)
  const heard = beside.output.includes('"event"')
  return heard
    ? { outcome, text: `${name}, ${text}` }
    : ({ outcome: 'seen', text: `${name}: eslogger told nothing (${endOf(beside)})` } as const)
}
