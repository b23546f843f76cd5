// A baseline that knows much: 100,000 programs and a million destinations of theirs.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StoredDestination, StoredIdentity } from '../src/baseline/baseline.ts'
import { openBaseline } from '../src/baseline/sqlite.ts'
import type { UnixNs } from '../src/units.ts'
import type { Bench, Row } from './row.ts'

const IDENTITIES = 100_000
const DESTINATIONS_EACH = 10
const HOSTS = 50_000
const LOOKUPS = 20_000
const COMMITS = 50
const COMMIT_ROWS = 100
const BATCH_ROWS = 20_000
const AT = 1_790_000_000_000_000_000n

const at = (number: number): UnixNs => (AT + BigInt(number)) as UnixNs
const keyOf = (number: number): string =>
  `unsigned:sha256:${(number * 2_654_435_761).toString(16).padStart(64, '0')}`

const identity = (number: number): StoredIdentity => ({
  key: keyOf(number),
  signerClass: 'unsigned',
  name: `tool-${number}`,
  path: `/home/ann/work/target/debug/tool-${number}`,
  sha256: keyOf(number).slice(16),
  signingId: '',
  teamId: '',
  cdhash: '',
  firstExecAt: at(number),
  firstNetworkAt: at(number + 1),
  lastSeenAt: at(number + 2),
  daysActive: 3,
  lastActiveDay: 20_717,
  history: '1 497221 497222 0 0 92:3 95:7 96:11 97:8 101:2',
})

const destination = (number: number): StoredDestination => ({
  identityKey: keyOf(Math.floor(number / DESTINATIONS_EACH)),
  destinationKey: `host-${(number * 7_919) % HOSTS}.example.org:443`,
  firstAt: at(number),
  lastAt: at(number),
})

const millis = (work: () => void): number => {
  const began = performance.now()
  work()
  return performance.now() - began
}
const rounded = (value: number): number => Math.round(value * 100) / 100

async function large(): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-baseline-'))
  const path = join(directory, 'baseline.db')
  try {
    const first = openBaseline(path, { now: at(0) }).baseline
    for (let number = 0; number < IDENTITIES; number++) {
      first.putIdentity(identity(number))
      for (let i = 0; i < DESTINATIONS_EACH; i++)
        first.putDestination(destination(number * DESTINATIONS_EACH + i))
      if (number % (BATCH_ROWS / DESTINATIONS_EACH) === 0) first.commit()
    }
    first.commit()
    first.close()
    let opened: ReturnType<typeof openBaseline> | undefined
    const openMs = millis(() => {
      opened = openBaseline(path, { now: at(0) })
    })
    const baseline = opened?.baseline
    if (baseline?.counts().destinations !== IDENTITIES * DESTINATIONS_EACH)
      throw new Error('the baseline did not keep all')
    // Far apart, so that none is in memory yet.
    const lookupMs = millis(() => {
      for (let i = 0; i < LOOKUPS; i++) {
        const number = (i * 7_919) % IDENTITIES
        const { identityKey, destinationKey } = destination(number * DESTINATIONS_EACH)
        if (!baseline.identity(keyOf(number))) throw new Error('an identity is missing')
        if (!baseline.destination(identityKey, destinationKey))
          throw new Error('a destination is missing')
      }
    })
    const commits: number[] = []
    for (let commit = 0; commit < COMMITS; commit++) {
      for (let i = 0; i < COMMIT_ROWS; i++) {
        const number = (commit * 1_009 + i * 101) % IDENTITIES
        baseline.putIdentity({ ...identity(number), lastSeenAt: at(9) })
      }
      commits.push(millis(() => baseline.commit()))
    }
    baseline.close()
    const name = 'engine baseline of 100,000 programs and 1,000,000 destinations:'
    const commitMs = commits.sort((a, b) => a - b)[Math.floor(COMMITS * 0.9)] as number
    const lookupUs = (lookupMs * 1000) / LOOKUPS
    return [
      {
        name: `${name} a program and a destination looked up`,
        value: rounded(lookupUs),
        unit: 'us',
        target: 'at most 200',
        met: lookupUs <= 200,
      },
      {
        name: `${name} commit of ${COMMIT_ROWS} changes, p90`,
        value: rounded(commitMs),
        unit: 'ms',
        target: 'at most 50',
        met: commitMs <= 50,
      },
      { name: `${name} opened, every page checked`, value: Math.round(openMs), unit: 'ms' },
      { name: `${name} file`, value: Math.round(statSync(path).size / 1e6), unit: 'MB' },
    ]
  } finally {
    rmSync(directory, { recursive: true })
  }
}

export const baselineBenches: Bench[] = [{ name: 'engine baseline', run: large }]
