// What the doctor passes on of what an agent says of its outbox and its policies.
import assert from 'node:assert/strict'
import type { AgentStatus } from '../../src/status/agent-status.ts'
import { diagnosed } from './facts.ts'
import { wellStatus } from './states.ts'

describe('the doctor, of what an agent tells', () => {
  it('finds an outbox ill whose disk takes nothing, whether or not anything waits for it', () => {
    const { outbox } = wellStatus()
    const found = (change: Partial<typeof outbox>) => {
      const [first] = diagnosed('outbox', {
        agent: wellStatus({ outbox: { ...outbox, ...change } }),
      }).found
      return [first?.result, first?.text]
    }
    assert.deepEqual(found({ items: 12, unwritten: 11, isRefused: true }), [
      'failure',
      'The agent’s disk takes nothing: 11 findings wait in memory, and would be lost with it.',
    ])
    assert.deepEqual(found({ isRefused: true }), [
      'failure',
      'The agent’s disk takes nothing: what is found waits in memory, and would be lost with it.',
    ])
    assert.equal(found({ isRefused: false })[0], 'ok')
  })

  it('says of policies what is in force, and warns of what does not hold', () => {
    const found = (policy?: NonNullable<AgentStatus['policy']>) =>
      diagnosed('policy', { agent: wellStatus(policy ? { policy } : {}) }).found.map(
        ({ result, text, remedy }) => `${result}: ${text} ${remedy}`.trim(),
      )
    assert.deepEqual(found(), ['ok: the built-in one'])
    const none = { source: 'built-in', version: 0 } as const
    const [noKey = ''] = found({
      ...none,
      refused: ['policy 6 does not hold: this agent was given no root key'],
    })
    assert.match(
      noKey,
      /^warning: the built-in one; policy 6 does not hold: this agent was given no root key\. .*--policy-key/,
    )
    assert.deepEqual(found({ source: 'pushed', version: 7, refused: [] }), [
      'ok: version 7, sent by the collector',
    ])
  })
})
