// That a tool is there when it does its work, and not when it is there by name: over doubles of programs, of which each
// lacks something.
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TOOLS, type ToolName, tryTool } from '../../scripts/tools.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

describe('a tool', () => {
  let folder: string
  let path: string | undefined
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'freshet-tools-'))
    path = process.env.PATH
    process.env.PATH = `${folder}:${path}`
  })
  afterEach(() => {
    process.env.PATH = path
    rmSync(folder, { recursive: true })
  })
  const program = (name: string, does: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${does}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  /** A compiler that answers --version and compiles, and finds no runtime when it links. */
  const withoutRuntimes = (name: string, runtime: string) =>
    program(
      name,
      `case "$*" in *--version*) exit 0;; esac
echo "/usr/bin/ld: cannot find ${runtime}: No such file or directory" >&2
echo "${name}: error: linker command failed with exit code 1" >&2
exit 1`,
    )
  const tried = (name: ToolName) => tryTool(name, TOOLS[name])

  it('that is a compiler without its runtimes is not there, and the reason says which and how to get them', () => {
    withoutRuntimes('clang++-19', 'libclang_rt.fuzzer.a')
    assert.equal(
      tried('fuzzers'),
      'no fuzzers (/usr/bin/ld: cannot find libclang_rt.fuzzer.a: No such file or directory): ' +
        'apt-get install make g++ clang-19 libclang-rt-19-dev',
    )
    assert.match(tried('blocks') ?? '', /^no blocks .*apt-get install .*libblocksruntime-dev$/)
    withoutRuntimes('g++', 'libtsan_preinit.o')
    assert.match(
      tried('sanitizers') ?? '',
      /^no sanitizers \(.*libtsan_preinit.*apt-get install g\+\+/,
    )
    withoutRuntimes('cc', 'Scrt1.o')
    assert.match(tried('a C compiler') ?? '', /Scrt1/)
  })

  it('that builds programs which do not run is not there', () => {
    const making =
      'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n%s\\n" "$SAYS" >"$2"; chmod +x "$2"'
    withoutRuntimes('clang++-19', 'libclang_rt.asan.a')
    program(
      'g++',
      `SAYS='echo FATAL: ThreadSanitizer: unexpected memory mapping; exit 66'\n${making}`,
    )
    assert.match(tried('sanitizers') ?? '', /unexpected memory mapping/)
    program('cc', `SAYS='echo bpf: Operation not permitted; exit 1'\n${making}`)
    assert.equal(tried('kernel programs'), 'no kernel programs (bpf: Operation not permitted)')
    program('g++', `SAYS='exit 0'\n${making}`)
    assert.equal(tried('sanitizers'), undefined)
  })

  it('that compiles faster is taken where it has its runtimes, and no other is asked', () => {
    const making =
      'while [ "$1" != -o ]; do shift; done; printf "#!/bin/sh\\n" >"$2"; chmod +x "$2"'
    withoutRuntimes('g++', 'libtsan_preinit.o')
    program('clang++-19', making)
    assert.equal(tried('sanitizers'), undefined)
    program('clang++-19', `case "$*" in *thread*) exit 1;; esac\n${making}`)
    assert.match(tried('sanitizers') ?? '', /libtsan_preinit/)
  })

  it('that starts no more, or whose standard library is not whole, is not there', () => {
    program('python3', 'echo "ModuleNotFoundError: No module named \'struct\'" >&2; exit 1')
    assert.match(tried('python3') ?? '', /No module named 'struct'\): apt-get install python3$/)
    const loader =
      'error while loading shared libraries: libLLVM-19.so.1: cannot open shared object file'
    for (const name of ['clang-format-19', 'shellcheck'] as const) {
      program(name, `echo "${name}: ${loader}" >&2; exit 127`)
      assert.equal(tried(name), `no ${name} (${name}: ${loader}): apt-get install ${name}`)
    }
  })

  it('that is not there at all is named', () => {
    assert.equal(
      tryTool('such', { packages: 'a b', lines: () => [['/none/such']] }),
      'no such (/none/such: ENOENT): apt-get install a b',
    )
    assert.equal(
      tryTool('such', { packages: '', lines: () => [['sh', '-c', 'exit 3']] }),
      'no such (sh: status 3)',
    )
  })

  it('of any kind is installed in CI, where nothing may be left out', () => {
    const installed = new Set(read('.ci/run').split(/\s+/))
    const named = Object.values(TOOLS).flatMap(({ packages }) =>
      packages.split(' ').filter(Boolean),
    )
    assert.deepEqual(
      named.filter((name) => !installed.has(name)),
      [],
    )
  })
})
