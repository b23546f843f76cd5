// Programs that are gone when they are asked about: run for an instant, and removed.
import { equal, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, copyFileSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ExecRecord, Subject } from '../../src/records/record.gen.ts'
import { type InspectRequest, loadAddon } from '../../src/sense/addon.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { buildSender, hex, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const AT_ONCE = 60

/** The file's name at its end makes each another program. */
type Stranger = { path: string; sha256: string }

describe('programs that vanish', () => {
  const folder = temporaryFolder()
  let seen: Watch
  let sender = ''
  let made = 0

  before(async function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    sender = buildSender(folder.path)
    seen = watch()
    await seen.until('the enumeration', () => seen.marks.find((mark) => mark.kind === 2))
  })
  after(() => {
    if (sender !== '') seen.close()
    folder.remove()
  })

  /** Makes a program that nobody has seen, runs it for `ms` at least and removes it. */
  async function runStranger(ms: number): Promise<Stranger> {
    const path = join(folder.path, `stranger-${made++}`)
    copyFileSync(sender, path)
    appendFileSync(path, `\n${path}`)
    const sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
    const child = spawn(path, [], { stdio: 'ignore' })
    await Promise.all([new Promise((resolve) => child.once('exit', resolve)), sleep(ms)])
    rmSync(path)
    return { path, sha256 }
  }

  const requestOf = (exec: ExecRecord): InspectRequest => ({
    path: exec.path,
    pid: exec.pid,
    dev: exec.dev,
    ino: exec.ino,
    cdhash: exec.cdhash,
    subject: Subject.program,
  })

  it('are hashed when their exec was seen before they went', async () => {
    const { path, sha256 } = await runStranger(50)
    const exec = await seen.until('its exec', () => seen.execs.find((one) => one.path === path))
    const [found] = await loadAddon().inspect([requestOf(exec)])
    equal(found?.error, 0)
    equal(hex(found?.sha256 ?? new Uint8Array()), sha256)
    equal(found?.fileBytes, statSync(sender, { bigint: true }).size + BigInt(path.length + 1))
  })

  it('are not held for long', async () => {
    const { path } = await runStranger(50)
    const exec = await seen.until('its exec', () => seen.execs.find((one) => one.path === path))
    await sleep(2600)
    const [found] = await loadAddon().inspect([requestOf(exec)])
    equal(found?.error, 2)
  })

  it('are hashed mostly even when they are gone as soon as they end', async () => {
    let hashed = 0
    for (let index = 0; index < AT_ONCE; index++) {
      const { path, sha256 } = await runStranger(0)
      const exec = await seen.until('its exec', () => seen.execs.find((one) => one.path === path))
      const [found] = await loadAddon().inspect([requestOf(exec)])
      if (found?.error === 0) {
        equal(hex(found.sha256), sha256)
        hashed++
      } else equal(found?.error, 2)
    }
    console.log(`      ${hashed} of ${AT_ONCE} programs hashed that were removed as they ended`)
    ok(hashed >= AT_ONCE / 2)
  })

  it('are never taken for another that got the number of their inode', async () => {
    // Asked late: some were not seen in time, and their inodes are those of later ones.
    const strangers: Stranger[] = []
    for (let index = 0; index < AT_ONCE / 2; index++) strangers.push(await runStranger(0))
    for (const { path, sha256 } of strangers) {
      const exec = await seen.until('its exec', () => seen.execs.find((one) => one.path === path))
      const [found] = await loadAddon().inspect([requestOf(exec)])
      if (found?.error === 0) equal(hex(found.sha256), sha256)
      else equal(found?.error, 2)
    }
  })
})
