// Connections of devices whose certificates are good, until they are welcomed: of one device a few at once, since who has one
// certificate could take the places of all others by it. Once it is welcomed a device has one connection, the newest.
import type { Counters } from '../terms/counters.ts'

export type Unwelcomed = {
  /**
   * A connection of the device; the oldest of it gives way where there are too many. Returns what is to be called once it is
   * welcomed or closed, as often as one likes.
   */
  add(deviceId: string, connection: { destroy(): void }): () => void
}

export function createUnwelcomed(eachMax: number, counters: Counters): Unwelcomed {
  const byDevice = new Map<string, Set<{ destroy(): void }>>()
  return {
    add(deviceId, connection) {
      const of = byDevice.get(deviceId) ?? new Set()
      byDevice.set(deviceId, of)
      const remove = (one: { destroy(): void }) => {
        of.delete(one)
        if (of.size === 0 && byDevice.get(deviceId) === of) byDevice.delete(deviceId)
      }
      const [oldest] = of
      of.add(connection)
      if (of.size > eachMax && oldest) {
        counters.add('agentsUnwelcomedMany')
        remove(oldest)
        oldest.destroy()
      }
      return () => remove(connection)
    },
  }
}
