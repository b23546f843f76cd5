// `freshet simulate` where the collector is on another machine: what a person is told by what the agent here says of itself.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeEnrolment } from '../../src/agent/enrolment-file.ts'
import { ADDRESS_FILE } from '../../src/cli/names.ts'
import { exitStatus } from '../../src/cli/simulate.ts'
import { type EnrolledOptions, simulateEnrolled } from '../../src/cli/simulate-enrolled.ts'
import { PLACE } from '../../src/place.ts'
import type { AgentStatus } from '../../src/status/agent-status.ts'
import { StatusError, type StatusLine } from '../../src/status/asking.ts'
import { serveStatus } from '../../src/status/socket.ts'
import { menuOf } from '../../src/status/view.ts'
import { makeAuthority } from '../../src/trust/certificates.ts'
import { run } from '../e2e/installation.ts'
import { wellStatus } from '../status/states.ts'
import { enrolmentOf } from '../trust/enrolment.ts'
import { WAIT_MS } from '../waits.ts'

const URL_THERE = 'https://collector.example:8442'

describe('simulate upload on a machine that reports to another', () => {
  /** What the agent says, given what was printed so far. */
  let says: (seen: { name: string; isSent: boolean; reading: number }) => Partial<AgentStatus>
  let lines: string[]
  beforeEach(() => {
    lines = []
  })

  const statuses = async function* (): AsyncGenerator<StatusLine> {
    for (let reading = 0; ; reading++) {
      const text = lines.join('\n')
      const name = /^Program +\S+\/(\S+)/m.exec(text)?.[1] ?? ''
      const status = wellStatus({
        ...{ collector: { url: URL_THERE, state: 'connected' }, countsLoopback: true },
        ...says({ name, isSent: /^Sent/m.test(text), reading }),
      })
      yield { ...status, menu: menuOf(status, 0) }
      await sleep(20)
    }
  }
  const simulate = (change: Partial<EnrolledOptions> = {}) =>
    simulateEnrolled({
      ...{ probePath: PLACE.probe, bytes: 300_001, flows: 1, silent: false, to: undefined },
      ...{ paceMs: 0, timeoutMs: WAIT_MS, agentWaitMs: 0, statuses },
      signal: new AbortController().signal,
      commandFor: (words) => `\`freshet ${words}\``,
      print: (line) => void lines.push(line),
      ...change,
    })
  const told = (name: string, sentence: string): Partial<AgentStatus> => ({
    lastAlerts: [
      { atMs: 0, severity: 'low', sentence: '“other” sent 1 MB.' },
      ...(name === '' ? [] : [{ atMs: 1, severity: 'medium', sentence: `“${name}” ${sentence}` }]),
    ],
  })

  it('ends well when the agent has raised the alert and its collector has all that waited', async () => {
    let sentReadings = 0
    says = ({ name, isSent }) => {
      if (isSent) sentReadings++
      const items = sentReadings < 6 ? 2 : 0
      return {
        ...told(name, isSent ? 'sent 300 kB.' : 'sends.'),
        outbox: { ...wellStatus().outbox, items },
      }
    }
    const outcome = await simulate()
    assert.deepEqual([outcome.kind, exitStatus(outcome)], ['reported', 0])
    assert.ok(sentReadings >= 6, 'what waits is waited for')
    const text = lines.join('\n')
    assert.match(text, /^Alert .*: medium\n.*upload-[0-9a-f]{8}” sends?/m)
    assert.match(text, /^Stored .*collector\.example:8442.*\n.*sent 300 kB\.$/m)
    const [, path] = /^Program +(\S+)/m.exec(text) ?? []
    assert.equal(
      lines.at(-1),
      `Page         ${URL_THERE}/#/alerts?q=${encodeURIComponent(`path:"${path}"`)}`,
    )
  })

  it('sends nothing within a machine whose policy leaves that out, and says what works', async () => {
    says = () => ({ countsLoopback: false })
    const outcome = await simulate()
    assert.equal(exitStatus(outcome), 2)
    assert.match(lines.join(), /^Nothing was sent: .*`freshet simulate upload --to HOST:PORT`\.$/)
  })

  it('sends nothing while the agent reports to nobody, and waits for one that connects', async () => {
    const away = { state: 'waiting', reason: 'nothing listens', retryInMs: 1 } as const
    says = () => ({ collector: { url: URL_THERE, ...away } })
    assert.equal(exitStatus(await simulate()), 2)
    assert.match(lines.join(), /^Nothing was sent: the agent of this machine says: .*cannot be rea/)
    lines = []
    says = ({ name, reading }) => ({
      ...told(name, 'sent.'),
      ...(reading < 3 && name === '' ? { collector: { url: URL_THERE, state: 'connecting' } } : {}),
    })
    assert.equal((await simulate({ agentWaitMs: WAIT_MS })).kind, 'reported')
  })

  it('says how far it came where no alert was raised, or the collector does not take it', async () => {
    const { counters, outbox } = wellStatus()
    const at = async (now: Partial<AgentStatus['counters']>, change: Partial<AgentStatus> = {}) => {
      says = ({ name, isSent }) =>
        isSent || name !== '' ? { counters: { ...counters, ...now }, ...change } : {}
      lines = []
      const outcome = await simulate({ timeoutMs: 1200 })
      assert.equal(exitStatus(outcome), 1)
      return outcome.kind === 'no_alert' ? outcome.stop.at : outcome.kind
    }
    const more = { records: counters.records + 9, flows: counters.flows + 1 }
    assert.equal(await at({}), 'records')
    assert.equal(await at({ records: more.records }), 'flows')
    assert.equal(await at(more), 'gate')
    assert.doesNotMatch(lines.join(), /held back/)
    assert.equal(await at({ ...more, suppressed: counters.suppressed + 1 }), 'gate')
    assert.match(lines.join(), /was held back/)
    assert.equal(await at(more, { countsLoopback: false }), 'network')
    lines = []
    says = ({ name }) => ({ ...told(name, 'sent.'), outbox: { ...outbox, items: 3 } })
    const waiting = await simulate({ timeoutMs: 1200 })
    assert.equal(waiting.kind === 'no_alert' && waiting.stop.at, 'collector')
    assert.match(lines.at(-1) ?? '', /^Not stored .*waits for the collector, with 3 findings/)
  })

  it('says that the collector refused something meanwhile, which the alert may be', async () => {
    says = ({ name, isSent }) => ({
      ...told(name, 'sent 300 kB.'),
      outbox: { ...wellStatus().outbox, items: 0, rejected: isSent ? 7 : 6 },
    })
    const outcome = await simulate()
    assert.equal(outcome.kind, 'no_alert')
    assert.notEqual(exitStatus(outcome), 0)
    assert.match(
      lines.at(-1) ?? '',
      /^Not stored .* stopped at the collector: it refused, .* 1 finding meanwhile/,
    )
  })

  it('says so when the agent ends meanwhile', async () => {
    const gone = new StatusError('no-agent', 'no agent runs')
    let readings = 0
    const outcome = await simulate({
      statuses: async function* () {
        if (readings++ > 0) throw gone
        yield { ...wellStatus({ countsLoopback: true }), menu: menuOf(wellStatus(), 0) }
      },
    })
    assert.equal(outcome.kind === 'no_alert' && outcome.stop.at, 'agent')
  })

  describe('as a command', () => {
    let directory: string
    const ending: AbortController[] = []
    beforeEach(async () => {
      directory = mkdtempSync(join(tmpdir(), 'freshet-simulate-'))
      mkdirSync(join(directory, 'agent'), { mode: 0o700 })
      const authority = await makeAuthority('collector', Date.now())
      const enrolment = await enrolmentOf(authority, '01234567-89ab-4cde-8f01-23456789abcd')
      writeEnrolment(join(directory, 'agent'), enrolment)
    })
    afterEach(() => {
      for (const one of ending.splice(0)) one.abort()
      rmSync(directory, { recursive: true, force: true })
    })
    const freshet = (...words: string[]) => run([PLACE.cli, ...words, '--state', directory])

    it('asks the agent, and sends nobody to start what would be refused', async () => {
      const controller = new AbortController()
      ending.push(controller)
      const { signal } = controller
      await serveStatus({
        ...{ directory, signal },
        status: () => wellStatus({ collector: { url: URL_THERE, state: 'connected' } }),
      })
      const { status, stdout, stderr } = await freshet('simulate', 'upload')
      assert.deepEqual([status, stderr], [2, ''])
      assert.match(stdout, /simulate upload --to HOST:PORT --state/)
    })

    it('asks the collector that the agent names, whose state may be another', async () => {
      const controller = new AbortController()
      ending.push(controller)
      const own = join(directory, 'own')
      const there = join(directory, 'there')
      mkdirSync(join(there, 'collector'), { recursive: true, mode: 0o700 })
      mkdirSync(own)
      const { signal } = controller
      await serveStatus({
        ...{ directory: own, signal },
        status: () => wellStatus({ collector: { url: there, state: 'connected' } }),
      })
      const simulated = () => run([PLACE.cli, 'simulate', 'upload', '--state', own])
      const none = await simulated()
      assert.equal(none.status, 78)
      assert.match(
        none.stderr,
        new RegExp(
          `${there}/collector/.* is missing.*start \`npx freshet collector --state ${there}\` first`,
        ),
      )
      const file = (name: string, text: string) =>
        writeFileSync(join(there, 'collector', name), text, { mode: 0o600 })
      file(ADDRESS_FILE, 'http://127.0.0.1:1\n')
      file('page.key', `${'k'.repeat(43)}\n`)
      const away = await simulated()
      assert.equal(away.status, 2)
      assert.match(
        away.stdout,
        new RegExp(
          `no collector answers at http://127\\.0\\.0\\.1:1: start one with \`npx freshet collector --state ${there}\`\\.$`,
          'm',
        ),
      )
    })

    it('says to start the agent where none runs, and of the page where that is', async () => {
      const simulated = await freshet('simulate', 'upload')
      assert.equal(simulated.status, 78)
      assert.match(
        simulated.stderr,
        /reports to the collector at https:\/\/127\.0\.0\.1:1.*start `npx freshet agent --state/,
      )
      const page = await freshet('page')
      assert.equal(page.status, 78)
      assert.match(
        page.stderr,
        /reports to the one at https:\/\/127\.0\.0\.1:1, which has the page/,
      )
      for (const { stderr } of [simulated, page]) assert.doesNotMatch(stderr, /freshet up/)
    })
  })
})
