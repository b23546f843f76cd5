// Devices of a test's collector, as many as a swarm plays.
import { enrolMany, type SwarmIdentities } from '../../src/swarm/identities.ts'
import type { Fleet } from '../collector/enrolled.ts'

const NEVER = new AbortController().signal

/** `port`: of what stands between, when something does. */
export async function swarmOf(
  fleet: Fleet,
  count: number,
  port = fleet.door.port,
): Promise<SwarmIdentities> {
  const identities = await enrolMany({
    ...{ collector: fleet.door.url, pin: fleet.door.pin, token: fleet.token(), count },
    ...{ peer: { host: '127.0.0.1', port: fleet.door.port }, signal: NEVER },
  })
  return { ...identities, collector: `https://127.0.0.1:${port}` }
}
