// Who is there, for whoever makes room: after the collector's own start nobody is connected yet who was until it ended.
import { sinceBootMs } from '../../host/since-boot.ts'
import type { UnixNs } from '../../units.ts'

/** How long devices are waited for after a start: agents come again within a minute, and thousands of them wait for their turn. */
const RETURN_MS = 600_000
/** Who is connected is noted at least each five minutes. */
const NOTED_NS = 360_000_000_000n

/**
 * Whether a device is connected, or was when the collector of before ended and may not have had the time to come again.
 * `seen`: when each was last heard of, as it was noted by then.
 */
export function presenceOf(
  isConnected: (deviceId: string) => boolean,
  seen: ReadonlyMap<string, { seenAt: UnixNs | undefined }>,
  nowMs: () => number = sinceBootMs,
): (deviceId: string) => boolean {
  const startedMs = nowMs()
  let newest = 0n
  for (const { seenAt = 0n } of seen.values()) if (seenAt > newest) newest = seenAt
  const awaited = new Set<string>()
  for (const [id, { seenAt }] of seen)
    if (seenAt !== undefined && seenAt >= newest - NOTED_NS) awaited.add(id)
  return (id) => {
    if (isConnected(id)) {
      // Once it has come it is waited for no more.
      awaited.delete(id)
      return true
    }
    return awaited.has(id) && nowMs() - startedMs < RETURN_MS
  }
}
