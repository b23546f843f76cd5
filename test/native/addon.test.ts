// What the addon answers apart from its sources: its layout, its options, and what it says of a program's file.
import { deepEqual, equal, rejects, throws } from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { InspectedFlag, LAYOUT, Source, Subject } from '../../src/records/record.gen.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'
import { type Inspection, type InspectRequest, loadAddon } from '../../src/sense/addon.ts'
import { leaveOut, whyNotLinux } from '../left-out.ts'
import { hex, temporaryFolder, whyNotLive } from './watch.ts'

const NO_CDHASH = new Uint8Array(20)

describe('the addon', () => {
  const folder = temporaryFolder()
  after(() => folder.remove())

  before(function () {
    leaveOut(this, whyNotLinux())
  })

  it('agrees about the layout of records', () => equal(loadAddon().layout, LAYOUT))

  it('names the sources of this platform', () =>
    deepEqual(loadAddon().sources, [{ name: 'linux', code: Source.linux }]))

  it('refuses options that are none', () => {
    const open = (options: object) => () =>
      Reflect.apply(loadAddon().open, undefined, [options]) as unknown
    const onReadable = () => {}
    const source = 'linux'
    throws(open({ source, intervalMs: 100, onReadable }), TypeError)
    throws(open({ source, ringBytes: 65536, intervalMs: 100 }), TypeError)
    throws(open({ ringBytes: 65536, intervalMs: 100, onReadable }), /source is a string/)
    throws(open({ source: 'filter', ringBytes: 65536, intervalMs: 100, onReadable }), /filter/)
    throws(open({ source, ringBytes: 65537, intervalMs: 100, onReadable }), /power of two/)
    throws(open({ source, ringBytes: 32768, intervalMs: 100, onReadable }), RangeError)
    throws(open({ source, ringBytes: Number.NaN, intervalMs: 100, onReadable }), RangeError)
    throws(open({ source, ringBytes: 65536, intervalMs: 9, onReadable }), /intervalMs/)
  })

  it('inspects a program file: hash, size, owner, who can write it', async () => {
    const file = statSync('/bin/true', { bigint: true })
    const request = requestOf('/bin/true', file)
    const found = await inspectOne(request)
    equal(found.error, 0)
    equal(hex(found.sha256), createHash('sha256').update(readFileSync('/bin/true')).digest('hex'))
    deepEqual([found.dev, found.ino, found.fileBytes], [file.dev, file.ino, file.size])
    deepEqual([found.ownerUid, BigInt(found.mode)], [Number(file.uid), file.mode])
    const { signature, signatureStatus, signingId, teamId, authorities } = found
    deepEqual(
      { signature, signatureStatus, cdhash: found.cdhash, signingId, teamId, authorities },
      NO_SIGNATURE_ASKED,
    )
    deepEqual(await loadAddon().inspect([request, request]), [found, found])
  })

  it('says when another file stands there now, and when a folder above is anybody’s', async () => {
    const path = join(folder.path, 'program')
    writeFileSync(path, 'one')
    const first = statSync(path, { bigint: true })
    const request = requestOf(path, first)
    const found = await inspectOne(request)
    equal(found.flags, InspectedFlag.writableByOthers)
    execFileSync('sh', [
      '-c',
      `cp ${path} ${path}.new && echo two >> ${path}.new && mv ${path}.new ${path}`,
    ])
    const now = await inspectOne(request)
    equal(now.flags, InspectedFlag.replaced | InspectedFlag.writableByOthers)
    // Nothing of the other file, so that none of it can be believed of this one.
    deepEqual(
      [now.error, now.ownerUid, now.mode, now.fileBytes, now.ino],
      [116, 0xffffffff, 0, 0n, 0n],
    )
    equal(hex(now.sha256), '0'.repeat(64))
  })

  it('hashes what a process runs although its file has no name any more', async function () {
    leaveOut(this, whyNotLive())
    const path = join(folder.path, 'sleeper')
    copyFileSync(execFileSync('readlink', ['-f', '/bin/sleep'], { encoding: 'utf8' }).trim(), path)
    chmodSync(path, 0o755)
    const want = createHash('sha256').update(readFileSync(path)).digest('hex')
    const file = statSync(path, { bigint: true })
    const child = spawn(path, ['30'], { stdio: 'ignore' })
    await new Promise((resolve) => child.once('spawn', resolve))
    execFileSync('rm', [path])
    const pid = child.pid ?? 0
    const found = await inspectOne({
      path,
      pid,
      dev: file.dev,
      ino: file.ino,
      cdhash: NO_CDHASH,
      subject: Subject.program,
    })
    child.kill()
    equal(hex(found.sha256), want)
    equal(found.flags, InspectedFlag.writableByOthers)
  })

  it('gives errno for what cannot be read, and refuses what is no request', async () => {
    const inspect = loadAddon().inspect
    const none = requestOf(join(folder.path, 'none'), { dev: 0n, ino: 0n })
    equal((await inspectOne(none)).error, 2)
    equal((await inspectOne({ ...none, path: folder.path })).error, 21)
    equal(hex((await inspectOne(none)).sha256), '0'.repeat(64))
    const fifo = join(folder.path, 'fifo')
    execFileSync('mkfifo', [fifo])
    // It waits for a reader; one that only looks must not be it.
    const writer = spawn('sh', ['-c', `echo seen > ${fifo}`], { stdio: 'ignore' })
    for (const path of [fifo, '/dev/null', '/dev/tty'])
      equal((await inspectOne({ ...none, path })).error, 22, path)
    await new Promise((resolve) => setTimeout(resolve, 100))
    equal(writer.exitCode, null)
    writer.kill()
    deepEqual(await inspect([]), [])
    for (const requests of [
      [{ ...none, dev: 1 }],
      [{ ...none, subject: 'program' }],
      [{ ...none, cdhash: new Uint8Array(19) }],
      [{ ...none, cdhash: new Uint16Array(20) }],
      [none, null],
      none,
    ]) {
      const wrong = async () => Reflect.apply(inspect, undefined, [requests]) as Promise<unknown>
      await rejects(wrong, TypeError)
    }
  })
})

const requestOf = (path: string, { dev, ino }: { dev: bigint; ino: bigint }): InspectRequest => ({
  path,
  pid: 0,
  dev,
  ino,
  cdhash: NO_CDHASH,
  subject: Subject.program,
})

async function inspectOne(request: InspectRequest): Promise<Inspection> {
  const [found] = await loadAddon().inspect([request])
  return found as Inspection
}
