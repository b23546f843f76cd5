// The inspector on files that are not to be believed, or not to be waited for: other roots, FUSE mounts, holes.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InspectedFlag, Subject } from '../../src/records/record.gen.ts'
import { type Inspection, type InspectRequest, loadAddon } from '../../src/sense/addon.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { until, WAIT_MS } from '../waits.ts'
import { hex, temporaryFolder, whyNotLive } from './watch.ts'

const USER = 12_345
const ENOENT = 2
const EISDIR = 21
const ESTALE = 116
const EFBIG = 27
const EACCES = 13
const ETIMEDOUT = 110
const UNKNOWN = 0xffffffff
const GIB = 2 ** 30
const { replaced, usersMount, writableByOthers } = InspectedFlag

const sha256 = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex')
const requestOf = (
  path: string,
  pid: number,
  file: { dev: bigint; ino: bigint },
): InspectRequest => ({
  path,
  pid,
  dev: file.dev,
  ino: file.ino,
  cdhash: new Uint8Array(20),
  subject: Subject.program,
})
const inspect = async (request: InspectRequest): Promise<Inspection> =>
  (await loadAddon().inspect([request]))[0] as Inspection
const look = async (request: InspectRequest): Promise<Inspection> =>
  (await loadAddon().look([request]))[0] as Inspection
const fileAt = (path: string) => statSync(path, { bigint: true })

describe('the inspector', () => {
  const folder = temporaryFolder()
  const children: ChildProcess[] = []
  let sleep = ''
  let server = ''

  before(function () {
    leaveOut(this, whyNotLive() ?? whyNoTool('a C compiler'))
    chmodSync(folder.path, 0o755)
    sleep = realpathSync('/bin/sleep')
    server = join(folder.path, 'fuse_server')
    const source = fileURLToPath(new URL('../../native/test/fuse_server.c', import.meta.url))
    execFileSync('cc', ['-O1', '-o', server, source])
  })
  after(async () => {
    for (const child of children.reverse()) {
      child.stdin?.end()
      if (child.stdin === null) child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    }
    folder.remove()
  })

  const start = (command: string, args: string[], uid = 0): ChildProcess => {
    const child = spawn(command, args, { stdio: 'ignore', uid, gid: uid })
    children.push(child)
    return child
  }
  /** A FUSE mount of the user's with a copy of `sleep` in it, and that program running there as the user. */
  const mountOf = async (name: string, user = USER) => {
    const place = join(folder.path, name)
    mkdirSync(place)
    const serving = spawn(server, [sleep, place, String(user)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(serving)
    await once(serving.stdout, 'data')
    const path = join(place, 'app')
    const args = ['--reuid', `${user}`, '--regid', `${user}`, '--clear-groups', path, '60']
    const program = start('setpriv', args)
    await until(() => linkOf(program.pid as number) === path)
    const [, major, minor] = new RegExp(`(\\d+):(\\d+) / ${place} `).exec(
      readFileSync('/proc/self/mountinfo', 'utf8'),
    ) as RegExpExecArray
    const dev = (BigInt(major as string) << 8n) | BigInt(minor as string)
    return {
      path,
      serving,
      program,
      request: requestOf(path, program.pid as number, { dev, ino: 2n }),
    }
  }

  it('tells nothing of another file at the path of a program that is gone [L2]', async () => {
    const file = fileAt(sleep)
    const gone = { dev: file.dev, ino: file.ino + 1_000_000n }
    for (const ask of [inspect, look]) {
      const found = await ask(requestOf(sleep, 0, gone))
      deepEqual([found.error, found.flags], [ESTALE, replaced | writableByOthers])
      deepEqual(
        [found.ownerUid, found.mode, found.ino, hex(found.sha256)],
        [UNKNOWN, 0, 0n, '0'.repeat(64)],
      )
    }
    const elsewhere = await inspect(requestOf(sleep, 0, { dev: file.dev + 1n, ino: file.ino }))
    equal(elsewhere.error, ESTALE)
  })

  it('judges a program in a root of its own by its own file, whatever the host has by that name [L2]', async () => {
    const root = join(folder.path, 'root')
    mkdirSync(join(root, 'usr/bin'), { recursive: true })
    const own = join(root, 'usr/bin/shuf')
    const source = join(folder.path, 'pause.c')
    writeFileSync(source, '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n')
    execFileSync('cc', ['-static', '-o', own, source])
    const file = fileAt(own)
    const program = start('unshare', ['-m', `--root=${root}`, '/usr/bin/shuf'])
    await until(() => inodeOfExe(program.pid as number) === file.ino)
    const found = await inspect(requestOf('/usr/bin/shuf', program.pid as number, file))
    deepEqual([found.error, hex(found.sha256)], [0, sha256(own)])
    equal(found.flags, writableByOthers)
    // As a script of the same process: by its path in the process's root.
    const request = requestOf('/usr/bin/shuf', program.pid as number, file)
    const script = await inspect({ ...request, subject: Subject.script })
    deepEqual([script.error, hex(script.sha256), script.flags], [0, sha256(own), writableByOthers])
    program.kill('SIGKILL')
    await once(program, 'exit')
    const late = await inspect(requestOf('/usr/bin/shuf', program.pid as number, file))
    deepEqual(
      [late.error, late.ownerUid, late.flags],
      [ESTALE, UNKNOWN, replaced | writableByOthers],
    )
  })

  it('judges a program whose file was replaced while it runs by the file that it runs [L2]', async () => {
    const path = join(folder.path, 'updated')
    copyFileSync(sleep, path)
    const program = start(path, ['60'])
    const file = fileAt(path)
    await until(() => inodeOfExe(program.pid as number) === file.ino)
    const request = requestOf(path, program.pid as number, file)
    rmSync(path)
    const gone = await inspect(request)
    writeFileSync(path, 'another')
    for (const found of [gone, await inspect(request)])
      deepEqual([found.error, hex(found.sha256), found.flags], [0, sha256(sleep), writableByOthers])
  })

  it('knows what runs on an overlay by its process, and believes no inode at its path alone [L2]', async () => {
    const place = join(folder.path, 'overlay')
    for (const name of ['lower', 'upper', 'work', 'at'])
      mkdirSync(join(place, name), { recursive: true })
    copyFileSync(sleep, join(place, 'lower/app'))
    chmodSync(join(place, 'lower/app'), 0o755)
    const layer = fileAt(join(place, 'lower/app'))
    const path = join(place, 'at/app')
    const layers = `lowerdir=${place}/lower,upperdir=${place}/upper,workdir=${place}/work`
    const mount = `mount -t overlay overlay -o ${layers} ${place}/at && exec ${path} 60`
    const program = start('unshare', ['-m', 'sh', '-c', mount])
    await until(() => linkOf(program.pid as number) === path)
    const file = statSync(`/proc/${program.pid}/exe`, { bigint: true })
    // As an event tells of it: the device of the layer, which is not the one that stat(2) shows.
    const request = requestOf(path, program.pid as number, { dev: layer.dev, ino: file.ino })
    const found = await inspect(request)
    deepEqual([found.error, hex(found.sha256), found.flags], [0, sha256(sleep), writableByOthers])
    program.kill('SIGKILL')
    await once(program, 'exit')
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', layers, `${place}/at`])
    try {
      const late = await inspect(requestOf(path, 0, { dev: layer.dev, ino: fileAt(path).ino }))
      deepEqual([late.error, late.flags], [ESTALE, replaced | writableByOthers])
    } finally {
      execFileSync('umount', [`${place}/at`])
    }
  })

  it('answers at once that a file which is mostly hole is none to read, and whose it is [A14]', async () => {
    const path = join(folder.path, 'sparse')
    copyFileSync(sleep, path)
    truncateSync(path, GIB)
    const found = await look(requestOf(path, 0, fileAt(path)))
    deepEqual(
      [found.error, found.lane, found.ownerUid, found.flags],
      [EFBIG, '', 0, writableByOthers],
    )
    // A small hole is zeros as any.
    truncateSync(path, 1 << 20)
    equal(hex((await inspect(requestOf(path, 0, fileAt(path)))).sha256), sha256(path))
  })

  it('knows a system file as root’s at a look, beside twelve sparse files [A14]', async () => {
    const sparse = Array.from({ length: 12 }, (_, index) => join(folder.path, `sparse-${index}`))
    for (const path of sparse) {
      writeFileSync(path, 'x')
      truncateSync(path, GIB)
    }
    const paths = [...sparse, sleep]
    const found = await loadAddon().look(paths.map((path) => requestOf(path, 0, fileAt(path))))
    const last = found.at(-1) as Inspection
    deepEqual([last.ownerUid, last.flags, last.mode], [0, 0, Number(fileAt(sleep).mode)])
    deepEqual(
      found.slice(0, 12).map(({ error }) => error),
      new Array(12).fill(EFBIG),
    )
    for (const path of sparse) rmSync(path)
  })

  it('[D4] says that a folder is one, whose file is not read', async () => {
    const request = requestOf(folder.path, 0, { dev: 0n, ino: 0n })
    const { error, flags } = await inspect({ ...request, subject: Subject.script })
    deepEqual([error, flags & replaced], [EISDIR, 0])
  })

  it('tells when a file was last changed', async () => {
    const path = join(folder.path, 'dated')
    copyFileSync(sleep, path)
    const file = fileAt(path)
    equal((await inspect(requestOf(path, 0, file))).changedNs, file.ctimeNs)
    chmodSync(path, 0o700)
    equal((await inspect(requestOf(path, 0, file))).changedNs, fileAt(path).ctimeNs)
  })

  it('[D4, L8] tells when a link or a directory on the way was put there, which is since the file was changed', async () => {
    const at = (name: string): string => join(folder.path, name)
    for (const name of ['known', 'evil']) {
      mkdirSync(at(name))
      writeFileSync(join(at(name), 'x.py'), name)
    }
    const changedOf = async (path: string): Promise<bigint> =>
      (await inspect({ ...requestOf(path, 0, { dev: 0n, ino: 0n }), subject: Subject.script }))
        .changedNs
    const ctimeOf = (path: string): bigint => lstatSync(path, { bigint: true }).ctimeNs
    const file = join(at('known'), 'x.py')
    equal(await changedOf(file), ctimeOf(file))
    // A link that led elsewhere, in the file's place and in that of a directory.
    symlinkSync(file, at('link.py'))
    symlinkSync('known', at('way'))
    for (const [path, link] of [
      [at('link.py'), at('link.py')],
      [join(at('way'), 'x.py'), at('way')],
    ] as const)
      equal(await changedOf(path), ctimeOf(link))
    // A directory that is moved away and back.
    const before = ctimeOf(at('known'))
    renameSync(at('known'), at('aside'))
    renameSync(at('evil'), at('known'))
    renameSync(at('known'), at('evil'))
    renameSync(at('aside'), at('known'))
    equal(await changedOf(file), ctimeOf(at('known')))
    ok(ctimeOf(at('known')) > before && ctimeOf(at('known')) > ctimeOf(file))
    // Whoever writes beside his script does not change it.
    writeFileSync(join(at('known'), 'log'), '')
    equal(await changedOf(file), ctimeOf(file))
  })

  it('leaves what takes time to a lane, and knows it the next time', async () => {
    const path = join(folder.path, 'new')
    writeFileSync(path, `new ${Math.random()}`)
    const request = requestOf(path, 0, fileAt(path))
    const first = await look(request)
    deepEqual([first.lane, first.error, hex(first.sha256)], ['owner:0', 0, '0'.repeat(64)])
    await inspect(request)
    const second = await look(request)
    deepEqual([second.lane, hex(second.sha256)], ['', sha256(path)])
  })

  it('reads a program on a FUSE mount as the user whose mount it is [L3]', async function () {
    leaveOut(this, whyNoFuse())
    const { request, path } = await mountOf('mine')
    const first = await look(request)
    deepEqual([first.lane, first.flags], [`mount:uid:${USER}`, usersMount | writableByOthers])
    // Root may not.
    let code = ''
    try {
      readFileSync(path)
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code ?? ''
    }
    equal(code, 'EACCES')
    const found = await inspect(request)
    deepEqual([found.error, hex(found.sha256), found.ownerUid], [0, sha256(sleep), USER])
    equal(found.changedNs, 0n, 'a user serves what times he likes')
    equal(found.flags, usersMount | writableByOthers)
    const named = await inspect({ ...request, pid: 0 })
    equal(hex(named.sha256), sha256(sleep))
    const other = await inspect({ ...request, pid: 0, ino: 3n })
    deepEqual([other.error, other.ownerUid], [ESTALE, UNKNOWN])
  })

  it('says of a program on a FUSE mount that nobody may read that it is such a mount’s [L3]', async function () {
    leaveOut(this, whyNoFuse())
    const { request, serving } = await mountOf('closed')
    serving.kill('SIGUSR2')
    let found = await inspect(request)
    for (let i = 0; i < 100 && found.error === 0; i++) found = await inspect(request)
    deepEqual([found.error, found.flags], [EACCES, usersMount | writableByOthers])
    const none = await inspect({ ...request, pid: 0, path: `${request.path}-none` })
    deepEqual([none.error, none.flags], [ENOENT, usersMount | writableByOthers])
  })

  it('gives a file system that hangs its time and no more, then answers at once [A14]', async function () {
    leaveOut(this, whyNoFuse())
    const { request, serving, program } = await mountOf('hung')
    serving.kill('SIGUSR1')
    const hung = await Promise.all([inspect(request), inspect(request)])
    deepEqual(
      hung.map(({ error }) => error),
      [ETIMEDOUT, ETIMEDOUT],
    )
    // Two readers stay behind, and a third is not tried.
    equal(leftBehind(), 2)
    equal((await inspect(request)).error, ETIMEDOUT)
    equal(leftBehind(), 2)
    const file = await inspect(requestOf(sleep, 0, fileAt(sleep)))
    equal(file.error, 0)
    equal((await look(request)).lane, `mount:uid:${USER}`)
    ok(program.exitCode === null)
    // What was left behind ends with the server, and the user's files can be read again.
    serving.stdin.end()
    await once(serving, 'exit')
    const again = await mountOf('again')
    let found = await inspect(again.request)
    for (let i = 0; i < 100 && found.error !== 0; i++) found = await inspect(again.request)
    equal(hex(found.sha256), sha256(sleep))
  })

  it('leaves eight readers behind and no more, whosever file systems hang [A14]', async function () {
    leaveOut(this, whyNoFuse())
    const names = Array.from({ length: 5 }, (_, index) => `hung-${index}`)
    const mounts = await Promise.all(names.map((name, index) => mountOf(name, USER + 1 + index)))
    for (const { serving } of mounts) serving.kill('SIGUSR1')
    // Two of each at once: as many as there are threads to ask in.
    for (const some of [mounts.slice(0, 2), mounts.slice(2, 4), mounts.slice(4)]) {
      const asked = some.flatMap(({ request }) => [inspect(request), inspect(request)])
      for (const { error } of await Promise.all(asked)) equal(error, ETIMEDOUT)
    }
    equal(leftBehind(), 8)
    for (const { serving } of mounts) {
      serving.stdin.end()
      await once(serving, 'exit')
    }
    // They have ended, and are let go of at the next question.
    const again = await mountOf('after-all')
    for (const endMs = performance.now() + WAIT_MS; leftBehind() > 0; )
      ok(await inspect(again.request).then(() => performance.now() < endMs))
  })

  /** Processes that read for the inspector and are still there. */
  const leftBehind = (): number => {
    const known = new Set(children.map(({ pid }) => pid))
    return readdirSync('/proc').filter((name) => {
      const [, parent] = /^\d+ \(.*\) \S (\d+) /s.exec(textOf(`/proc/${name}/stat`)) ?? []
      return Number(parent) === process.pid && !known.has(Number(name))
    }).length
  }
})

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const linkOf = (pid: number): string | undefined => {
  try {
    return readlinkSync(`/proc/${pid}/exe`)
  } catch {
    return undefined
  }
}

const inodeOfExe = (pid: number): bigint | undefined => {
  try {
    return statSync(`/proc/${pid}/exe`, { bigint: true }).ino
  } catch {
    return undefined
  }
}

function whyNoFuse(): string | undefined {
  return /\bfuse$/m.test(readFileSync('/proc/filesystems', 'utf8'))
    ? undefined
    : 'no FUSE in this kernel'
}
