// A command in a hint works as it is copied: it names the installation that is spoken of, wherever it is said.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { usingState } from '../../src/agent/state-file.ts'
import { openBaseline } from '../../src/baseline/sqlite.ts'
import { collectorAddress } from '../../src/cli/collector-access.ts'
import { asOwner } from '../../src/cli/owner.ts'
import { describeRecording } from '../../src/cli/recording-text.ts'
import { statePaths } from '../../src/cli/state.ts'
import { openForWriting } from '../../src/collector/store/schema.ts'
import { commandBeside, commandFor, platformState, rootCommandIn } from '../../src/hint.ts'
import { shellWord } from '../../src/shell-word.ts'
import type { AgentStatus } from '../../src/status/agent-status.ts'
import { agentOfMachine, readStatus } from '../../src/status/asking.ts'
import { CAUSE_CODES, causesOf } from '../../src/status/causes.ts'
import { diagnose } from '../../src/status/doctor.ts'
import { sensorTrouble } from '../../src/status/sensor-causes.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { openOutbox } from '../../src/stream/outbox.ts'
import { nowUnixNs } from '../../src/units.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { CAUSED, wellStatus } from './states.ts'

const source = fileURLToPath(new URL('../../src', import.meta.url))
const COMMAND =
  /\bfreshet (up|agent|collector|page|status|doctor|baseline|record|replay|simulate|engine)\b/
/** Commands in `text`, which are in backticks. */
const commandsIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]*)`/g)]
    .map(([, one]) => one as string)
    .filter((one) => COMMAND.test(one))

describe('A command in a hint', () => {
  let directory: string
  /** A state directory that a shell would take apart, and whose parts are there. */
  let state: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-hint-'))
    state = join(directory, "it's a state")
    for (const part of ['agent', 'collector']) mkdirSync(join(state, part), { recursive: true })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  /** Each that is said must name `state`, as a shell reads it; returns how many there were. */
  const holds = (text: string, what: string): number => {
    const commands = commandsIn(text)
    assert.equal(text.split(COMMAND).length > 1, commands.length > 0, `${what}: ${text}`)
    for (const command of commands) {
      const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
      assert.match(words, new RegExp(`^--state\n${state}$`, 'm'), `${what}: ${command}`)
    }
    return commands.length
  }
  const messageOf = (work: () => unknown): string => {
    try {
      work()
    } catch (error) {
      return (error as Error).message
    }
    return assert.fail('nothing was thrown')
  }

  it('names the agent’s state in every cause that status and doctor tell', () => {
    let told = 0
    for (const code of CAUSE_CODES) {
      const status = wellStatus({ ...CAUSED[code], state })
      for (const { text, remedy } of causesOf(status)) told += holds(`${text} ${remedy}`, code)
      told += holds(sensorTrouble(status), code)
    }
    assert.ok(told >= 4, `${told} commands`)
  })

  it('is not refused as it is copied: what runs is stopped first, and an enrolment has what it wants', () => {
    let told = 0
    for (const code of CAUSE_CODES)
      for (const isUnderUp of [false, true]) {
        const status = wellStatus({ isUnderUp, ...CAUSED[code], state })
        // Who says this runs, and holds the state directory.
        for (const { text, remedy } of causesOf(status))
          for (const [, command = ''] of `${text} ${remedy}`.matchAll(
            /`(\w*[^`]*\bfreshet [^`]*)`/g,
          )) {
            told++
            const before = remedy.slice(0, remedy.indexOf(command))
            if (/freshet up\b/.test(command)) assert.match(before, /\bstop it\b/i, remedy)
            if (/freshet enroll\b/.test(command))
              assert.match(command, / --collector \S+ --token-file FILE --pin PIN /, remedy)
          }
      }
    assert.ok(told >= 8, `${told} commands`)
  })

  it('names the user too, where root is to go on with what is another’s', () => {
    const command = (change: Partial<AgentStatus>) =>
      commandsIn(
        causesOf(wellStatus({ ...CAUSED['not-root'], state, user: 'ada', ...change }))[0]?.remedy ??
          '',
      )[0]
    const own = `--user ada --state ${shellWord(state)}`
    assert.equal(command({ isUnderUp: true }), `sudo npx freshet up ${own}`)
    // As it was started: `up` would give it another collector, or be refused beside the one that runs.
    assert.equal(command({}), `sudo npx freshet agent ${own}`)
    assert.equal(
      command({ collector: { url: '/srv/there', state: 'connected' } }),
      `sudo npx freshet agent --collector /srv/there ${own}`,
    )
  })

  it('names it in what the doctor finds from outside', () => {
    const facts = {
      ...{ platform: 'linux', version: '1', layout: 7, addon: { layout: 7 }, disk: undefined },
      owner: { uid: 0, gid: 0, name: 'root' },
    }
    const place = { root: state, above: [], entries: [] }
    let told = 0
    for (const code of ['no-agent', 'closed', 'refused', 'timeout', 'garbage', 'place'] as const)
      for (const error of ['', `${state} is closed to this user`])
        for (const check of diagnose({
          ...facts,
          state: { ...place, error },
          agent: { code, message: code },
        }))
          for (const { text, remedy } of check.found) told += holds(`${text} ${remedy}`, check.id)
    assert.ok(told >= 9, `${told} commands`)
  })

  it('names it in what readers of the status socket are told', async () => {
    const read = async () => {
      for await (const status of readStatus(state)) return JSON.stringify(status)
      return ''
    }
    const say = (error: Error) => holds(error.message, 'status')
    assert.equal(await read().catch(say), 1)
    const ending = new AbortController()
    const { signal } = ending
    await serveStatus({
      directory: state,
      status: () => wellStatus(),
      mayRead: () => false,
      signal,
    })
    assert.equal(await read().catch(say), 1)
    ending.abort()
  })

  it('tells an ordinary user where the agent of the machine is, who may ask it, and what they may do', async () => {
    writeFileSync(join(state, 'status.sock'), '')
    const own = join(directory, 'own')
    assert.equal(agentOfMachine(own, 1000, state), state)
    assert.equal(agentOfMachine(own, 0, state), undefined)
    assert.equal(agentOfMachine(state, 1000, state), undefined)
    assert.equal(agentOfMachine(own, 1000, join(directory, 'none')), undefined)
    const read = async () => {
      for await (const status of readStatus(own, 3000, state)) return JSON.stringify(status)
      return ''
    }
    const told = await read().catch((error: Error) => error.message)
    const finding = diagnose({
      ...{ platform: 'linux', version: '1', layout: 7, addon: { layout: 7 }, disk: undefined },
      owner: { uid: 1000, gid: 1000, name: 'ada' },
      state: { root: own, above: [], entries: [], error: '' },
      agent: { code: 'no-agent', message: '' },
      machine: state,
    }).flatMap(({ id, found }) => (id === 'agent' ? found : []))[0]
    for (const [text, words] of [
      [told, 'status'],
      [finding?.remedy ?? '', 'doctor'],
    ] as [string, string][]) {
      assert.ok(text?.includes(`\`${rootCommandIn(words, state).slice(1)}`), text)
      assert.ok(text?.includes(`watch what is yours, ${commandFor('up', own)}`), text)
    }
  })

  it('names it in errors of the state’s files, of the baseline, the outbox and the store', function () {
    leaveOut(this, whyNotRoot())
    const refused = (name: string, open: (path: string) => unknown) => {
      writeFileSync(join(state, name), '', { mode: 0o600 })
      const nobody = { uid: 65534, gid: 65534 }
      return messageOf(() => asOwner(nobody, () => open(join(state, name))))
    }
    execFileSync('chmod', ['a+x', directory])
    const now = nowUnixNs()
    const limits = { bytesMax: 100_000, ageMaxMs: 1000, now: nowUnixNs }
    writeFileSync(join(state, 'collector/store.db'), 'x'.repeat(4096))
    for (const [what, message] of [
      ['baseline', refused('agent/baseline.db', (path) => openBaseline(path, { now }))],
      ['outbox', refused('agent/outbox.db', (path) => openOutbox(path, limits))],
      ['store', messageOf(() => openForWriting(join(state, 'collector/store.db')))],
      [
        'file',
        messageOf(() => usingState(join(state, 'agent'), () => readFileSync(join(state, 'no')))),
      ],
    ] as const)
      assert.equal(holds(message, what), 1, message)
  })

  it('replays a recording whatever its name holds', () => {
    const file = join(directory, "one's & two.fcap")
    const counts = { recordBytes: 1, gapBytes: 0, fileBytes: 1, alerts: 0, digest: '' }
    const line = describeRecording(file, counts, true).split('\n').at(-1) ?? ''
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
    assert.deepEqual(words.trimEnd().split('\n'), ['replay', 'npx', 'freshet', 'replay', file])
  })

  it('leaves the state out for who has it anyway, and for nobody else', () => {
    const own = platformState(process.platform, process.getuid?.())
    assert.ok(own)
    assert.equal(commandFor('up', own), '`npx freshet up`')
    assert.equal(commandFor('up', '/srv/x'), '`npx freshet up --state /srv/x`')
  })

  it('is typed with sudo in another terminal of who came to be root by it, and by nobody else', () => {
    const words = 'simulate upload --mb 8'
    assert.equal(
      commandBeside(words, '/srv/x', 0, '501'),
      `\`sudo npx freshet ${words} --state /srv/x\``,
    )
    for (const [uid, sudo] of [
      [0, undefined],
      [0, '0'],
      [501, '501'],
    ] as const)
      assert.equal(commandBeside(words, '/srv/x', uid, sudo), commandFor(words, '/srv/x'))
  })

  it('names the collector of the machine to who has none of their own, which is most often meant', () => {
    const paths = statePaths(join(directory, 'none of mine'))
    const ask = (machine?: string) => messageOf(() => collectorAddress(paths, { machine }))
    assert.match(
      ask('/srv/machine'),
      /is missing\): what watches this machine has its state in \/srv\/machine, and is root’s: run this with `sudo`, or start .*`npx freshet up --state/,
    )
    assert.match(ask(), /is missing\): start `npx freshet up --state .* first/)
  })

  it('is made in one place: no sentence spells one by itself', () => {
    // The page is of whichever collector serves it, and is read on other machines.
    const others = /^(collector\/web\/|replay\/replayed-device\.ts)/
    const spelt = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !others.test(file))
      .flatMap((file) =>
        readFileSync(join(source, file), 'utf8')
          .split('\n')
          .filter((line) => COMMAND.test(line) && !/^\s*(\/\/|\/?\*)/.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      )
    assert.deepEqual(spelt, [])
  })
})
