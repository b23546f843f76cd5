// What /proc says that a process runs can be set by the process: a program that was found running is believed to be the
// file that the kernel executed, or is marked as a guess. With our own programs in the kernel, and without them.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { Capability, ExecFlag, type ExecRecord, Mark } from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { buildNative, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const SLEEP = '/usr/bin/sleep'
const NOBODY = { uid: 65534, gid: 65534 }
const GUESS = ExecFlag.enumerated | ExecFlag.pathGuessed

const folder = temporaryFolder()
const children: ChildProcess[] = []

/** A child that runs, as an ordinary user, once it said so or, where it says nothing, at once. */
async function runs(path: string, args: string[], says?: string): Promise<ChildProcess> {
  const child = spawn(path, args, { ...NOBODY, cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  if (says === undefined) await once(child, 'spawn')
  else {
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    equal(said.toString(), `${says}\n`)
  }
  return child
}

const whyNotHere = (): string | undefined => whyNotLive() ?? whyNoTool('a C compiler')

for (const kernelPrograms of [true, false])
  describe(`programs found running, ${kernelPrograms ? 'with' : 'without'} our own in the kernel`, () => {
    let own: ChildProcess
    let shared: ChildProcess
    let sleep: ChildProcess
    let apart: ChildProcess
    let seen: Watch
    let isSaidByKernel = false

    before(async function () {
      leaveOut(this, whyNotHere())
      const link = buildNative(folder.path, 'exe_link.c', 'exe_link', ['-static'])
      chmodSync(folder.path, 0o755)
      own = await runs(link, [SLEEP, 'own'], 'set')
      shared = await runs(link, [SLEEP, 'shared'], 'set')
      sleep = await runs(SLEEP, ['1000'])
      apart = await runs('/usr/bin/unshare', ['-U', '/bin/sh', '-c', 'echo there; read x'], 'there')
      for (const child of [own, shared])
        equal(
          execFileSync('readlink', [`/proc/${child.pid}/exe`], { encoding: 'utf8' }).trim(),
          SLEEP,
        )
      seen = watch({ kernelPrograms })
      const start = await seen.until('the enumeration', () =>
        seen.marks.find((mark) => mark.kind === Mark.enumerated),
      )
      isSaidByKernel = (start.capabilities & Capability.finalCounters) !== 0
      if (!kernelPrograms) ok(!isSaidByKernel)
    })
    after(() => {
      seen?.close()
      for (const child of children.splice(0)) child.kill('SIGKILL')
    })

    const found = ({ pid }: ChildProcess): ExecRecord | undefined =>
      seen.execs.find((one) => one.pid === pid)

    it('one that set it from a user namespace of its own is no system program', () => {
      const flag = isSaidByKernel ? ExecFlag.exeSet : ExecFlag.exeUnconfirmed
      deepEqual([found(own)?.path, found(own)?.flags], [SLEEP, GUESS | flag])
    })

    it('so is one whose memory is shared with one in such a namespace, where the kernel tells', () => {
      const flags = isSaidByKernel ? GUESS | ExecFlag.exeSet : ExecFlag.enumerated
      deepEqual([found(shared)?.path, found(shared)?.flags], [SLEEP, flags])
    })

    it('one that was executed is believed, in such a namespace where the kernel tells', () => {
      const sure = ExecFlag.enumerated | (isSaidByKernel ? ExecFlag.exeConfirmed : 0)
      deepEqual([found(sleep)?.path, found(sleep)?.flags], [SLEEP, sure])
      equal(found(apart)?.flags, isSaidByKernel ? sure : GUESS | ExecFlag.exeUnconfirmed)
    })
  })

after(() => folder.remove())
