// The agent under a Node that is signed ad hoc with the entitlement of Endpoint Security. Apple alone grants that; where
// System Integrity Protection is off it may be taken all the same. Either way the outcome is what is wanted to be known.
import { copyFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Source } from '../../src/records/record.gen.ts'
import { writePlist } from '../plist.ts'
import { endOf, firstLine, type Mac, type Ran, recording } from './mac.ts'
import { recordedIn } from './recorded.ts'

const ENTITLEMENT = 'com.apple.developer.endpoint-security.client'
const JIT = 'com.apple.security.cs.allow-jit'

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
    const { ran, path } = await recording(mac, `endpoint-security-${name}`, 12, [host, ...program])
    const note = path === undefined ? undefined : await noteOf(path)
    mac.found({ point: 'E19', outcome: 'seen', text: wayText(name, ran, note) })
    const log = ['show', '--last', '2m', '--predicate', 'sender == "AppleMobileFileIntegrity"']
    const amfi = await mac.run('log', [...log, '--style', 'compact'], { seconds: 120 })
    writeFileSync(join(mac.folder, `amfi-${name}.txt`), amfi.output)
    // A Node that may do this is not left about.
    rmSync(host, { force: true })
  }
}

/** The last words of Endpoint Security's source in a capture; undefined when it said none. */
async function noteOf(path: string): Promise<string | undefined> {
  const { marks } = await recordedIn(path)
  return marks.findLast(({ source }) => source === Source.endpointSecurity)?.note
}
