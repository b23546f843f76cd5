// What a run only looks at: the machine, Apple's framework and program that flows are told by, the app that set-up built,
// and what Freshet costs at rest.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MalformedLine } from '../../src/importers/malformed.ts'
import { columnsOf, isHeader, parseRow } from '../../src/intake/nettop-line.ts'
import { NETTOP } from '../../src/sense/program-source.ts'
import { endOf, firstLine, type Mac } from './mac.ts'

const FRAMEWORK = '/System/Library/PrivateFrameworks/NetworkStatistics.framework/NetworkStatistics'
/** The names that the source looks up, and whether it can do without: of its own list. */
export function wantedSymbols(source: string): { name: string; isNeeded: boolean }[] {
  const rows = source.matchAll(/\{"(k?NStat\w+)", &S::\w+, (true|false)\}/g)
  return [...rows].map(([, name = '', needed]) => ({ name, isNeeded: needed === 'true' }))
}

const MACHINE: readonly (readonly [string, string, ...string[]])[] = [
  ['macOS', 'sw_vers', '-productVersion'],
  ['build', 'sw_vers', '-buildVersion'],
  ['architecture', 'uname', '-m'],
  ['chip', 'sysctl', '-n', 'machdep.cpu.brand_string'],
  ['virtual machine', 'sysctl', '-n', 'kern.hv_vmm_present'],
  ['SIP', 'csrutil', 'status'],
  ['who sits at it', 'stat', '-f', '%Su', '/dev/console'],
  ['tools', 'xcode-select', '-p'],
  ['SDK', 'xcrun', '--sdk', 'macosx', '--show-sdk-version'],
  ['Node', 'node', '--version'],
  ['net.statistics_privcheck', 'sysctl', '-n', 'net.statistics_privcheck'],
]

export async function machine(mac: Mac): Promise<void> {
  const facts: string[] = []
  for (const [what, program, ...args] of MACHINE) {
    const ran = await mac.run(program, args)
    facts.push(`${what} ${ran.status === 0 ? firstLine(ran.output) : endOf(ran)}`)
  }
  mac.found({ point: '', outcome: 'seen', text: facts.join('; ') })
}

/** Names that `dyld_info -exports` lists, without the linker's underscore. */
export const exportedNames = (output: string): Set<string> =>
  new Set([...output.matchAll(/\b_(k?NStat\w+)/g)].map(([, name = '']) => name))

export async function frameworks(mac: Mac): Promise<void> {
  const ran = await mac.run('dyld_info', ['-exports', FRAMEWORK])
  writeFileSync(join(mac.folder, 'networkstatistics-exports.txt'), ran.output)
  const names = exportedNames(ran.output)
  const list = join(mac.root, 'native/mac/statistics/framework_symbols.cc')
  const wanted = wantedSymbols(readFileSync(list, 'utf8'))
  const missing = wanted.filter(({ name }) => !names.has(name))
  const needed = missing.filter(({ isNeeded }) => isNeeded)
  const told = (some: readonly { name: string }[]) =>
    some.map(({ name }) => name).join(', ') || 'none'
  mac.found({
    point: 'N1',
    outcome: names.size > 0 && needed.length === 0 ? 'as hoped' : 'otherwise',
    text: `NetworkStatistics exports ${names.size} names; of the ${wanted.length} that are looked up missing: ${told(missing)}; of these needed: ${told(needed)}`,
  })
  // Three samples in place of one a second for ever.
  const args = NETTOP.args.map((arg) => (arg === '0' ? '3' : arg))
  const nettop = await mac.run('/usr/bin/nettop', args, { seconds: 30 })
  writeFileSync(join(mac.folder, 'nettop.txt'), nettop.output)
  const { header, isKnown, flows, processes, others } = nettopLines(nettop.output)
  mac.found({
    point: 'T1',
    outcome:
      nettop.status === 0 && isKnown && flows > 0 && others.length === 0 ? 'as hoped' : 'otherwise',
    text: `nettop: ${endOf(nettop)}, header ${header}, which is ${isKnown ? '' : 'not '}understood; ${flows} lines of flows, ${processes} of processes, ${others.length} others (${firstLine(others.join('\n'))})`,
  })
}

/** What nettop printed, read as the agent reads it. */
export function nettopLines(output: string): {
  header: string
  isKnown: boolean
  flows: number
  processes: number
  others: string[]
} {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const header = lines.find(isHeader) ?? 'none'
  const columns = header === 'none' ? undefined : columnsOf(header)
  const counts = { flow: 0, process: 0 }
  const others: string[] = []
  for (const line of lines.filter((one) => !isHeader(one))) {
    try {
      if (columns === undefined) throw new MalformedLine('no header')
      counts[parseRow(line, columns).kind]++
    } catch (error) {
      others.push(error instanceof MalformedLine ? `${error.message}: ${line}` : line)
    }
  }
  return {
    header,
    isKnown: columns !== undefined,
    flows: counts.flow,
    processes: counts.process,
    others,
  }
}

export async function menuBar(mac: Mac): Promise<void> {
  const app = 'native/build/Freshet.app'
  const signature = await mac.run('codesign', ['-dvv', app])
  const verified = await mac.run('codesign', ['--verify', '--strict', app])
  const runs = await mac.run('pgrep', ['-lx', 'Freshet'])
  const isThere = verified.status === 0 && runs.status === 0
  mac.found({
    point: 'M3',
    outcome: isThere ? 'as hoped' : 'otherwise',
    text: `Freshet.app: ${verified.status === 0 ? 'its signature holds' : firstLine(verified.output)}, ${/Signature=(\w+)/.exec(signature.output)?.[0] ?? firstLine(signature.output)}; ${runs.status === 0 ? `runs as ${firstLine(runs.output)}` : 'does not run'}`,
  })
  await mac.run('screencapture', ['-x', join(mac.folder, 'screen.png')])
}

/** `npm run check:mac` with the SDK that this Mac has. */
export async function checkMac(mac: Mac): Promise<void> {
  const ran = await mac.run('npm', ['run', '--silent', 'check:mac'], { seconds: 1100 })
  mac.say(ran.output)
  writeFileSync(join(mac.folder, 'check-mac.txt'), ran.output)
  const lines = ran.output.trim().split('\n')
  const told = [lines[0], lines.find((line) => /newer than this SDK/i.test(line))]
  const wrong = lines.filter((line) => line.startsWith('WRONG: '))
  mac.found({
    point: 'B2',
    outcome: ran.status === 0 ? 'as hoped' : 'otherwise',
    text: [...told, ...wrong, endOf(ran)].filter(Boolean).join('; '),
  })
  // Which library a symbol was taken from: a sentence of its own in what is wrong.
  const links = wrong.filter((line) => /links .*; named are/.test(line))
  mac.found({
    point: 'B3',
    outcome: ran.status === 0 && links.length === 0 ? 'as hoped' : 'otherwise',
    text:
      links.join('; ') ||
      (ran.status === 0 ? 'every library is where it is looked for' : 'not told'),
  })
}

/** What mocha says of its runs, all of them together, and the titles of those that failed. */
export function testText(output: string): { passing: number; failing: number; titles: string[] } {
  const sum = (word: string) =>
    [...output.matchAll(new RegExp(`^ +(\\d+) ${word}\\b`, 'gm'))].reduce(
      (all, [, count]) => all + Number(count),
      0,
    )
  // Each once where it ran; in the list at the end the suite stands in its place.
  const titles = [...output.matchAll(/^ {4,}\d+\) (.+)$/gm)].map(([, title = '']) => title)
  return { passing: sum('passing'), failing: sum('failing'), titles }
}

const TESTS_S = 38 * 60

/** `npm test`, what of it a Mac can run. */
export async function tests(mac: Mac): Promise<void> {
  const ran = await mac.run('npm', ['test'], { seconds: TESTS_S })
  mac.say(ran.output)
  writeFileSync(join(mac.folder, 'npm-test.txt'), ran.output)
  const { passing, failing, titles } = testText(ran.output)
  mac.found({
    point: '',
    outcome: ran.status === 0 && passing > 0 ? 'as hoped' : 'otherwise',
    text: `npm test: ${endOf(ran)}; ${passing} pass, ${failing} fail${titles.length === 0 ? '' : ` (${titles.join('; ')})`}`,
  })
}

/**
 * Share of a core and memory of each role and of Apple's programs that they started, by `ps -axwwo pcpu=,rss=,command=`: its
 * pcpu is of the last minute.
 */
export function costLines(output: string): string[] {
  return [...output.matchAll(/^ *([\d.]+) +(\d+) (.+)$/gm)].flatMap(
    ([, share, kib, command = '']) => {
      const role = ROLE.exec(command)?.slice(1).find(Boolean)
      if (role === undefined || /^(sudo|npm)\b/.test(command)) return []
      return [`${role} ${share} % and ${Math.round(Number(kib) / 1024)} MiB`]
    },
  )
}
const ROLE = /src\/cli\.ts (\w+)|^\/usr\/bin\/(nettop|eslogger|script) /

const REST_S = 60

export async function cost(mac: Mac): Promise<void> {
  await mac.wait(REST_S)
  const ps = await mac.run('ps', ['-axwwo', 'pcpu=,rss=,command='])
  const lines = costLines(ps.output)
  mac.found({
    point: 'N7',
    outcome: lines.length > 0 ? 'seen' : 'otherwise',
    text: `after ${REST_S} s of rest: ${lines.join('; ') || 'no role runs'}`,
  })
}
