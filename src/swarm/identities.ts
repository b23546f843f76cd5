// The devices that a swarm plays: enrolled by a token once, and kept in a file for the next time.
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { readStateFile, StateFileError, writeStateFile } from '../state-file.ts'
import { EnrolError, enrol, type Peer } from '../stream/enrol.ts'
import { makeKey, requestOf } from '../trust/certificates.ts'
import { VERSION } from '../version.ts'

export type SwarmDevice = { deviceId: string; hardware: string; key: string; certificate: string }

/** Of one collector, `https://host:port`; PEM. */
export type SwarmIdentities = {
  collector: string
  authorities: string[]
  devices: SwarmDevice[]
}

/** Requests under way at once, and how long a collector that has too many is left alone. */
const AT_ONCE = 16
const BUSY_MS = 1000
/** Of 100,000 devices. */
const FILE_BYTES_MAX = 256 * 1024 * 1024

export type EnrolManyOptions = {
  /** As the file names it, and as it is asked. */
  collector: string
  peer: Peer
  pin: string
  token: string
  count: number
  signal: AbortSignal
  /** Gets those that are enrolled, also where it rejects: the collector knows them, and nobody else has their keys. */
  found?: SwarmIdentities
}

/**
 * Rejects with EnrolError when one is refused, AbortError when `signal` says so: once all are through. Of the few at once each
 * ends at its own refusal.
 */
export async function enrolMany(options: EnrolManyOptions): Promise<SwarmIdentities> {
  const { collector, count, signal } = options
  const { found = { collector, authorities: [], devices: [] } } = options
  let begun = 0
  const work = async (): Promise<void> => {
    while (begun < count) {
      const number = begun++
      const { device, authorities } = await enrolOne(options, number)
      found.authorities = authorities
      found.devices.push(device)
    }
  }
  const all = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, count) }, work))
  for (const one of all) if (one.status === 'rejected') throw one.reason
  signal.throwIfAborted()
  return found
}

async function enrolOne(
  { peer, pin, token, signal }: EnrolManyOptions,
  number: number,
): Promise<{ device: SwarmDevice; authorities: string[] }> {
  const deviceId = randomUUID()
  const hardware = randomBytes(32).toString('hex')
  const key = makeKey()
  const request = {
    ...{ token, request: await requestOf(key, deviceId), hardware },
    ...{ agentVersion: VERSION, host: hostOf(number) },
  }
  for (;;) {
    signal.throwIfAborted()
    try {
      const { certificate, authorities } = await enrol({ collector: peer, pin, request })
      return { device: { deviceId, hardware, key, certificate }, authorities }
    } catch (error) {
      if (!(error instanceof EnrolError) || error.code !== 'too-many') throw error
      await pause(BUSY_MS * (0.5 + Math.random()), undefined, { signal })
    }
  }
}

/** What simulated machine `number` says of itself. */
export const hostOf = (number: number) => ({
  ...{ hostname: `swarm-${number}`, os: 'macos', osVersion: '15.0', osBuild: 'simulated' },
  ...{ hardware: 'simulated', arch: 'arm64', bootId: '' },
})

/** undefined: there is no such file. Throws StateFileError when it is none of a swarm's. */
export function readIdentities(path: string): SwarmIdentities | undefined {
  const found = readStateFile(path, { followsLinks: true, bytesMax: FILE_BYTES_MAX })
  if (!found) return undefined
  try {
    const identities: unknown = JSON.parse(found.text)
    if (isIdentities(identities)) return identities
  } catch {
    // Said below.
  }
  throw new StateFileError(`${path} holds no devices of a swarm: give another file, or remove it`)
}

/** For its user alone: whoever reads it can speak for these devices. */
export const writeIdentities = (path: string, identities: SwarmIdentities): void =>
  writeStateFile(path, `${JSON.stringify(identities)}\n`)

function isIdentities(value: unknown): value is SwarmIdentities {
  const { collector, authorities, devices } = (value ?? {}) as Record<string, unknown>
  const isTexts = (...texts: unknown[]) => texts.every((one) => typeof one === 'string')
  return (
    isTexts(collector) &&
    Array.isArray(authorities) &&
    authorities.every((one) => isTexts(one)) &&
    Array.isArray(devices) &&
    devices.every((one: Partial<SwarmDevice> | null) =>
      isTexts(one?.deviceId, one?.hardware, one?.key, one?.certificate),
    )
  )
}
