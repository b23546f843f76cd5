// The menu bar app's decisions, built and run on Linux under sanitizers; and its reader against the
// engine's own socket in every state that an agent can be in.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { serveStatus } from '../../src/status/socket.ts'
import { type Menu, menuOf } from '../../src/status/view.ts'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { CAUSED, OTHER_STATES, wellStatus } from '../status/states.ts'
import { BUILD_MS, make, run } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/app/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1
const programs = fileURLToPath(new URL('../../native/test/build/app/', import.meta.url))

describe('the menu bar app', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'all' : 'asan', 'draw')
  })

  for (const [program, does] of [
    ['activation.asan', 'switches the network monitor on and off as it may'],
    ['start.asan', 'knows what it was started for, and when to look after the monitor'],
    ['menu.asan', 'reads status lines and nothing else'],
    ['status_client.asan', 'follows an engine, and says when there is none'],
    ...(isWhole ? ([['status_client.tsan', 'does so without a race']] as const) : []),
  ] as const)
    it(`${does} (${program})`, async () => {
      const ran = await run(`${programs}${program}`, [])
      assert.equal(ran.code, 0, ran.output)
    })

  it('draws what the engine says of itself, in every state', async () => {
    const states = { ...OTHER_STATES, ...CAUSED }
    const nowMs = wellStatus().startedAtMs + 60_000
    await withDrawn(async ({ serve, untilDrawn }) => {
      for (const [name, change] of Object.entries(states)) {
        const status = wellStatus(change)
        serve(() => status)
        await untilDrawn(name, menuOf(status, nowMs))
      }
    })
  })

  it('draws why a user is refused', async () => {
    await withDrawn(
      async ({ directory, serve, untilDrawn }) => {
        serve(() => wellStatus())
        const line =
          'Freshet shows its state only to who is using this computer, and to administrators.'
        const rows = [
          `An administrator can see it with \`sudo npx freshet status --state ${directory}\`.`,
        ]
        await untilDrawn('refused', { state: 'error', line, needs: [], rows, alerts: [] })
      },
      () => false,
    )
  })

  if (!isWhole) return
  it('reads whatever a fuzzer makes of status lines', async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('fuzzers'))
    this.timeout(3_600_000)
    await make(folder, 'fuzz')
    mkdirSync(`${programs}corpus`, { recursive: true })
    const ran = await run(`${programs}status_line.fuzz`, [
      `-runs=${times('FRESHET_FUZZ', { usual: 0, long: 20_000 })}`,
      ...['-seed=1', '-max_len=4096', `-artifact_prefix=${programs}`],
      `-dict=${folder}status_line.dict`,
      ...[`${programs}corpus`, `${folder}corpus`],
    ])
    assert.equal(ran.code, 0, ran.output)
    console.log(`      ${/#\d+\s+DONE.*/.exec(ran.output)?.[0] ?? ''}`)
  })
})

type Drawn = {
  /** The state directory. */
  directory: string
  /** What the engine says from here on. */
  serve(status: () => ReturnType<typeof wellStatus>): void
  /** Resolves when the app has drawn that menu; its last row tells how long the agent runs, and is left out. */
  untilDrawn(what: string, menu: Menu): Promise<void>
}

/** Runs the app's reader on a served status socket. */
async function withDrawn(
  body: (drawn: Drawn) => Promise<void>,
  mayRead: () => boolean = () => true,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-menu-'))
  const ended = new AbortController()
  let status = () => wellStatus()
  const draw = spawn(`${programs}draw`, [join(directory, 'status.sock')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: draw.stdout })[Symbol.asyncIterator]()
  const next = async (): Promise<string[]> => {
    const block: string[] = []
    for (;;) {
      const { value, done } = await lines.next()
      if (done) throw new Error('the reader ended')
      if (value === '.') return block
      block.push(value)
    }
  }
  try {
    const options = { directory, intervalMs: 5, mayRead, signal: ended.signal }
    await serveStatus({ ...options, status: () => status() })
    await body({
      directory,
      serve(says) {
        status = says
      },
      async untilDrawn(what, menu) {
        const wanted = withoutUptime(drawnAs(menu))
        const seen: string[] = []
        for (let count = 0; count < 2000; count++) {
          const block = withoutUptime(await next())
          if (block === wanted) return
          seen.push(block)
        }
        assert.equal(seen.at(-1), wanted, what)
      },
    })
  } finally {
    draw.stdin.end()
    ended.abort()
    rmSync(directory, { recursive: true })
  }
}

const drawnAs = ({ state, line, needs, rows, alerts }: Menu): string[] => [
  `${state} ${line}`,
  ...needs.map(({ text, url }) => `need ${text} <${url}>`),
  ...rows.map((row) => `row ${row}`),
  ...alerts.map(({ text }) => `alert ${text}`),
]
const withoutUptime = (block: readonly string[]): string =>
  block.filter((line) => !/^row .*, up \d/.test(line)).join('\n')
