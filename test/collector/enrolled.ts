// What the tests of a collector for other machines share: one with a door on loopback, and devices that enrol with it.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { Registry } from '../../src/collector/fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from '../../src/collector/fleet/registry-file.ts'
import type { Limits } from '../../src/collector/limits.ts'
import type { MachinesOptions } from '../../src/collector/machines.ts'
import { type Enrolled, enrol } from '../../src/stream/enrol.ts'
import { makeKey, requestOf } from '../../src/trust/certificates.ts'
import { nowUnixNs, type UnixNs } from '../../src/units.ts'
import { helloOf, type Running, runCollector } from './agent.ts'

export type Fleet = Omit<Running, 'token'> & {
  /** Of loopback. */
  agentToken: string
  door: { url: string; port: number; pin: string }
  /** As a command of the same machine would, while the collector runs. */
  withRegistry<T>(work: (registry: Registry) => T): T
  token(change?: { usesMax?: number; expiresAt?: UnixNs; group?: string }): string
  /** A device with a key and certificate of its own, and whom it believes. */
  enrol(deviceId: string, how?: How): Promise<Identity>
}
export type Identity = Enrolled & { key: string }
export type How = { token?: string; hardware?: string; old?: Identity; pin?: string }

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
  const withRegistry = <T>(work: (registry: Registry) => T): T => {
    const registry = new Registry(openRegistryFile(join(running.stateDir, REGISTRY_FILE), () => {}))
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
    ...running,
    agentToken: running.token,
    door,
    withRegistry,
    token,
    async enrol(deviceId, { token: secret = token(), hardware, old, pin = door.pin } = {}) {
      const key = makeKey()
      const { host } = helloOf(deviceId).hello
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

/** Of a device that has its own. */
export const hardwareOf = (deviceId: string): string => deviceId.replaceAll('-', '').repeat(2)
