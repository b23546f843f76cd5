// What the tests of a collector for other machines share: one with a door on loopback, and devices that enrol with it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import type { MachinesOptions } from '../../src/collector/machines/machines.ts'
import type { Limits } from '../../src/collector/terms/limits.ts'
import { type Enrolled, enrol } from '../../src/stream/enrol.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { Agent, DEVICE_A, hardwareOf, helloOf, type Running, runCollector } from './agent.ts'

export { hardwareOf } from './agent.ts'

export type Fleet = Running & {
  door: { url: string; port: number; pin: string }
  /** As a command of the same machine would, while the collector runs. */
  withRegistry<T>(work: (registry: Registry) => T): T
  token(change?: { usesMax?: number; expiresAt?: UnixNs; group?: string }): string
  /** A device with a key and certificate of its own, and whom it believes. */
  enrol(deviceId: string, how?: How): Promise<Identity>
}
/** A connection of this device, which enrols where it has not; open, and without a word. */
export async function comeBy(fleet: Fleet, deviceId: string): Promise<Agent> {
  const of = identities.get(fleet) ?? new Map<string, Promise<Identity>>()
  identities.set(fleet, of)
  const identity = of.get(deviceId) ?? fleet.enrol(deviceId)
  of.set(deviceId, identity)
  return new Agent(fleet.door.url, { identity: await identity }).opened()
}

/** The same, welcomed. */
export async function welcomed(fleet: Fleet, deviceId = DEVICE_A): Promise<Agent> {
  const agent = await comeBy(fleet, deviceId)
  await agent.hello(deviceId, deviceId === DEVICE_A ? 'mac-1' : 'mac-2')
  return agent
}

const identities = new WeakMap<Fleet, Map<string, Promise<Identity>>>()

export type Identity = Enrolled & { key: string }
export type How = {
  token?: string
  hardware?: string
  hostname?: string
  old?: Identity
  pin?: string
}

export async function runFleet(
  limits: Partial<Limits> = {},
  options: Partial<MachinesOptions> = {},
  stateDir?: string,
): Promise<Fleet> {
  const running = await runCollector(limits, stateDir, undefined, {
    addresses: [{ host: '127.0.0.1', port: 0 }],
    names: ['127.0.0.1', 'localhost'],
    ...options,
  })
  const { machines: door } = running.collector
  assert(door)
  return { ...running, door, ...enrolmentWith(running.stateDir, door) }
}

/** Enrolment with a collector that runs with this directory, and has this door. */
export function enrolmentWith(
  stateDir: string,
  door: Fleet['door'],
): Pick<Fleet, 'withRegistry' | 'token' | 'enrol'> {
  const withRegistry = <T>(work: (registry: Registry) => T): T => {
    const registry = new Registry(openRegistryFile(join(stateDir, REGISTRY_FILE), () => {}))
    try {
      return work(registry)
    } finally {
      registry.close()
    }
  }
  const token: Fleet['token'] = ({ usesMax, expiresAt, group = 'office' } = {}) =>
    withRegistry(
      (registry) =>
        registry.makeToken({ label: 'test', group, usesMax, expiresAt }, nowUnixNs()).secret,
    )
  return {
    withRegistry,
    token,
    async enrol(
      deviceId,
      { token: secret = token(), hardware, hostname, old, pin = door.pin } = {},
    ) {
      const key = makeKey()
      const { host } = helloOf(deviceId, hostname).hello
      const enrolled = await enrol({
        collector: { host: '127.0.0.1', port: door.port },
        pin,
        old,
        request: {
          token: secret,
          request: await requestOf(key, deviceId),
          hardware: hardware ?? hardwareOf(deviceId),
          agentVersion: '0.1.0',
          host,
        },
      })
      return { ...enrolled, key }
    },
  }
}
