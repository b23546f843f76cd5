// How a signed policy stands, by `devices show`, `devices list` and `policy status`: refused, applied, not said, thrown out.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Policies } from '../../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../../src/collector/fleet/policies-file.ts'
import { isRefused, Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import { createRoster } from '../../src/collector/fleet/roster.ts'
import { PLACE } from '../../src/place.ts'
import { keyIdOf } from '../../src/policy/keys.ts'
import type { DocumentReport } from '../../src/stream/policy-message.ts'
import { run } from '../e2e/installation.ts'
import { daysOn, makeTestKey, NOW, signedBy } from '../policy/documents.ts'

const NAMES = ['desk', 'laptop', 'server', 'kiosk'] as const
type Name = (typeof NAMES)[number]
const idOf = (name: Name) => `0000000${NAMES.indexOf(name)}-89ab-4cde-8f01-23456789abcd`
const root = makeTestKey()

describe('how a policy stands, by the commands', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-standing-'))
    mkdirSync(join(directory, 'collector'), { mode: 0o700 })
    withRegistry((registry) => {
      const { secret } = registry.makeToken(
        { label: 'test', group: 'office', usesMax: undefined, expiresAt: undefined },
        NOW,
      )
      for (const name of NAMES) {
        const known = registry.enrol(
          secret,
          { deviceId: idOf(name), hardware: '', key: name, shown: undefined },
          { fingerprint: name, notAfter: daysOn(90) },
          NOW,
        )
        assert(!isRefused(known))
        registry.change(idOf(name), { name, standing: 'active' })
      }
    })
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  function withRegistry(work: (registry: Registry) => void): void {
    const file = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), assert.fail)
    const registry = new Registry(file)
    work(registry)
    registry.close()
  }
  const withPolicies = (work: (policies: Policies) => void): void => {
    const file = openPoliciesFile(join(directory, 'collector', POLICIES_FILE), assert.fail)
    const policies = new Policies(file)
    work(policies)
    policies.close()
  }
  const publish = (version: number): void =>
    withPolicies((policies) => {
      const signed = signedBy(root, { version })
      policies.publish(signed, { rootKey: root.public, sharePercent: 100, now: NOW })
    })
  const said = (name: Name, change: Partial<DocumentReport> = {}): void =>
    withPolicies((policies) => {
      policies.noteSaid({
        ...{ deviceId: idOf(name), at: NOW },
        report: {
          ...{ keyId: keyIdOf(root.public), source: 'pushed', group: 'office' },
          ...{ suppressed: 0, suppressions: [] },
          documents: [
            {
              ...{ kind: 'policy', version: 2, receivedVersion: 2, state: 'applied', code: '' },
              ...{ text: '', clamped: 0, at: NOW, ...change },
            },
          ],
        },
      })
      policies.writeSaid()
    })
  const refused = {
    state: 'failed',
    code: 'agent-old',
    text: 'It wants \u001b[2Jversion 9.',
  } as const
  const collector = async (...words: string[]): Promise<string[]> => {
    const { status, stdout, stderr } = await run([
      ...[PLACE.cli, 'collector', ...words, '--state', directory],
    ])
    assert.deepEqual([status, stderr], [0, ''])
    return stdout.trimEnd().split('\n')
  }
  /** What `devices show` says under each head that has to do with policies. */
  const shown = async (name: Name): Promise<string[][]> =>
    (await collector('devices', 'show', name))
      .filter((line) => /^(policy|clamped|not applied)/.test(line))
      .map((line) => line.split(/ {2,}/))

  it('has a refused one beside what stays in force, with its code and why', async () => {
    publish(1)
    said('desk', { version: 1, receivedVersion: 1, clamped: 1 })
    assert.deepEqual(await shown('desk'), [
      ['policy offered', '1'],
      ['policy received', '1'],
      ['policy in force', '1 (pushed)'],
      ['clamped', '1 entry'],
      ['policy said', '2026-09-21 14:13 UTC'],
    ])
    publish(2)
    said('desk', { version: 1, ...refused })
    // The agent's words steer no terminal.
    const fault = 'policy 2 failed (agent-old)'
    assert.deepEqual(await shown('desk'), [
      ['policy offered', '2'],
      ['policy received', '2'],
      ['policy in force', '1 (pushed)'],
      ['not applied', `${fault}: It wants \\u{1b}[2Jversion 9.`],
      ['policy said', '2026-09-21 14:13 UTC'],
    ])
    const row = (await collector('devices', 'list')).find((line) => line.startsWith(idOf('desk')))
    assert(`${row}`.includes(`  1, 2 is offered, ${fault}  `), `${row}`)
    // One that took none before, and one that it could not even read.
    said('desk', { version: 0, receivedVersion: 0, ...refused, code: 'malformed' })
    const [, received, inForce, notApplied] = await shown('desk')
    assert.deepEqual(
      [received, inForce, notApplied?.[1]?.split(':')[0]],
      [
        ['policy received', 'none'],
        ['policy in force', 'none (pushed)'],
        'policy that came failed (malformed)',
      ],
    )
  })

  it('is none, or one that was sent, of a device that has said nothing', async () => {
    assert.deepEqual(await shown('desk'), [['policy', 'none was sent']])
    publish(1)
    assert.deepEqual(await shown('desk'), [
      ['policy offered', '1'],
      ['policy received', 'none'],
      ['policy in force', 'none'],
      ['policy said', 'nothing yet'],
    ])
  })

  it('says of one without the root key that it takes none, and what to do', async () => {
    publish(2)
    const end =
      '1 without the root key, and so takes none: start the agent there with --policy-key KEY'
    withPolicies((policies) => {
      policies.noteSaid({
        ...{ deviceId: idOf('desk'), at: NOW },
        report: {
          ...{ keyId: '', source: 'built-in', group: '' },
          ...{ suppressed: 0, suppressions: [], documents: [] },
        },
      })
      policies.writeSaid()
    })
    const lines = await collector('policy', 'status')
    assert.equal(lines.at(-1), `0 of 4 devices apply policy 2, 3 not said yet, ${end}`)
  })

  it('says of one without the root key that was sent all kinds once why it takes none', async () => {
    publish(2)
    const none = { version: 0, state: 'failed', code: 'no-key', clamped: 0, at: NOW } as const
    const text = 'this agent was given no root key'
    withPolicies((policies) => {
      policies.noteSaid({
        ...{ deviceId: idOf('desk'), at: NOW },
        report: {
          ...{ keyId: '', source: 'built-in', group: '', suppressed: 0, suppressions: [] },
          documents: (['policy', 'delegation', 'exceptions'] as const).map((kind, index) => ({
            ...{ ...none, kind, text, receivedVersion: 2 - index },
          })),
        },
      })
      policies.writeSaid()
    })
    const lines = await collector('policy', 'status')
    const rows = lines.filter((line) => line.startsWith(idOf('desk')))
    const why =
      'has no root key, so takes none of what came: policy 2, delegation 1, exceptions that could not be read'
    assert.equal(rows.length, 1)
    assert(rows[0]?.includes(`  ${why}  2026-09-21 14:13 UTC`), `${rows[0]}`)
    // It is missed for want of the key alone.
    assert.match(lines.at(-1) ?? '', /^0 of 4 devices apply policy 2, 3 not said yet, 1 without/)
    assert.deepEqual((await shown('desk')).filter(([head]) => head === 'not applied').length, 1)
    const listed = (await collector('devices', 'list')).find((line) => line.includes(idOf('desk')))
    assert(listed?.includes('  none, 2 is offered, no root key  '), `${listed}`)
  })

  it('says what came and could not be read, beside what is in force or alone', async () => {
    publish(2)
    const cell = async () =>
      (await collector('policy', 'status'))
        .find((line) => line.startsWith(idOf('desk')))
        ?.split(/ {2,}/)[4]
    const unread = { ...refused, code: 'malformed', text: 'No.', receivedVersion: 0 }
    said('desk', { ...unread, version: 0 })
    assert.equal(await cell(), 'policy that came failed (malformed): No.')
    said('desk', { ...unread, version: 1 })
    assert.equal(await cell(), 'policy 1: what came failed (malformed): No.')
    said('desk', { ...refused, text: 'No.', version: 0 })
    assert.equal(await cell(), 'policy 2 failed (agent-old): No.')
  })

  it('says of one that is held back that it goes to nobody more, and who keeps it: those are offered none', async () => {
    publish(1)
    publish(2)
    const hold = () => withPolicies((policies) => policies.setShare(2, 0))
    hold()
    const end = async () => (await collector('policy', 'status')).at(-1)
    const held = 'policy 2 is held back and goes to nobody more; '
    assert.equal(await end(), `${held}no device has it`)
    said('desk')
    assert.equal(await end(), `${held}1 device has it and keeps it`)
    assert.equal((await collector('devices', 'list')).at(-1), await end())
    // An older one would be refused there, and is not sent.
    assert.deepEqual((await shown('desk')).slice(0, 3), [
      ['policy offered', 'none'],
      ['policy received', '2'],
      ['policy in force', '2 (pushed)'],
    ])
    assert.deepEqual((await shown('laptop'))[0], ['policy offered', '1'])
    withPolicies((policies) => policies.setShare(2, 100))
    assert.equal(await end(), '1 of 4 devices applies policy 2, 3 not said yet')
  })

  it('says of one that has a later one than there is that it is not waited for', async () => {
    publish(1)
    said('desk', { version: 7, receivedVersion: 7 })
    assert.equal(
      (await collector('policy', 'status')).at(-1),
      '0 of 3 devices apply policy 1, 3 not said yet, 1 with a later one, which this collector does not have: sign the next above that',
    )
  })

  it('is of a device that has no name under what it calls itself, as the list has it', async () => {
    withRegistry((registry) => registry.change(idOf('desk'), { name: '' }))
    const file = openRegistryFile(join(directory, 'collector', REGISTRY_FILE), assert.fail)
    createRoster(file).describe({ deviceId: idOf('desk'), agentVersion: '', hostname: 'vm' })
    file.close()
    for (const what of [
      ['policy', 'status'],
      ['devices', 'list'],
    ]) {
      const row = (await collector(...what)).find((line) => line.startsWith(idOf('desk')))
      assert.match(`${row}`, /^\S+ +vm +office /)
    }
  })

  it('is summed in the last line of the status, of those that may come', async () => {
    const status = () => collector('policy', 'status')
    assert.doesNotMatch((await status()).join('\n'), /appl(y|ies) policy/)
    publish(1)
    publish(2)
    assert.equal((await status()).at(-1), '0 of 4 devices apply policy 2, 4 not said yet')
    said('desk')
    // What stands there is the one before.
    said('laptop', { version: 1, ...refused })
    said('server', { version: 1, receivedVersion: 1 })
    const lines = await status()
    assert.equal(lines.at(-1), '1 of 4 devices applies policy 2, 1 failed, 2 not said yet')
    const row = lines.find((line) => line.startsWith(idOf('laptop')))
    assert.match(`${row}`, /policy 1: 2 failed \(agent-old\): It wants \\u\{1b\}\[2Jversion 9\./)
    withRegistry((registry) => registry.change(idOf('kiosk'), { standing: 'revoked' }))
    withRegistry((registry) => registry.change(idOf('laptop'), { standing: 'revoked' }))
    said('server')
    assert.equal((await status()).at(-1), '2 of 2 devices apply policy 2')
    // Whom nobody has admitted, and who never came, anybody with a token may have invented.
    withRegistry((registry) => {
      for (const name of ['kiosk', 'laptop'] as const)
        registry.change(idOf(name), { standing: 'quarantined' })
    })
    const end = '1 device that nobody has admitted and that never connected is not counted'
    assert.equal((await status()).at(-1), `2 of 3 devices apply policy 2, 1 failed; ${end}`)
    assert((await collector('devices', 'list')).at(-1)?.endsWith(end))
  })
})
