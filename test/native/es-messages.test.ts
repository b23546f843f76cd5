// Endpoint Security messages of every version as records, decoded on Linux by the very code that runs on a Mac.
// UPDATE_GOLDEN=1 writes test/native/golden/es-v*.json anew.
import { equal, match, notEqual, ok } from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  LAYOUT,
  RecordType,
  readCode,
  readExec,
  readExit,
  readFork,
  readInvalidated,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run } from './run.ts'
import { temporaryFolder } from './watch.ts'

const folder = fileURLToPath(new URL('../../native/test/mac/', import.meta.url))
const versions = fileURLToPath(new URL('../../native/mac/es_versions.h', import.meta.url))
const build = `${folder}build`

/** Shown in full up to here; a longer text by its beginning and its length. */
const TEXT_MAX = 100

/** The records of the file, a line each. */
function recordsOf(bytes: Buffer): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const lines: string[] = []
  for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true)
    const read =
      type === RecordType.exec
        ? readExec
        : type === RecordType.fork
          ? readFork
          : type === RecordType.exit
            ? readExit
            : type === RecordType.code
              ? readCode
              : readInvalidated
    if (read === readInvalidated) equal(type, RecordType.invalidated)
    const name = Object.entries(RecordType).find(([, number]) => number === type)?.[0]
    lines.push(JSON.stringify({ record: name, ...read(view, at) }, shown))
  }
  return lines
}

function shown(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (typeof value === 'string' && value.length > TEXT_MAX)
    return `${value.slice(0, 20)}... (${value.length})`
  return value
}

describe('Endpoint Security messages', () => {
  const temporary = temporaryFolder()
  after(() => temporary.remove())

  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, 'plain')
  })

  it('decide by their numbers, clocks and answers what is told', async () => {
    const ran = await run(`${build}/es_units.asan`, [])
    equal(ran.code, 0, ran.output)
  })

  it('tell the arguments of a program where that is asked for, bounded, and are not looked at otherwise', async () => {
    const ran = await run(`${build}/es_arguments.asan`, [])
    equal(ran.code, 0, ran.output)
  })

  it('call nothing a part of the system that nobody protects, and say where all is called so', async () => {
    const ran = await run(`${build}/es_claims.asan`, [])
    equal(ran.code, 0, ran.output)
  })

  it('of random content and version become what a second decoder says, and the handler allocates nothing', async function () {
    this.timeout(600_000)
    const ran = await run(`${build}/es_random.asan`, [
      `${times('FRESHET_FUZZ', { usual: 5_000, long: 20_000 })}`,
    ])
    equal(ran.code, 0, ran.output)
  })

  // 11 and 99 are of systems to come: read as the newest known.
  for (const version of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 99])
    it(`of version ${version} become these records`, async () => {
      const file = join(temporary.path, `v${version}`)
      const ran = await run(`${build}/es_messages.asan`, [String(version), file])
      equal(ran.code, 0, ran.output)
      const lines = [ran.output.trim(), ...recordsOf(readFileSync(file))]
      const golden = fileURLToPath(new URL(`golden/es-v${version}.txt`, import.meta.url))
      const text = `${lines.join('\n')}\n`
      if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(golden, text)
      equal(text, readFileSync(golden, 'utf8'), `UPDATE_GOLDEN=1 renews it (layout ${LAYOUT})`)
    })

  it('of a version to come say what those of the newest known say', () => {
    const golden = (version: number) =>
      readFileSync(new URL(`golden/es-v${version}.txt`, import.meta.url), 'utf8')
    for (const version of [11, 99]) equal(golden(version), golden(10))
    notEqual(golden(3), golden(4))
  })

  // Each guard is taken out in turn: in a copy of the header that has them all they are read at the start.
  it('are never read beyond their version: without one of the guards ASan stops the program', async () => {
    const header = readFileSync(versions, 'utf8')
    const guards = [...header.matchAll(/constexpr u32 (k\w+Since) = (\d+);/g)]
    ok(guards.length >= 4)
    mkdirSync(join(temporary.path, 'mac'))
    writeFileSync(
      join(temporary.path, 'mac/es_versions.h'),
      header
        .replace('#include "record.h"', `$&\n${SINCE}`)
        .replaceAll(/constexpr u32 (k\w+Since) = (\d+);/g, 'const u32 $1 = Since("$1", $2);'),
    )
    const program = join(temporary.path, 'es_messages')
    const flags = '-std=c++20 -O0 -fno-exceptions -fsanitize=address'.split(' ')
    const places = [temporary.path, `${folder}../..`, `${folder}..`, folder]
    // As one file, which takes a third of the time.
    const sources = [
      ...['double.cc', '../../script_paths.cc', '../../script_rules.cc', '../../mac/dyld_rules.cc'],
      ...['../../mac/es_message.cc', 'es_messages.cc'],
    ].map((source) => `#include "${folder}${source}"\n`)
    const whole = join(temporary.path, 'whole.cc')
    writeFileSync(whole, sources.join(''))
    const compiled = await run('g++', [
      ...flags,
      ...places.map((place) => `-I${place}`),
      `-isystem${folder}double`,
      whole,
      '-o',
      program,
    ])
    equal(compiled.code, 0, compiled.output)
    const read = (version: number, without: unknown) =>
      run('env', [`WITHOUT=${without}`, program, `${version}`, join(temporary.path, 'records')])
    for (const [, name, since] of guards) {
      const last = Number(since) - 1
      const guarded = await read(last, '')
      equal(guarded.code, 0, guarded.output)
      const ran = await read(last, name)
      notEqual(ran.code, 0, `${name} is not needed for version ${last}?`)
      match(ran.output, /AddressSanitizer: (heap-buffer-overflow|use-after-poison)/, String(name))
      const fine = await read(Number(since), name)
      equal(fine.code, 0, fine.output)
    }
  })
})

/** The version that a field has, or the first when its guard is the one to be taken out. */
const SINCE = `
#include <cstdlib>
#include <string_view>
inline freshet::u32 Since(std::string_view name, freshet::u32 version) {
  return name == std::getenv("WITHOUT") ? 1 : version;
}
`
