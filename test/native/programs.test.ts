// A program is the code that was executed: which file the Linux source names, which script, and which code from places
// that others can change. With our own program in the kernel, and without it.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import {
  Capability,
  CodeFlag,
  type CodeRecord,
  ExecFlag,
  type ExecRecord,
  Mark,
  Script,
} from '../../src/records/record.gen.ts'
import { leaveOut, whyNoTool } from '../left-out.ts'
import { buildNative, temporaryFolder, type Watch, watch, whyNotLive } from './watch.ts'

const UID_UNKNOWN = 0xffff_ffff
const LIBRARY = 'int freshet_test = 1;\n'
/** Runs in a constructor: of a program that has no code of its own. */
const CONSTRUCTOR = `#include <unistd.h>
__attribute__((constructor)) static void run(void) { char b; while (read(0, &b, 1) > 0) {} _exit(0); }
int freshet_test = 1;
`

/** The loader that this process itself was mapped by. */
const loader = (): string =>
  /\/\S*\/ld-(?:linux|musl)\S*/.exec(readFileSync('/proc/self/maps', 'utf8'))?.[0] ?? ''
const real = (path: string): string =>
  execFileSync('readlink', ['-f', path], { encoding: 'utf8' }).trim()

const folder = temporaryFolder()
const at = (name: string): string => join(folder.path, name)
const children: ChildProcess[] = []

const whyNotHere = (): string | undefined => whyNotLive() ?? whyNoTool('a C compiler')

before(() => {
  if (whyNotHere() !== undefined) return
  buildNative(folder.path, 'waiter.c', 'waiter', ['-ldl'])
  const compile = (name: string, text: string, options: string[]) => {
    writeFileSync(at('source.c'), text)
    execFileSync('cc', ['-o', at(name), at('source.c'), ...options])
  }
  compile('library.so', LIBRARY, ['-shared', '-fPIC'])
  compile('constructor.so', CONSTRUCTOR, ['-shared', '-fPIC'])
  const needs = ['-Wl,--no-as-needed', at('constructor.so'), '-Wl,-e,0']
  compile('empty', 'int freshet_data = 2;\n', ['-nostartfiles', ...needs])
  for (const name of ['python3.11', 'perl5.36-x86_64-linux-gnu', 'node', 'named (deleted)'])
    copyFileSync(at('waiter'), at(name))
  writeFileSync(at('script.py'), 'x\n')
})
after(() => {
  for (const child of children) child.kill('SIGKILL')
  folder.remove()
})

/** A process that waits for the end of its standard input. */
function waits(path: string, args: string[] = [], env: Record<string, string> = {}): ChildProcess {
  const child = spawn(path, args, {
    cwd: folder.path,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  children.push(child)
  return child
}

for (const kernelPrograms of [true, false])
  describe(`programs, ${kernelPrograms ? 'with' : 'without'} our own in the kernel`, () => {
    let seen: Watch
    let byArgument: number = Script.claimed

    before(async function () {
      leaveOut(this, whyNotHere())
      seen = watch({ kernelPrograms })
      const start = await seen.until('the enumeration', () =>
        seen.marks.find((mark) => mark.kind === Mark.enumerated),
      )
      if ((start.capabilities & Capability.finalCounters) !== 0) byArgument = Script.argument
      if (!kernelPrograms) equal(byArgument, Script.claimed)
    })
    after(() => seen?.close())

    /** The exec of `child` that runs `program` (the file's name). */
    const execOf = (child: ChildProcess, program: string): Promise<ExecRecord> =>
      seen.until(`the exec of ${program}`, () =>
        seen.execs.findLast((one) => one.pid === child.pid && basename(one.path) === program),
      )
    const codeOf = (exec: ExecRecord, path: string): Promise<CodeRecord> =>
      seen.until(`code of ${path}`, () =>
        seen.codes.find(
          (one) => one.pid === exec.pid && one.pidversion === exec.pidversion && one.path === path,
        ),
      )
    const codesOf = (exec: ExecRecord): string[] =>
      seen.codes.filter((one) => one.pid === exec.pid).map((one) => one.path)
    const script = (exec: ExecRecord) => [exec.script, exec.scriptFrom, exec.scriptIno]
    const inodeOf = (path: string): bigint => statSync(path, { bigint: true }).ino

    it('[A1] names a loader and the program that it was given', async () => {
      const child = waits(loader(), ['--inhibit-cache', './waiter'])
      const exec = await execOf(child, basename(loader()))
      equal(exec.path, real(loader()))
      deepEqual(script(exec), [at('waiter'), byArgument, inodeOf(at('waiter'))])
      equal(exec.flags, ExecFlag.loader)
      // The file it was given is no foreign code of it.
      ok(!codesOf(exec).includes(at('waiter')))
    })

    for (const [what, name, make] of [
      ['a copy', 'starter', (path: string) => copyFileSync(real(loader()), path)],
      ['a symbolic link', 'starter.link', (path: string) => symlinkSync(real(loader()), path)],
    ] as const)
      it(`[A1] knows ${what} of a loader by what is in it: ${name}`, async () => {
        make(at(`${name}-${kernelPrograms}`))
        const options = ['--argv0', 'sshd', '--library-path', '/nowhere', '--inhibit-cache']
        const child = waits(at(`${name}-${kernelPrograms}`), [...options, './waiter', 'x'])
        const exec = await execOf(
          child,
          what === 'a copy' ? `${name}-${kernelPrograms}` : basename(real(loader())),
        )
        deepEqual(script(exec), [at('waiter'), byArgument, inodeOf(at('waiter'))])
        // Where its libraries are looked for is another's place.
        equal(exec.flags, ExecFlag.loader | ExecFlag.otherCode)
        ok(!codesOf(exec).includes(at('waiter')))
        // Found running, it is known as well.
        const from = seen.execs.length
        seen.source.enumerate()
        const again = await seen.until('the enumeration', () =>
          seen.execs.slice(from).find((one) => one.pid === child.pid),
        )
        equal(again.flags, exec.flags | ExecFlag.enumerated | ExecFlag.exeConfirmed)
      })

    it('[A1] takes nothing for a loader that is only called like one', async () => {
      const name = `ld-linux-${kernelPrograms}.so.2`
      copyFileSync(at('waiter'), at(name))
      const exec = await execOf(waits(at(name), [at('script.py')]), name)
      deepEqual(script(exec), ['', Script.none, 0n])
      // The enumeration that was asked for before may find it running.
      equal(exec.flags & ~ExecFlag.enumerated, 0)
    })

    it('[L5] names a file that has no code of its own, and the library whose code runs', async () => {
      const child = waits(at('empty'), [])
      const exec = await execOf(child, 'empty')
      deepEqual([exec.path, exec.ino], [at('empty'), inodeOf(at('empty'))])
      equal(exec.flags, ExecFlag.codeElsewhere)
      deepEqual(script(exec), ['', Script.none, 0n])
      const code = await codeOf(exec, at('constructor.so'))
      deepEqual([code.ino, code.ownerUid, code.flags], [inodeOf(code.path), 0, 0])
    })

    it('tells code that was put into a program of the system', async () => {
      const child = waits('/bin/cat', [], { LD_PRELOAD: at('library.so') })
      const exec = await execOf(child, 'cat')
      equal(exec.flags, 0)
      equal((await codeOf(exec, at('library.so'))).ino, inodeOf(at('library.so')))
      deepEqual(codesOf(exec), [at('library.so')])
    })

    it('tells code that is loaded later, and neither the program itself nor what only root can change', async () => {
      const child = waits(at('waiter'), ['load', at('library.so')])
      const exec = await execOf(child, 'waiter')
      child.stdin?.write('x')
      await codeOf(exec, at('library.so'))
      deepEqual(codesOf(exec), [at('library.so')])
    })

    for (const [what, program, args, wants] of [
      ['python3', 'python3.11', ['-W', 'ignore', at('script.py'), 'secret'], 'script.py'],
      ['perl', 'perl5.36-x86_64-linux-gnu', ['-w', './script.py'], 'script.py'],
      ['node', 'node', ['--no-warnings', '../x/../script.py'], ''],
      ['perl', 'perl5.36-x86_64-linux-gnu', ['-lw', 'print "token=abc"; sleep 1'], ''],
      ['perl', 'perl5.36-x86_64-linux-gnu', ['-lne', 'print "token=abc"'], 'inline'],
      ['python3', 'python3.11', [...Array<string>(300).fill('-u'), './script.py'], ''],
      ['node', 'node', ['--option-of-later', './script.py', './other.py'], ''],
    ] as const)
      it(`[D4] names the script that ${what} was given`, async () => {
        const exec = await execOf(waits(at(program), [...args]), program)
        // What leads to no file may be a text: that it is not known is told, and no word of it.
        const none = ['', wants === '' ? Script.claimed : Script.inline, 0n]
        const isFile = wants === 'script.py'
        deepEqual(script(exec), isFile ? [at(wants), byArgument, inodeOf(at(wants))] : none)
      })

    for (const [program, args, isBrought] of [
      ['perl5.36-x86_64-linux-gnu', ['-MEvil', './script.py'], true],
      ['perl5.36-x86_64-linux-gnu', ['./script.py', '-MEvil'], false],
      ['node', ['--require', './secret.js', './script.py'], true],
      // What a script's own first line asks for is its content, by whatever way it is run.
      ['node', ['--require', './asked.js', './asking.js'], false],
      ['node', ['--import', './asked.js', './asking.js'], true],
    ] as const)
      it(`[D4] says that other code is brought beside a script, and not which: ${args.join(' ')}`, async () => {
        writeFileSync(at('asking.js'), '#!/usr/bin/env -S node --require ./asked.js\n')
        const exec = await execOf(waits(at(program), [...args]), program)
        equal(exec.flags, isBrought ? ExecFlag.otherCode : 0)
        const wants = args.find((one) => /^\.\/(script|asking)/.test(one)) ?? ''
        deepEqual(script(exec), [at(basename(wants)), byArgument, inodeOf(at(basename(wants)))])
        const from = seen.execs.length
        seen.source.enumerate()
        const again = await seen.until('the enumeration', () =>
          seen.execs.slice(from).find((one) => one.pid === exec.pid),
        )
        equal(again.flags & ExecFlag.otherCode, exec.flags)
      })

    it('names the script of a copy of the system’s interpreter by what is in it, whatever it is called', async () => {
      const [copy, changed] = [at(`copied-${kernelPrograms}`), at(`changed-${kernelPrograms}`)]
      const perl = readFileSync(real('/usr/bin/perl'))
      writeFileSync(copy, perl, { mode: 0o755 })
      // Its build id, behind the head of its note: four bytes of name, twenty of id, of kind 3.
      const note = perl.indexOf(Buffer.from('040000001400000003000000474e5500', 'hex'))
      perl[note + 16] = (perl[note + 16] as number) ^ 1
      writeFileSync(changed, perl, { mode: 0o755 })
      writeFileSync(at('wait.pl'), '<STDIN>')
      for (const program of [copy, changed])
        for (const [args, wants] of [
          [
            ['-w', './wait.pl', 'secret'],
            [at('wait.pl'), byArgument],
          ],
          [
            ['-le', 'print "secret"; <STDIN>'],
            ['', Script.inline],
          ],
        ] as const) {
          const exec = await execOf(waits(program, [...args]), basename(program))
          deepEqual([exec.script, exec.scriptFrom], wants)
        }
    })

    it('names the script of an interpreter that a loader was given, and that other code runs it', async () => {
      const linked = at(`linked-${kernelPrograms}`)
      symlinkSync(at('python3.11'), linked)
      for (const given of [at('python3.11'), linked]) {
        const exec = await execOf(waits(loader(), [given, at('script.py')]), basename(loader()))
        const wants = given === linked ? linked : at('script.py')
        deepEqual([exec.script, exec.scriptFrom], [wants, byArgument])
        equal(exec.flags, ExecFlag.loader | ExecFlag.otherCode)
      }
    })

    for (const [args, from] of [
      [['-c', 'secret'], Script.inline],
      [['-m', 'secret'], Script.module],
      [['-'], Script.standardInput],
      [[], Script.standardInput],
      [['/dev/stdin'], Script.standardInput],
      [['/dev/fd/0'], Script.standardInput],
      [['/dev/fd/1'], Script.none],
      [['/proc/self/exe'], Script.none],
    ] as const)
      it(`[D4, D14] tells of \`python3 ${args.join(' ')}\` what it is, and no word of it`, async () => {
        const exec = await execOf(waits(at('python3.11'), [...args]), 'python3.11')
        deepEqual(script(exec), ['', from, 0n])
      })

    it('[D14] takes no descriptor for a script', async () => {
      for (const how of ['again', 'descriptor']) {
        const child = waits(at('waiter'), [how])
        await seen.until('its second exec', () =>
          seen.execs.filter((one) => one.pid === child.pid).length > 1 ? true : undefined,
        )
        for (const exec of seen.execs.filter((one) => one.pid === child.pid))
          deepEqual([exec.path, ...script(exec)], [at('waiter'), '', Script.none, 0n])
      }
    })

    if (kernelPrograms)
      it('names no script of where a process has gone since: a relative name is of the folder it was run in', async () => {
        const [here, there] = [at('here'), at('there')]
        for (const one of [here, there]) mkdirSync(join(one, 's'), { recursive: true })
        writeFileSync(join(here, 's/k.sh'), `cd ${there}\nread line\n`)
        writeFileSync(join(there, 's/k.sh'), 'harmless\n')
        const known = new Set(seen.execs)
        const runs = Array.from({ length: 20 }, () =>
          spawn('bash', ['s/k.sh'], { cwd: here, stdio: ['pipe', 'ignore', 'ignore'] }),
        )
        children.push(...runs)
        const pids = new Set(runs.map(({ pid }) => pid))
        const told = () =>
          seen.execs.filter(
            (exec) => !known.has(exec) && pids.has(exec.pid) && basename(exec.path) === 'bash',
          )
        await seen.until('every exec', () => (told().length >= runs.length ? true : undefined))
        for (const { script, scriptIno } of told()) {
          ok(script === join(here, 's/k.sh') || script === '', script)
          if (scriptIno !== 0n)
            equal(scriptIno, statSync(join(here, 's/k.sh'), { bigint: true }).ino)
        }
      })

    it('says whose a program is that ends at once, or that it does not know', async () => {
      chmodSync(folder.path, 0o755)
      const uid = 54_321
      const known = new Set(seen.execs)
      const runs = Array.from({ length: 20 }, () =>
        spawn('/bin/true', { uid, gid: uid, stdio: 'ignore' }),
      )
      const pids = new Set(runs.map(({ pid }) => pid))
      const told = () => seen.execs.filter((exec) => !known.has(exec) && pids.has(exec.pid))
      await seen.until('every exec', () => (told().length >= runs.length ? true : undefined))
      for (const exec of told())
        ok(exec.uid === uid || (!kernelPrograms && exec.uid === UID_UNKNOWN), String(exec.uid))
    })

    it("[D4] names the user's script where env and shims stand between", async () => {
      const shell = real('/bin/bash')
      writeFileSync(at('by-env.sh'), '#!/usr/bin/env -S bash -e\nread x\n')
      writeFileSync(at('shim'), `#!/bin/bash\nexec "${shell}" "$@"\n`)
      writeFileSync(at('user.sh'), 'read x\n')
      for (const name of ['by-env.sh', 'shim']) chmodSync(at(name), 0o755)
      const byEnv = await execOf(waits(at('by-env.sh')), 'bash')
      deepEqual(script(byEnv), [at('by-env.sh'), Script.kernel, inodeOf(at('by-env.sh'))])
      const child = waits(at('shim'), ['user.sh'])
      const exec = await seen.until('the exec behind the shim', () =>
        seen.execs.find((one) => one.pid === child.pid && one.script === at('user.sh')),
      )
      deepEqual(script(exec), [at('user.sh'), byArgument, inodeOf(at('user.sh'))])
    })

    it('[L7] knows a file that is called "(deleted)" from one that is', async () => {
      const named = await execOf(waits(at('named (deleted)')), 'named (deleted)')
      equal(named.path, at('named (deleted)'))
      copyFileSync(at('waiter'), at('removed'))
      const removed = waits(at('removed'))
      await execOf(removed, 'removed')
      rmSync(at('removed'))
      const later = watch({ kernelPrograms })
      try {
        const found = (child: number | undefined) =>
          later.until('both', () => later.execs.find((one) => one.pid === child))
        equal((await found(removed.pid)).path, at('removed'))
        equal((await found(named.pid)).path, at('named (deleted)'))
      } finally {
        later.close()
      }
    })

    it('marks what a process says of its arguments later as its own word', async () => {
      const text = `python3,${at('innocent.py')}`
      writeFileSync(at('innocent.py'), 'x\n')
      const child = waits(at('python3.11'), ['rewrite', text])
      const exec = await execOf(child, 'python3.11')
      if (byArgument === Script.argument) deepEqual(script(exec), ['', Script.claimed, 0n])
      await new Promise((resolve) => child.stdout?.once('data', resolve))
      const later = watch({ kernelPrograms })
      try {
        const found = await later.until('it', () =>
          later.execs.find((one) => one.pid === child.pid),
        )
        const ino = inodeOf(at('innocent.py'))
        deepEqual(script(found), [at('innocent.py'), Script.claimed, ino])
      } finally {
        later.close()
      }
    })

    it('tells again of those found running, and in an enumeration', async () => {
      const child = waits('/bin/cat', [], { LD_PRELOAD: at('library.so') })
      const empty = waits(at('empty'))
      const exec = await execOf(child, 'cat')
      await codeOf(exec, at('library.so'))
      await codeOf(await execOf(empty, 'empty'), at('constructor.so'))
      const later = watch({ kernelPrograms })
      try {
        const told = () => later.codes.filter((one) => one.pid === child.pid)
        const [first] = await later.until('its code', () => told()[0] && told())
        deepEqual([first?.path, first?.flags], [at('library.so'), CodeFlag.enumerated])
        equal(first?.ownerUid, 0)
        const found = later.execs.find((one) => one.pid === empty.pid)
        equal(
          (found?.flags ?? 0) & ~ExecFlag.exeConfirmed,
          ExecFlag.enumerated | ExecFlag.codeElsewhere,
        )
        later.source.enumerate()
        await later.until('it again', () => (told().length > 1 ? true : undefined))
        deepEqual(told()[1], first)
      } finally {
        later.close()
      }
    })

    // A line of /proc/PID/maps ends in the file's name: 45,000 of them are some 12 MiB, or 28.
    for (const [what, names, expected] of [
      ['names code behind very many mappings', 1, ['library.so', CodeFlag.enumerated]],
      ['vouches for no code that it did not look at', 3, ['', CodeFlag.enumerated | CodeFlag.more]],
    ] as const)
      it(`${what}, of those found running`, async () => {
        const deep = Array.from({ length: names }, () => 'x'.repeat(180))
        mkdirSync(at(join(...deep)), { recursive: true })
        const long = at(join(...deep, 'long'))
        writeFileSync(long, 'x')
        const filled = waits(at('waiter'), ['fill', long], { LD_PRELOAD: at('library.so') })
        await new Promise((resolve) => filled.stdout?.once('data', resolve))
        const later = watch({ kernelPrograms })
        try {
          const told = await later.until('its code', () => {
            const ofIt = later.codes.filter((one) => one.pid === filled.pid)
            return ofIt.length > 0 ? ofIt : undefined
          })
          deepEqual(
            told.map((one) => [basename(one.path), one.flags]),
            [expected],
          )
        } finally {
          later.close()
          filled.kill('SIGKILL')
        }
      })
  })
