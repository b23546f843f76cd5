// A collector as simulate asks it, whose answers the test writes.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type {
  AlertDetail,
  DeviceInfo,
  IdentitySummary,
} from '../../src/collector/views/page-api.ts'

export const KEY = 'the-page-key'

export const live = (records: number, flows: number): DeviceInfo => ({
  id: 'd1',
  hostname: 'host',
  os: 'linux',
  osVersion: '',
  hardware: '',
  arch: 'x64',
  agentVersion: '0',
  connected: true,
  firstSeenAt: '1',
  lastSeenAt: '1',
  lastSequence: 1,
  live: {
    at: '1',
    records,
    execs: 0,
    flows,
    processes: 1,
    openFlows: 0,
    identities: 1,
    bytesOut: 0,
    bytesIn: 0,
    unattributedFlows: 0,
    lost: 0,
    outboxItems: 0,
    outboxEvicted: 0,
    alerts: 0,
    degraded: '',
    top: [],
  },
})

export const identity = (
  path: string,
  sha256: string,
  firstNetworkAt: string,
): IdentitySummary => ({
  key: `unsigned:sha256:${sha256}`,
  signerClass: 'unsigned',
  name: 'upload',
  path,
  sha256,
  signingId: '',
  teamId: '',
  cdhash: '',
  firstSeenAt: '1',
  firstNetworkAt,
  device: { id: 'd1', hostname: 'host' },
  firstProcess: {
    pid: 1,
    path,
    script: '',
    scriptSha256: '',
    scriptFrom: '',
    foreignCode: [],
    foreignCodeMore: false,
    uid: 0,
    user: '',
    startedAt: '0',
    identityKey: '',
    socketsBy: '',
    arguments: null,
  },
  destinations: 0,
})

export const alert = (path: string, sha256: string, change: Partial<AlertDetail>): AlertDetail => ({
  id: 'a'.repeat(32),
  revision: 1,
  triage: null,
  triageHistory: [],
  state: 'opened',
  severity: 'medium',
  score: 80,
  sentence: 'upload sent much and got nothing back',
  openedAt: '1',
  updatedAt: '1',
  storedAt: '1',
  device: { id: 'd1', hostname: 'host' },
  user: 'root',
  application: { key: `unsigned:sha256:${sha256}`, name: 'upload', path, signerClass: 'unsigned' },
  destination: { key: 'k', address: '127.0.0.1', port: 1, hostname: '' },
  bytesOut: 0,
  bytesIn: 0,
  flows: 1,
  actor: { as: 'itself', path, script: '' },
  group: '0'.repeat(16),
  reasons: [
    {
      term: 'novelty',
      points: 30,
      value: 0,
      threshold: 0,
      unit: 's',
      text: 'first network use now',
    },
  ],
  identity: identity(path, sha256, '1'),
  chain: [],
  silentFlows: 1,
  unreadFlows: 0,
  atMostFlows: 0,
  tunnelledFlows: 0,
  guessedFlows: 0,
  inAboutFlows: 0,
  listedFlows: null,
  largestFlow: { bytesOut: 0, bytesIn: 0, pcr: 1 },
  timeline: { startAt: '1', bucketMs: 1000, bytesOut: [], bytesIn: [] },
  policyVersion: 0,
  reference: '0123456789abcdef',
  techniques: [],
  responsibleKey: '',
  doubt: '',
  revisions: [],
  ...change,
})

/** What the collector says once the program named here has been printed. */
export type Script = {
  devices: () => DeviceInfo[]
  alert: (seen: Seen) => AlertDetail | undefined
  identity: (seen: Seen) => IdentitySummary | undefined
}
export type Seen = { path: string; sha256: string; sent: number | undefined; lines: string[] }

/** Answers with what `script` says of `seen`, to who shows KEY. */
export async function pretendCollector(script: () => Script, seen: () => Seen) {
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const { pathname } = new URL(request.url ?? '', 'http://collector')
    if (request.headers.authorization !== `Bearer ${KEY}`) return answer(401, { error: 'no key' })
    if (pathname === '/api/devices') return answer(200, { devices: script().devices() })
    if (pathname === '/api/identities') {
      const one = script().identity(seen())
      return answer(200, { identities: one ? [one] : [], total: one ? 1 : 0 })
    }
    const one = script().alert(seen())
    if (pathname === '/api/alerts')
      return answer(200, { alerts: one ? [one] : [], total: one ? 1 : 0 })
    if (one && pathname === `/api/alerts/${one.id}`) return answer(200, one)
    return answer(404, { error: `no ${pathname}` })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  assert.ok(bound !== null && typeof bound !== 'string')
  return { server, url: `http://127.0.0.1:${bound.port}` }
}
