// Settings of an administrator's: who may have written them, what they may hold, and a machine that enrols by them.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, settingsOf, wantedBy } from '../../src/cli/settings.ts'
import type { PolicyResponse } from '../../src/collector/views/page-policy.ts'
import { PLACE } from '../../src/place.ts'
import { type Fleet, runFleet } from '../collector/enrolled.ts'
import { run } from '../e2e/installation.ts'
import { leaveOut, whyNotRoot } from '../left-out.ts'
import { makeTestKey } from '../policy/documents.ts'
import { until } from '../waits.ts'

const PIN = 'ab'.repeat(32)
const GOOD = { collector: 'https://c.example:8442', pin: PIN, token: 'freshet_enrol_x' }

describe('settings of an administrator’s', () => {
  let directory: string
  let file: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-settings-'))
    chmodSync(directory, 0o755)
    file = join(directory, 'settings.json')
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))
  const write = (settings: unknown, path = file) =>
    writeFileSync(path, typeof settings === 'string' ? settings : JSON.stringify(settings), {
      mode: 0o644,
    })

  it('are none where there is no file, and no reason for a word', () => {
    assert.equal(readSettings(file), undefined)
    assert.equal(settingsOf(file), undefined)
  })

  it('name a collector, its pin, a token or the file of one, and the key of policies', () => {
    write(GOOD)
    assert.deepEqual(wantedBy(readSettings(file) ?? {}, file), GOOD)
    const tokenFile = join(directory, 'token')
    writeFileSync(tokenFile, 'freshet_enrol_y\n', { mode: 0o600 })
    const { token: _, ...rest } = GOOD
    write({ ...rest, tokenFile })
    assert.equal(wantedBy(readSettings(file) ?? {}, file).token, 'freshet_enrol_y')
  })

  for (const [what, settings, sentence] of [
    ['is no JSON', 'collector', /is no JSON: write one object there.* or remove it$/],
    [
      'has a comma too few',
      '{"pin": "x"\n "token": 1}',
      /is no JSON from line 2, column 2 on: write/,
    ],
    ['is a list', [1], /holds no names with values: write one object there/],
    ['has another name', { ...GOOD, tokn: 'x' }, /"tokn" is none of collector, pin, token/],
    ['has a number', { ...GOOD, pin: 7 }, /"pin" is none of/],
    ['lacks the pin', { ...GOOD, pin: undefined }, /names no pin/],
    ['lacks a token', { ...GOOD, token: undefined }, /names no token or tokenFile/],
    ['has another kind of address', { ...GOOD, collector: 'http://c' }, /collector: .*https:/],
    ['has no token for one', { ...GOOD, token: 'secret' }, /the token holds no enrolment token/],
    ['has a key that is none', { ...GOOD, policyKey: 'x' }, /policyKey/],
  ] as const)
    it(`are refused, in a sentence, where the file ${what}`, () => {
      write(settings)
      assert.throws(() => wantedBy(readSettings(file) ?? {}, file), sentence)
      assert.throws(() => settingsOf(file)?.wanted(), sentence)
    })

  it('are not quoted where they are no JSON: it may be the token', () => {
    write('{"token": freshet_enrol_secret}')
    assert.throws(
      () => readSettings(file),
      ({ message }: Error) => /is no JSON/.test(message) && !/secret|freshet_enrol/.test(message),
    )
  })

  it('count only where nobody but root and this user can change them', function () {
    for (const mode of [0o666, 0o664]) {
      write(GOOD)
      chmodSync(file, mode)
      assert.throws(() => readSettings(file), /can be changed by others/)
    }
    chmodSync(file, 0o644)
    assert.ok(readSettings(file))
    leaveOut(this, whyNotRoot())
    chownSync(file, 1234, 1234)
    assert.throws(() => readSettings(file), /can be changed by others .*owner 1234/)
  })

  it('are read as a property list where macOS keeps them so', () => {
    const plist = join(directory, 'org.freshet.plist')
    write('bplist00', plist)
    // Stands for plutil, which no Linux has: it is asked as that takes it.
    const plutil = join(directory, 'plutil')
    writeFileSync(
      plutil,
      `#!/bin/sh\n[ "$*" = "-convert json -o - -- ${plist}" ] && echo '${JSON.stringify(GOOD)}'\n`,
      { mode: 0o755 },
    )
    assert.deepEqual(readSettings(plist, plutil), GOOD)
    assert.throws(() => readSettings(plist, join(directory, 'none')), /cannot be read/)
  })

  it('are read again before each attempt, and what was good is kept where that fails', () => {
    write(GOOD)
    const { wanted } = settingsOf(file) ?? assert.fail('they are there')
    write({ ...GOOD, token: 'freshet_enrol_new' })
    assert.equal(wanted().token, 'freshet_enrol_new')
    write('{')
    assert.equal(wanted().token, 'freshet_enrol_new')
    rmSync(file)
    assert.equal(wanted().token, 'freshet_enrol_new')
  })

  it('name the key of policies for a machine that is enrolled with their collector, also where they lack the rest', () => {
    const keyFor = (settings: unknown, collector = GOOD.collector) => {
      write(settings)
      return settingsOf(file)?.policyKeyFor(collector)
    }
    const policyKey = makeTestKey().public
    assert.equal(keyFor({ ...GOOD, policyKey }), policyKey)
    assert.equal(keyFor({ collector: GOOD.collector, policyKey }), policyKey)
    assert.equal(keyFor({ ...GOOD, policyKey }, 'https://other.example:8442'), undefined)
    assert.equal(keyFor({ policyKey }), undefined)
    assert.equal(keyFor(GOOD), undefined)
    assert.throws(() => keyFor({ ...GOOD, policyKey: 'x' }), /^ConfigError: .*: policyKey: /)
    assert.throws(() => keyFor('{'), /is no JSON/)
  })

  describe('with a collector', () => {
    let fleet: Fleet
    beforeEach(async () => {
      fleet = await runFleet()
    })
    afterEach(() => fleet.stop())
    const settings = (token = fleet.token()) => ({
      ...{ collector: `https://127.0.0.1:${fleet.door.port}`, pin: fleet.door.pin, token },
    })
    const freshet = (...args: string[]) =>
      run([PLACE.cli, ...args, '--settings', file, '--state', join(directory, 'state')])

    it('enrol a machine by a command that says nothing else, and by none that says half', async () => {
      const { status, stderr } = await freshet('enroll')
      assert.notEqual(status, 0)
      assert.match(
        stderr,
        /with which collector\? Say --collector, --pin and --token-file, or have/,
      )
      write(settings('freshet_enrol_unknown'))
      const refused = await freshet('enroll')
      assert.match(refused.stderr, /not enrolled: .*has made no such token/)
      const half = await freshet('enroll', '--collector', 'https://127.0.0.1:1')
      assert.match(half.stderr, /--collector wants --pin and --token-file beside it/)
      write(settings())
      const well = await freshet('enroll')
      assert.equal(well.status, 0, well.stderr)
      assert.match(well.stdout, /^enrolled: this machine is device .* in the group office/)
    })

    it('let an agent enrol by itself, which watches all along and says what is wrong with them', async () => {
      write({ ...settings(), pin: undefined })
      const args = ['engine', '--settings', file, '--state', join(directory, 'state')]
      const engine = spawn(process.execPath, [PLACE.cli, ...args], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      })
      let said = ''
      engine.stderr?.on('data', (text) => (said += text))
      try {
        await until(() => said.includes('watching; findings go to'))
        await until(() => said.includes('names no pin'))
        const { stdout } = await run([PLACE.cli, 'status', '--state', join(directory, 'state')])
        assert.match(
          stdout,
          /cannot use what it was told of its collector: settings: .*names no pin/,
        )
      } finally {
        engine.kill('SIGTERM')
        await once(engine, 'close')
      }
      write(settings())
      const again = spawn(process.execPath, [PLACE.cli, ...args], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      })
      said = ''
      again.stderr?.on('data', (text) => (said += text))
      try {
        await until(() => said.includes('connected to the collector'))
        assert.match(said, /enrolled by the settings with https:\/\/127\.0\.0\.1:\d+, in the group/)
        await until(() => fleet.collector.counters().agentsConnected === 1)
      } finally {
        again.kill('SIGTERM')
        await once(again, 'close')
      }
      // The token is gone from the settings, and wanted no more.
      rmSync(file)
      const last = spawn(process.execPath, [PLACE.cli, ...args], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      })
      said = ''
      last.stderr?.on('data', (text) => (said += text))
      try {
        await until(() => said.includes('connected to the collector'))
      } finally {
        last.kill('SIGTERM')
        await once(last, 'close')
      }
    })

    it('give an agent that has enrolled the key of policies, which it had none of', async () => {
      write(settings())
      const well = await freshet('enroll')
      assert.equal(well.status, 0, well.stderr)
      const hasKey = async (given: object) => {
        write(given)
        const args = ['engine', '--settings', file, '--state', join(directory, 'state')]
        const engine = spawn(process.execPath, [PLACE.cli, ...args], {
          stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
        })
        let said = ''
        engine.stderr?.on('data', (text) => (said += text))
        const counted = () => fleet.collector.counters()['policiesSaid'] ?? Number.NaN
        const before = counted()
        try {
          await until(() => counted() > before)
          const { devices } = await fleet.json<PolicyResponse>('/api/policy')
          return { hasKey: devices[0]?.hasKey, said }
        } finally {
          engine.kill('SIGTERM')
          await once(engine, 'close')
        }
      }
      const { collector } = settings()
      const policyKey = makeTestKey().public
      assert.equal((await hasKey({ collector })).hasKey, false)
      const faulty = await hasKey({ collector, policyKey: 'x' })
      assert.equal(faulty.hasKey, false)
      assert.match(
        faulty.said,
        /^engine: no root key of policies is taken from the settings: .*policyKey/m,
      )
      assert.equal((await hasKey({ collector, policyKey })).hasKey, true)
    })
  })
})
