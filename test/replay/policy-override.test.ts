import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PolicyDocument } from '../../src/engine/policy.ts'
import { openSource } from '../../src/replay/open.ts'
import { replay } from '../../src/replay/replay.ts'
import { captureBlocks, joined } from '../capture/captures.ts'
import { Script } from '../engine/scenario.ts'

describe('replay: another policy', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'freshet-policy-'))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  /** Alerts opened when the script is replayed, under another policy or its own. */
  async function alertsOf(script: Script, policy?: PolicyDocument): Promise<string[]> {
    const path = join(directory, 'a.fcap')
    writeFileSync(path, joined(captureBlocks([script.bytes()])))
    const opened: string[] = []
    const source = await openSource(path, {})
    await replay(source, {
      ...(policy ? { policy } : {}),
      onFindings: (findings) => {
        for (const finding of findings)
          if (finding.kind === 'alert' && finding.alert.state === 'opened')
            opened.push(`${finding.alert.identity.name} ${finding.alert.policyVersion}`)
      },
    })
    return opened
  }

  const upload = (first: PolicyDocument): Script =>
    new Script()
      .policy(1, first)
      .start()
      .program({ pid: 100, path: '/tmp/strange' })
      .upload({ id: 1, total: 8_000_000 })
      .ticks(2)

  it('is in force in place of the recorded one, from the first record on', async () => {
    assert.deepEqual(await alertsOf(upload({})), ['strange 1'])
    assert.deepEqual(await alertsOf(upload({}), { version: 7 }), ['strange 7'])
    const listed = { hostWhitelist: ['203.0.113.0/24'] }
    assert.deepEqual(await alertsOf(upload(listed)), [])
    assert.deepEqual(await alertsOf(upload({}), { version: 8, ...listed }), [])
    assert.deepEqual(await alertsOf(upload(listed), { version: 9 }), ['strange 9'])
  })

  it('stays when another is recorded later', async () => {
    const script = upload({}).policy(2, { hostWhitelist: ['203.0.113.0/24'] })
    script
      .program({ pid: 101, path: '/tmp/second', sha: 'ac' })
      .upload({ id: 2, pid: 101, total: 8_000_000 })
    assert.deepEqual(await alertsOf(script), ['strange 1'])
    assert.deepEqual(await alertsOf(script, { version: 3 }), ['strange 3', 'second 3'])
  })

  it("leaves the agent's own processes the agent's", async () => {
    assert.deepEqual(await alertsOf(upload({ ownPids: [100] })), [])
    assert.deepEqual(await alertsOf(upload({ ownPids: [100] }), { version: 4 }), [])
    assert.deepEqual(await alertsOf(upload({ ownPids: [99] }), { version: 4 }), ['strange 4'])
  })
})
