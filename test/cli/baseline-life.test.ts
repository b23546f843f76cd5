// What `freshet baseline show` draws of a program's life.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredIdentity } from '../../src/baseline/baseline.ts'
import { emptyHistory, endHour, writeHistory } from '../../src/baseline/history.ts'
import { putNetworkNames } from '../../src/baseline/network-names.ts'
import { openBaseline, type SqliteBaseline } from '../../src/baseline/sqlite.ts'
import { turnUsual } from '../../src/baseline/usual.ts'
import { runBaselineShow } from '../../src/cli/baseline.ts'
import type { Bytes, UnixNs } from '../../src/units.ts'
import { unixNs } from '../../src/units.ts'
import { destinationOf, identityOf } from '../baseline/identities.ts'

const at = (text: string): UnixNs => unixNs(BigInt(Date.parse(text)) * 1_000_000n, 'at')
const BORN = at('2026-03-02T10:00:00Z')
const KEY = identityOf(1).key

/** Ten hours of 2 kB, twenty of 50 kB, one of 3 MB; then one that is not over. */
function history(): string {
  const own = emptyHistory()
  const sent = [...Array<number>(10).fill(2_000), ...Array<number>(20).fill(50_000), 3_000_000]
  for (const [index, bytes] of sent.entries()) {
    own.hour = 492_000 + index
    own.hourOut = bytes
    endHour(own)
  }
  own.hour = 492_100
  own.hourOut = 4_500
  turnUsual(own.usual, 20_500)
  Object.assign(own.usual, { hard: 1_000_000, soft: 2_000_000 })
  turnUsual(own.usual, 20_504)
  return writeHistory(own)
}

const lived = (): StoredIdentity => ({
  ...identityOf(1),
  firstExecAt: unixNs(BORN - 1n, 'first'),
  firstNetworkAt: at('2026-03-02T10:00:05Z'),
  lastSeenAt: at('2026-03-20T09:00:00Z'),
  daysActive: 12,
  lastActiveDay: 20_532,
  history: history(),
})

describe('freshet baseline show', () => {
  let state: string
  beforeEach(() => {
    state = mkdtempSync(join(tmpdir(), 'freshet-life-'))
    mkdirSync(join(state, 'agent'), { mode: 0o700 })
  })
  afterEach(() => rmSync(state, { recursive: true }))

  const fill = (put: (baseline: SqliteBaseline) => void): void => {
    const { baseline } = openBaseline(join(state, 'agent/baseline.db'), { now: BORN })
    baseline.setBornAt(BORN)
    put(baseline)
    baseline.commit()
    baseline.close()
  }
  const shown = async (json = false): Promise<string[]> => {
    const lines: string[] = []
    const out = { write: (text: string) => lines.push(text.trimEnd()) }
    assert.equal(await runBaselineShow(KEY, { state, json }, out), 0)
    return lines
  }

  it('draws when it ran and used the network, what it sends in an hour and a day, and where to', async () => {
    fill((baseline) => {
      baseline.putIdentity(lived())
      baseline.putDestination(destinationOf(1, 1))
    })
    assert.deepEqual((await shown()).slice(4, -2), [
      '  first run      before 2026-03-02T09:59:59Z, when Freshet first looked',
      '  first network  2026-03-02T10:00:05Z',
      '  last seen      2026-03-20T09:00:00Z',
      '  active days    12, the last 2026-03-20',
      // To 5 %, as hours are kept.
      '  ordinary hour  about 51.9 kB out, eight of ten between 1.9 kB and 51.9 kB',
      '  last hour      4.5 kB out, in the hour of 2026-02-20T04:00:00Z',
      '  usual day      at most 1.0 MB beyond what came back, 2.0 MB beyond half of it, in the weeks before 2026-02-20; on that day 0 B and 0 B',
      '  slow drip      2.5 deviations above ordinary',
      '  sending hours  31',
      '    from 1.0 kB  ████████████ 10 hours',
      '    from 10.0 kB ████████████████████████ 20 hours',
      '    from 100 kB  0 hours',
      '    from 1.0 MB  ██ 1 hour',
    ])
  })

  it('says of one that has sent nothing no more than that', async () => {
    fill((baseline) => baseline.putIdentity({ ...identityOf(1), firstExecAt: BORN }))
    const lines = await shown()
    assert.ok(lines.includes('  first run      2026-03-02T10:00:00Z'))
    assert.ok(lines.includes('  sending hours  none yet'))
    assert.ok(!lines.some((line) => /ordinary|usual|drip|its name|same path|before/.test(line)))
  })

  it('says what macOS knew of its name, what else ran from its path, and how many destinations there are', async () => {
    fill((baseline) => {
      const name = { name: 'tool-1', firstAt: at('2026-01-02T03:04:05Z'), lastAt: BORN }
      putNetworkNames(baseline, [{ ...name, sent: 4_200_000 as Bytes }])
      baseline.putIdentity(identityOf(1))
      for (let number = 100; number < 125; number++)
        baseline.putIdentity({ ...identityOf(number), path: identityOf(1).path })
      for (let number = 0; number < 1_002; number++)
        baseline.putDestination(destinationOf(1, number))
    })
    const lines = await shown()
    assert.ok(
      lines.includes(
        '  its name       "tool-1" used the network from 2026-01-02T03:04:05Z to 2026-03-02T10:00:00Z with 4.2 MB sent, as macOS had it when Freshet came; another program may have borne it',
      ),
      lines.slice(0, 12).join('\n'),
    )
    assert.ok(lines.includes('  same path      25 other programs ran from there'))
    assert.ok(lines.includes('    and 5 more, first run before these'))
    assert.equal(lines.filter((line) => /^ {4}.* unsigned:sha256:/.test(line)).length, 20)
    assert.ok(lines.includes('  destinations   1002'))
    assert.equal(lines.at(-1), '    and 2 more, used before these')
    const json = JSON.parse((await shown(true)).join(''))
    assert.deepEqual(
      [json.named.sent, json.versionsInAll, json.versions.length, json.destinationsInAll],
      [4_200_000, 25, 20, 1_002],
    )
    assert.equal(json.wasHere, false)
  })
})
