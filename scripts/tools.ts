// What this machine can do, of what is not npm's to bring. Each is tried, and not looked up: a compiler may be there
// without its runtimes, a program without its libraries. Tests ask here, and nowhere else, before they leave themselves
// out (test/left-out.ts); `npm run check` does before it runs a checker.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const native = fileURLToPath(new URL('../native/test/', import.meta.url))

type Line = readonly string[]
export type Tool = {
  /** What Debian brings it in; '' for what no package gives. */
  packages: string
  /** Each ends with 0 where it is there whole. `folder` is empty, and goes with what is made in it. */
  lines: (folder: string) => readonly Line[]
}

/** Builds and runs a few lines with the very flags of the native tests. */
const builds =
  (...targets: string[]): (() => Line[]) =>
  () =>
    targets.map((target) => ['make', '-s', '-C', native, '-f', 'sanitizers.mk', target])

/** How fast a path is in a test, for tc-tbf(8). */
export const RATE = ['rate', '40mbit', 'burst', '32k', 'latency', '50ms']
/** One segment of two is lost. */
const LOSS = [
  'table inet lossy { chain in { type filter hook input priority 0; numgen random mod 2 < 1 drop; }; }',
]

export const TOOLS = {
  sanitizers: { packages: 'g++ make', lines: builds('can-asan', 'can-tsan') },
  fuzzers: { packages: 'make g++ clang-19 libclang-rt-19-dev', lines: builds('can-fuzz') },
  blocks: {
    packages: 'make g++ clang-19 libclang-rt-19-dev libblocksruntime-dev',
    lines: builds('can-blocks-asan', 'can-blocks-tsan'),
  },
  'a C compiler': {
    packages: 'g++',
    lines: (folder) => [['cc', '-O1', '-o', join(folder, 'sender'), join(native, 'sender.c')]],
  },
  bash: { packages: 'bash', lines: () => [['/bin/bash', '-c', 'true']] },
  python3: {
    packages: 'python3',
    lines: () => [['python3', '-c', 'import base64, os, socket, struct, sys, time']],
  },
  'clang-format-19': {
    packages: 'clang-format-19',
    lines: () => [['clang-format-19', '--version']],
  },
  'llvm-lipo-19': { packages: 'llvm-19', lines: () => [['llvm-lipo-19', '--version']] },
  shellcheck: { packages: 'shellcheck', lines: () => [['shellcheck', '--version']] },
  'mounts in a namespace': {
    packages: '',
    lines: (folder) => [
      ['unshare', '-m', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'none', folder],
      ['unshare', '-m', 'setpriv', '--bounding-set=-sys_admin', '--inh-caps=-sys_admin', 'true'],
    ],
  },
  'kernel programs': {
    packages: '',
    lines: (folder) => [
      ['cc', '-O1', '-o', join(folder, 'it'), join(native, 'can/kernel_programs.c')],
      [join(folder, 'it')],
    ],
  },
  'network namespaces': {
    packages: 'iproute2',
    lines: () => [
      ['unshare', '-n', 'ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far'],
      ['nsenter', '--version'],
    ],
  },
  'lossy links': {
    packages: 'iproute2 nftables',
    lines: () => [
      ['unshare', '-n', 'nft', ...LOSS],
      ['unshare', '-n', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'tbf', ...RATE],
    ],
  },
  'paths of MPTCP': {
    packages: 'iproute2',
    lines: () => [
      ['unshare', '-n', 'ip', 'mptcp', 'limits', 'set', 'subflow', '1', 'add_addr_accepted', '1'],
      ['unshare', '-n', 'tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'tbf', ...RATE],
    ],
  },
} as const satisfies Record<string, Tool>
export type ToolName = keyof typeof TOOLS

const found = new Map<ToolName, string | undefined>()

/** undefined when it is all there; else a clause: what is missing, as the first line that failed says it, and how to get it. */
export function whyNot(name: ToolName): string | undefined {
  if (!found.has(name)) found.set(name, tryTool(name, TOOLS[name]))
  return found.get(name)
}

/** The same for any tool, tried anew. */
export function tryTool(name: string, { packages, lines }: Tool): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-tool-'))
  try {
    for (const [program = '', ...args] of lines(folder)) {
      const made = spawnSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
      if (made.status === 0) continue
      const how = packages === '' ? '' : `: apt-get install ${packages}`
      return `no ${name} (${complaint(program, made)})${how}`
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** One line of what it said: the one that names what is not there, if any does. */
function complaint(program: string, made: ReturnType<typeof spawnSync>): string {
  if (made.error)
    return `${program}: ${'code' in made.error ? made.error.code : made.error.message}`
  const lines = `${made.stderr}\n${made.stdout}`.split('\n').map((line) => line.trim())
  const telling = /cannot find|not found|no such file|unable to find|error while loading/i
  const said =
    lines.find((line) => telling.test(line)) ??
    lines.find((line) => line !== '' && !line.startsWith('make:'))
  return said?.slice(0, 160) ?? `${program}: status ${made.status ?? made.signal}`
}
