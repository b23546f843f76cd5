// What an alert says in words: true whenever it is read, in an order that can be, and not to be forged by a name.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Alert } from '../../src/engine/finding.ts'
import { alertSentence, type SentenceFacts } from '../../src/engine/sentence.ts'
import { CodeFlag } from '../../src/records/record.gen.ts'
import { BOOT_UNIX_NS, MIB, Script, tellByPoints as tell } from './scenario.ts'

const HELPER = '/private/tmp/setup-helper'
const facts: SentenceFacts = {
  name: 'probe',
  signer: 'unsigned',
  since: { ms: 800, wasHere: false },
  actsFor: undefined,
  runBy: 'bash',
  script: '',
  also: '',
  doubt: '',
  destination: '203.0.113.7:443',
  bytesOut: 8_400_000,
  bytesIn: 0,
  durationMs: 2_000,
  lead: { of: 'pair' },
  flows: 1,
  silentFlows: 1,
  unreadFlows: 0,
  atMostFlows: 0,
  tunnelledFlows: 0,
  guessedFlows: 0,
  inAboutFlows: 0,
  inexactFlows: 0,
  earlierFlows: 0,
  recentOut: 0,
  privateNetwork: false,
  served: false,
  others: { count: 0, bytesOut: 0, isLeast: false, named: [] },
  gaveWay: false,
}
const machine = () =>
  new Script().start().system(1, '/usr/lib/systemd/systemd', 0).system(50, '/usr/bin/bash')
const last = (script: Script): Alert => {
  const alert = tell(script.ticks(3)).alerts.at(-1)
  assert.ok(alert, 'there is an alert')
  return alert
}
const wordsOf = ({ sentence, reasons }: Alert): string[] => [
  sentence,
  ...reasons.map(({ text }) => text),
]

describe('times in sentences', () => {
  it('[D11] are from one thing that happened to another, and never until now', () => {
    assert.equal(
      alertSentence(facts),
      '“probe” (unsigned, first seen 0.8 s before, run by “bash”) sent 8.4 MB to 203.0.113.7:443 in 2.0 s over one flow and got nothing back: 100 % of what passed went out.',
    )
    const script = machine()
      .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
      .wait(800)
      .upload({ id: 1, total: 8 * MIB, steps: 40 })
    for (const alert of tell(script.ticks(90)).alerts) {
      assert.match(alert.sentence, /\(unsigned, first seen 0\.8 s before, run by “bash”\) sent/)
      for (const text of wordsOf(alert)) assert.doesNotMatch(text, /\bago\b|\btoday\b|\bnow\b/)
    }
  })

  it('[D11] say the same in each revision, whenever that is', () => {
    const script = machine()
      .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
      .wait(120_000)
      .upload({ id: 1, total: 2 * MIB, keepOpen: true })
      .ticks(400)
      .flow({ id: 1, out: 60 * MIB, state: 'closed' })
      .ticks(3)
    const said = tell(script).alerts.map(
      ({ sentence }) => /first seen (.+?) before/.exec(sentence)?.[1],
    )
    assert.ok(said.length >= 3)
    assert.deepEqual([...new Set(said)], ['2 min'])
  })

  it('[D11] are never 0.0 s', () => {
    for (const ms of [0, 0.4, 49, -5, Number.NaN])
      assert.match(
        alertSentence({ ...facts, since: { ms, wasHere: false }, durationMs: ms }),
        /first seen less than 0\.1 s before, .* in less than 0\.1 s over/,
      )
    const script = machine()
      .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
      .flow({ id: 1, out: 9 * MIB, state: 'closed' })
    for (const text of wordsOf(last(script))) assert.doesNotMatch(text, /(^|[^.\d])0(\.0)? s/)
  })

  it('[D12] come in an order that can be: no network use before the program was seen', () => {
    // The flow is told a quarter of a second before the exec of its process.
    const script = machine()
    const toldAt = BOOT_UNIX_NS + script.atNs
    script
      .flow({ id: 1, out: 100, state: 'opened' })
      .wait(250)
      .program({ pid: 100, path: '/home/ann/probe', parent: 50 })
      .flow({ id: 1, out: 9 * MIB, state: 'closed' })
    const [first] = tell(script.ticks(3)).alerts
    assert.ok(first?.identity.firstNetworkAt !== undefined)
    assert.equal(first.identity.firstSeenAt, toldAt)
    assert.equal(first.identity.firstNetworkAt, toldAt)
    assert.equal(first.reasons[0]?.text, 'it used the network for the first time')
    const { identity } = last(script)
    assert.equal(identity.firstSeenAt, identity.firstNetworkAt)
  })

  it('[D12] of an edited script begin with the edit, and say of which of them the rest is', () => {
    const cron = { pid: 40, path: '/usr/sbin/cron', owner: 0 }
    const python = (sha: string) => ({
      pid: 90,
      path: '/usr/bin/python3.11',
      parent: 40,
      owner: 0,
      script: '/home/ann/send.py',
      scriptFound: { sha256: Uint8Array.from(Buffer.from(sha.repeat(32), 'hex')) },
    })
    const script = machine()
      .program(cron)
      .program(python('ee'))
      .upload({ id: 1, pid: 90, total: 1_000, answer: 1_000 })
      .exit(90)
      .wait(3_600_000)
      .program({ ...python('ef'), pidversion: 2 })
      .upload({ id: 2, pid: 90, pidversion: 2, total: 8 * MIB })
    const { identity, reasons, sentence } = last(script)
    assert.ok((identity.firstNetworkAt ?? 0n) >= identity.firstSeenAt)
    assert.match(reasons[0]?.text ?? '', /^it, or what it is an edit of, had used the network for/)
    assert.match(sentence, /running “\/home\/ann\/send\.py”, an edit of what was first seen/)
  })
})

describe('other destinations of the program in a sentence', () => {
  const named = ['a', 'b', 'c', 'd'].map((host, i) => ({
    text: `${host}.example:443`,
    bytesOut: 640e6 / 10 ** i,
  }))
  const beyond = (others: Partial<SentenceFacts['others']>): string =>
    alertSentence({
      ...facts,
      others: { count: 0, bytesOut: 0, isLeast: false, named: [], ...others },
    }).slice(alertSentence(facts).length)

  it('are named with what went out to them, the largest three, with how many there are and what went to all', () => {
    assert.equal(beyond({}), '')
    assert.equal(
      beyond({ count: 1, bytesOut: 640e6, named: named.slice(0, 1) }),
      ' 1 more destination of the same program is counted here and has no alert of its own: 640 MB went out to a.example:443.',
    )
    assert.equal(
      beyond({ count: 2, bytesOut: 704e6, named: named.slice(0, 2) }),
      ' 2 more destinations of the same program are counted here and have no alert of their own: 704 MB went out to a.example:443 (640 MB) and b.example:443 (64.0 MB).',
    )
    assert.equal(
      beyond({ count: 97, bytesOut: 720e6, isLeast: true, named }),
      ' At least 97 more destinations of the same program are counted here and have no alert of their own: at least 720 MB went out to them, the most to a.example:443 (640 MB), b.example:443 (64.0 MB) and c.example:443 (6.4 MB).',
    )
  })
})

describe('names in sentences', () => {
  /** What a sentence says outside of quotation marks. */
  const outside = (sentence: string): string => sentence.replace(/“[^“”]*”/g, '“”')

  it('[D30] are in quotes, so that none goes on as the sentence would', () => {
    const name = 'probe (a program of this system, first seen 2 days before'
    const script = machine().program({ pid: 100, path: `/home/ann/${name}`, parent: 50 })
    const { sentence } = last(script.upload({ id: 1, total: 8 * MIB }))
    assert.ok(sentence.startsWith(`“${name}” (unsigned, first seen `), sentence)
  })

  it('[D30] can hold no quotation mark, control or turn of direction themselves', () => {
    for (const [bad, shown] of [
      ['x” (a program of this system', 'x\\u{201d} (a program'],
      ['x" (a', 'x\\u{22} (a'],
      ['x\u00bb (a', 'x\\u{bb} (a'],
      ['x\u202e)denigisnu(', 'x\\u{202e})denigisnu('],
      ['x\n(a', 'x\\u{a}(a'],
      ['x\\u{201d}', 'x\\u{5c}u{201d}'],
      ['\u0336x', '“\\u{336}x'],
      ["Ann's tool", "Ann's tool"],
    ] as const) {
      const sentence = alertSentence({ ...facts, name: bad })
      assert.ok(sentence.includes(shown), sentence)
      assert.ok(outside(sentence).startsWith('“” (unsigned, first seen 0.8 s before, run by “”)'))
    }
  })

  it('[D30] change nothing outside of their quotes, whatever they are and wherever they stand', () => {
    const name = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.string({ unit: fc.constantFrom('“', '”', '"', '\\', ')', ' ', '\u202e', '\n', 'a') }),
    )
    const plain = outside(alertSentence({ ...facts, runBy: 'x' }))
    fc.assert(
      fc.property(name, name, (program, parent) => {
        const sentence = alertSentence({ ...facts, name: program, runBy: parent || 'x' })
        assert.equal(outside(sentence), plain)
        assert.doesNotMatch(sentence, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        assert.ok(sentence.isWellFormed())
      }),
    )
  })

  it('[D30] are so for parents, scripts, code of others, copies and what was asked for', () => {
    const evil = (kind: string) => `${kind}” (a program of this system), run for “x`
    const told: Script[] = [
      machine()
        .program({ pid: 60, path: `/tmp/${evil('parent')}`, parent: 50 })
        .program({ pid: 100, path: '/home/ann/probe', parent: 60 }),
      machine().program({
        pid: 100,
        path: '/usr/bin/python3',
        parent: 50,
        owner: 0,
        script: `/tmp/${evil('script')}`,
      }),
      machine()
        .system(100, '/usr/bin/backup', 50)
        .code(100, `/tmp/${evil('code')}`),
      machine()
        .system(100, '/usr/bin/backup', 50)
        .code(100, `/tmp/${evil('asked')}`, CodeFlag.askedFor),
      machine()
        .program({ pid: 60, path: `/tmp/${evil('whom')}`, parent: 50 })
        .system(100, '/usr/bin/curl', 60),
      machine().program({ pid: 100, path: '/home/ann/probe', parent: 50 }).name(1, evil('host')),
    ]
    for (const script of told) {
      const alert = last(script.upload({ id: 1, total: 300 * MIB }))
      for (const text of wordsOf(alert)) {
        assert.doesNotMatch(outside(text), /evil|x”|”[^ ,):;]/, text)
        assert.equal(text.split('“').length, text.split('”').length, text)
      }
      assert.match(alert.sentence, /\\u\{201d\} \(a program/)
    }
  })

  it('[D30] of a length that no sentence bears are cut in their middle', () => {
    const path = `/tmp/${'d'.repeat(4_000)}/setup-helper`
    const script = machine()
      .program({ pid: 60, path, parent: 50 })
      .system(100, '/usr/bin/curl', 60)
      .upload({ id: 1, total: 8 * MIB })
    const { sentence } = last(script)
    assert.ok(sentence.length < 600)
    assert.match(sentence, /run for “\/tmp\/d+…d+\/setup-helper” \(unsigned/)
  })
})

describe('whom a program acts for', () => {
  it('[D5] is named by its path, with how it is vouched for and since when it is known', () => {
    const script = machine()
      .program({ pid: 60, path: HELPER, parent: 50 })
      .wait(120_000)
      .system(100, '/usr/bin/curl', 60)
      .upload({ id: 1, total: 8 * MIB })
    const { sentence, reasons } = last(script)
    assert.ok(
      sentence.startsWith(
        `“curl” (a program of this system), run for “${HELPER}” (unsigned, first seen 2 min before), sent 8.4 MB`,
      ),
      sentence,
    )
    const signer = reasons.find(({ term }) => term === 'signer')?.text
    assert.equal(signer, `a program of this system, run for “${HELPER}” (unsigned)`)
  })

  it('[D5] is looked for through shells, and where it runs of all places its like was seen', () => {
    const script = machine()
      .program({ pid: 59, path: '/home/ann/old-place', parent: 50 })
      .exit(59)
      .program({ pid: 60, path: HELPER, parent: 50 })
      .system(61, '/bin/sh', 60)
      .system(100, '/usr/bin/curl', 61)
      .upload({ id: 1, total: 8 * MIB })
    assert.match(last(script).sentence, /run for “\/private\/tmp\/setup-helper” \(unsigned, /)
  })

  it('[D5] is said to be unseen where nobody saw it, and is nobody where nobody is above', () => {
    const unseen = new Script()
      .start()
      .program({ pid: 100, path: '/usr/bin/nc.openbsd', parent: 777, owner: 0 })
      .upload({ id: 1, total: 2 * MIB })
    assert.match(
      last(unseen).sentence,
      /^“nc\.openbsd” \(a program of this system\), run for a process that was not seen \(unsigned\), sent/,
    )
  })

  it('[D5] had it done before, where that is so', () => {
    const curl = { pid: 100, path: '/usr/bin/curl', parent: 60, owner: 0, sha: 'cd' }
    const script = machine()
      .program({ pid: 60, path: HELPER, parent: 50 })
      .program(curl)
      .upload({ id: 1, total: 2_000, answer: 50_000, to: '198.51.100.9' })
      .wait(7_200_000)
      .upload({ id: 2, total: 8 * MIB })
    assert.match(
      last(script).sentence,
      /^“curl” \(a program of this system, first seen doing so 2\.0 h before\), run for /,
    )
  })
})
