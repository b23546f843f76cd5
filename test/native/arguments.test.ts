// Arguments of the programs that the test runs, as the Linux source tells them through the addon. Which are missed is
// a matter of milliseconds here: native/test/arguments_test.cc decides it.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  ArgumentsFlag,
  type ArgumentsRecord,
  ExecFlag,
  Mark,
  RecordType,
} from '../../src/records/record.gen.ts'
import { leaveOut } from '../left-out.ts'
import { type Watch, watch, whyNotLive } from './watch.ts'

const TEXT_BYTES_MAX = 1024
const LOOKED_AT_BYTES = 64 * 1024
const SCRIPT = 'read forever'

describe('the Linux source, of arguments', () => {
  let seen: Watch
  const children: ChildProcess[] = []

  before(async function () {
    leaveOut(this, whyNotLive())
    seen = watch({ execArguments: true })
    await seen.until('the enumeration', () => seen.marks.find((m) => m.kind === Mark.enumerated))
  })
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    seen?.close()
  })

  /** A shell that waits until it is killed, with these arguments behind its own; what was told of it. */
  async function toldOf(...args: string[]): Promise<ArgumentsRecord> {
    const child = spawn('/bin/sh', ['-c', SCRIPT, ...args], { stdio: ['pipe', 'ignore', 'ignore'] })
    children.push(child)
    const told = await seen.until('its arguments', () =>
      seen.arguments.find((one) => one.pid === child.pid),
    )
    child.kill('SIGKILL')
    return told
  }
  const bytesOf = (args: string[]): number => Buffer.byteLength(args.join('\0'))

  it('tells each of them, right after the exec they belong to', async () => {
    const args = ['name', 'a b', '', 'größe', '-p', 'secret', '']
    const told = await toldOf(...args)
    deepEqual(told.text.split('\0'), ['/bin/sh', '-c', SCRIPT, ...args])
    deepEqual([told.count, told.leftOutBytes, told.flags], [10, 0, 0])
    const exec = seen.execs.find(
      (one) => one.pid === told.pid && one.pidversion === told.pidversion,
    )
    equal(exec?.atNs, told.atNs)
    for (const [index, type] of seen.types.entries())
      if (type === RecordType.arguments) equal(seen.types[index - 1], RecordType.exec)
  })

  it('cuts what is too long between two characters, and says by how much', async () => {
    const args = ['name', `${'x'.repeat(900)}${'é'.repeat(900)}`, 'last']
    const told = await toldOf(...args)
    const whole = ['/bin/sh', '-c', SCRIPT, ...args]
    const bytes = Buffer.byteLength(told.text)
    ok(bytes === TEXT_BYTES_MAX || bytes === TEXT_BYTES_MAX - 1, `${bytes}`)
    ok(whole.join('\0').startsWith(told.text), told.text)
    deepEqual([told.count, told.leftOutBytes, told.flags], [6, bytesOf(whole) - bytes, 0])
  })

  it('looks at 64 KiB of them, and says that there is more', async () => {
    const args = Array.from({ length: 40_000 }, () => 'four')
    const told = await toldOf('name', ...args)
    equal(told.flags, ArgumentsFlag.atLeast)
    ok(told.count > 5_000 && told.count < 40_000, `${told.count}`)
    const lookedAt = told.leftOutBytes + Buffer.byteLength(told.text)
    ok(lookedAt >= LOOKED_AT_BYTES && lookedAt < LOOKED_AT_BYTES + 8192, `${lookedAt}`)
  })

  it('tells or misses those of every program that began, and of no other', async () => {
    const { pid } = spawn('/bin/true', [], { stdio: 'ignore' })
    await seen.until('its exit', () => seen.exits.find((one) => one.pid === pid))
    const began = () => seen.execs.filter(({ flags }) => (flags & ExecFlag.enumerated) === 0)
    // The ring may be read between the two records of an exec.
    await seen.until('as many as execs', () => seen.arguments.length >= began().length || undefined)
    const names = (told: { pid: number; pidversion: number }[]) =>
      told.map(({ pid, pidversion }) => `${pid}.${pidversion}`)
    deepEqual(names(seen.arguments), names(began()))
  })

  it('tells none unless it is asked', async () => {
    for (const options of [{}, { execArguments: false }]) {
      const unasked = watch(options)
      await unasked.until('the enumeration', () =>
        unasked.marks.find((m) => m.kind === Mark.enumerated),
      )
      const { pid } = spawn('/bin/true', ['-p', 'secret'], { stdio: 'ignore' })
      await unasked.until('its exit', () => unasked.exits.find((one) => one.pid === pid))
      unasked.close()
      equal(unasked.arguments.length, 0)
    }
  })
})
