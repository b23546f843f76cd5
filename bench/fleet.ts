// A collector of ten thousand machines over mutual TLS: what it costs in memory, how long all take that come back at once
// beside a bare TLS server of Node's, how long a policy takes to reach all of them, and whether anything is lost.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import type { CollectorReady } from '../src/cli/collector.ts'
import { openAuthority } from '../src/collector/fleet/authority.ts'
import { Policies } from '../src/collector/fleet/policies.ts'
import { openPoliciesFile, POLICIES_FILE } from '../src/collector/fleet/policies-file.ts'
import { isRefused, Registry } from '../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../src/collector/fleet/registry-file.ts'
import { descriptorLimit } from '../src/host/descriptors.ts'
import { makePrivateKey, privateKeyOf, publicHexOf } from '../src/policy/keys.ts'
import { signPolicy } from '../src/policy/signed.ts'
import { AGENT_ALPN } from '../src/stream/codec.ts'
import type { SwarmIdentities } from '../src/swarm/identities.ts'
import { isWhole, LOAD, runSwarm } from '../src/swarm/swarm.ts'
import { generatedOf, quantile, type Tally } from '../src/swarm/tally.ts'
import { makeKey, readRequest, requestOf } from '../src/trust/certificates.ts'
import { fingerprintOf, pemOf, pinOfKey } from '../src/trust/pin.ts'
import { nowUnixNs, unixNs } from '../src/units.ts'
import { storedIn } from './fleet-stored.ts'
import type { Bench, Row } from './row.ts'

const AGENTS = Number(process.env['FRESHET_BENCH_AGENTS'] ?? 10_000)
/** A gigabyte as memory is sold, and limited (systemd's MemoryMax=1G). */
const RSS_MIB_MAX = 1024
const RETURN_S_MAX = 60
const RETURN_RATIO_MAX = 1.5
const POLICY_S_MAX = 10
/** After the storm the policy is published at the latest, whoever is not back yet. */
const PUBLISHED_AFTER_MS = 2 * RETURN_S_MAX * 1000
/** From that on findings flow for so long where an agent does not apply it. */
const APPLIED_IN_MS = 60_000
/** What ships, where it was built: from source, each thread of the collector holds what strips its types, too. */
const bundle = fileURLToPath(new URL('../dist/freshet.mjs', import.meta.url))
const isBundled = existsSync(bundle)
const cli = isBundled ? bundle : fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const bareServer = fileURLToPath(new URL('./fleet-bare.ts', import.meta.url))

/** Devices as enrolment would make them, without its rate: their certificates, and the registry that knows them. */
async function seed(directory: string, count: number): Promise<Omit<SwarmIdentities, 'collector'>> {
  const authority = await openAuthority(directory, Date.now())
  const registry = new Registry(openRegistryFile(join(directory, REGISTRY_FILE), () => {}))
  try {
    const now = nowUnixNs()
    const { secret } = registry.makeToken(
      { label: 'bench', group: 'bench', usesMax: undefined, expiresAt: undefined },
      now,
    )
    const devices: SwarmIdentities['devices'] = []
    for (let number = 0; number < count; number++) {
      const tail = number.toString(16).padStart(12, '0')
      const deviceId = `0f8fad5b-d9cb-469f-a165-${tail}`
      const hardware = `${tail}`.padStart(64, 'a')
      const key = makeKey()
      const request = await readRequest(await requestOf(key, deviceId))
      const { der, notAfterMs } = await authority.issue(request, Date.now())
      const notAfter = unixNs(BigInt(notAfterMs) * 1_000_000n, 'notAfter')
      const known = registry.enrol(
        secret,
        { deviceId, hardware, key: pinOfKey(request.publicKey), shown: undefined },
        { fingerprint: fingerprintOf(der), notAfter },
        now,
      )
      if (isRefused(known)) throw new Error(known.error)
      devices.push({ deviceId, hardware, key, certificate: pemOf('CERTIFICATE', der) })
    }
    return { authorities: authority.trusted, devices }
  } finally {
    registry.close()
  }
}

function started(args: string[]): ChildProcess {
  return spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

const portOf = (child: ChildProcess): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('message', (ready: Pick<CollectorReady, 'port'>) => resolve(ready.port))
    child.once('exit', (status) => reject(new Error(`it ended (${status}) before it listened`)))
  })

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await over
}

/** In MiB: what /proc calls kB are KiB (proc_pid_status(5)). */
const residentOf = ({ pid }: ChildProcess): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

/** From the first connection to the answer on the last, over a server that does nothing else, and what it then holds. */
async function bare(
  { authorities, devices }: Omit<SwarmIdentities, 'collector'>,
  directory: string,
): Promise<{ seconds: number; mebibytes: number }> {
  const server = started([bareServer, directory])
  const sockets: TLSSocket[] = []
  try {
    const port = await portOf(server)
    const beganMs = performance.now()
    await Promise.all(
      devices.map(
        ({ key, certificate }) =>
          new Promise<void>((resolve, reject) => {
            const socket = connect({
              ...{ host: '127.0.0.1', port, key, cert: certificate, ca: authorities },
              ...{ minVersion: 'TLSv1.3', ALPNProtocols: [AGENT_ALPN] },
            })
            sockets.push(socket)
            socket.once('error', reject)
            socket.once('data', () => resolve())
            socket.once('secureConnect', () => socket.write('?'))
          }),
      ),
    )
    return { seconds: (performance.now() - beganMs) / 1000, mebibytes: residentOf(server) }
  } finally {
    for (const socket of sockets) {
      socket.on('error', () => {})
      socket.destroy()
    }
    await ended(server)
  }
}

async function fleet(): Promise<Row[]> {
  const most = (descriptorLimit() ?? 0) - 200
  if (most < AGENTS) throw new Error(`a process may have ${most} connections: raise \`ulimit -n\``)
  const directory = mkdtempSync(join(tmpdir(), 'freshet-bench-fleet-'))
  const state = join(directory, 'collector')
  let collector: ChildProcess | undefined
  try {
    const seeded = await seed(state, AGENTS)
    const rival = await bare(seeded, state)
    const listen = ['--listen', '127.0.0.1:0', '--tls', '--name', '127.0.0.1']
    collector = started([cli, 'collector', ...listen, '--user', 'root', '--state', directory])
    const port = await portOf(collector)
    const identities = { ...seeded, collector: `https://127.0.0.1:${port}` }
    const signer = privateKeyOf(makePrivateKey())
    const policyKey = publicHexOf(signer)
    const ending = new AbortController()
    let cutSeenMs: number | undefined
    let publishedMs: number | undefined
    let connectedMib = 0
    let stormMib = 0
    let wereAllThere = false
    const process_ = collector
    const tally: Tally = await runSwarm({
      ...{ identities, firstNumber: 0, policyKey, signal: ending.signal },
      load: {
        ...{ ...LOAD, connectsPerSecond: 500, perAgentHour: 180, forMs: 120_000, storms: 1 },
        ...{ againShare: 0.1, drainMs: 120_000 },
      },
      onTick(sofar) {
        const rssMib = residentOf(process_)
        if (sofar.cut === 0) connectedMib = Math.max(connectedMib, rssMib)
        // Then it holds handshakes beside connections, and what those left that were cut.
        else stormMib = Math.max(stormMib, rssMib)
        wereAllThere ||= sofar.connected === AGENTS
        if (sofar.cut === 0 || publishedMs !== undefined) return
        cutSeenMs ??= performance.now()
        // Once all are back from the storm, while findings flow.
        const isLate = performance.now() - cutSeenMs >= PUBLISHED_AFTER_MS
        if (sofar.connected < AGENTS && !isLate) return
        publishedMs = Date.now()
        publish(state, policyKey, signer)
      },
      goesOn: (sofar) =>
        sofar.cut > 0 &&
        (publishedMs === undefined ||
          (sofar.policies['1']?.agents !== AGENTS && Date.now() - publishedMs < APPLIED_IN_MS)),
    })
    // In good order: what it had in its hands it has stored.
    await ended(collector)
    const stored = storedIn(join(state, 'store.db'))
    const policy = tally.policies['1']
    const returnS = (quantile(tally.returned, 1) ?? Number.POSITIVE_INFINITY) / 1000
    // Of those that it came into force on; where that is nobody it takes for ever.
    const policyS =
      policy && publishedMs !== undefined
        ? (policy.lastMs - publishedMs) / 1000
        : Number.POSITIVE_INFINITY
    const made = generatedOf(tally)
    const agents = `${AGENTS} agents`
    const server = 'bare TLS server of node'
    return [
      {
        ...{
          name: `fleet resident at most, ${agents} connected`,
          value: connectedMib,
          unit: 'MiB',
        },
        ratio: connectedMib / rival.mebibytes,
        rival: `${server}, ${rival.mebibytes.toFixed(0)} MiB${isBundled ? '' : '; ours from source, not the bundle in dist/'}`,
        target: `at most ${RSS_MIB_MAX}`,
        met: wereAllThere && connectedMib <= RSS_MIB_MAX,
      },
      { name: 'fleet resident at most, from the cut on', value: stormMib, unit: 'MiB' },
      {
        ...{ name: `fleet return of ${agents} that were cut at once`, value: returnS, unit: 's' },
        ...{ ratio: returnS / rival.seconds, rival: `${server}, ${rival.seconds.toFixed(1)} s` },
        target: `at most ${RETURN_S_MAX} s or ${RETURN_RATIO_MAX}x`,
        met:
          tally.cut >= AGENTS * 0.99 &&
          sum(tally.returned) === tally.cut &&
          (returnS <= RETURN_S_MAX || returnS / rival.seconds <= RETURN_RATIO_MAX),
      },
      {
        ...{ name: `fleet policy in force on ${policy?.agents ?? 0} agents`, value: policyS },
        ...{ unit: 's', target: `on all in ${POLICY_S_MAX}` },
        met: policy?.agents === AGENTS && policyS <= POLICY_S_MAX,
      },
      {
        name: `fleet items not in the store, of ${made} made, ${tally.sentAgain} of them sent twice`,
        ...{ value: made - stored.items, unit: 'items', target: 'none, and no alert twice' },
        // A row is of one that was stored or refused: none was, and alerts are there with their bodies.
        met: isWhole(tally) && stored.items === made && stored.alerts === tally.generated.alert,
      },
      {
        name: 'fleet acknowledgement, 99 of 100 within, storm included',
        ...{ value: quantile(tally.latency, 0.99) ?? Number.NaN, unit: 'ms' },
      },
    ]
  } finally {
    if (collector) await ended(collector)
    rmSync(directory, { recursive: true, force: true })
    await pause(0)
  }
}

const sum = (counts: readonly number[]): number => counts.reduce((all, count) => all + count, 0)

function publish(state: string, rootKey: string, signer: ReturnType<typeof privateKeyOf>): void {
  const now = nowUnixNs()
  const signed = signPolicy(
    {
      ...{ kind: 'policy', version: 1, madeAt: now, leastAgent: '', target: {} },
      ...{ notAfter: unixNs(now + 86_400_000_000_000n, 'notAfter') },
      content: '{"hostWhitelist":["198.51.100.0/24"]}',
    },
    signer,
  )
  const policies = new Policies(openPoliciesFile(join(state, POLICIES_FILE), () => {}))
  policies.publish(signed, { rootKey, sharePercent: 100, now })
  policies.close()
}

export const benches: Bench[] = [{ name: 'fleet', run: fleet }]
