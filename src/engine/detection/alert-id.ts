// Names an alert by what opened it, so that the same stream gives the same ids wherever it is read.
import { createHash } from 'node:crypto'

export type OpeningRecord = { atNs: bigint; flowIdLow: number; flowIdHigh: number; epoch: number }

/**
 * 32 hex digits: the first of SHA-256 over device, identity key, destination key and the opening record
 * (at_ns, flow id, epoch), each ended by a zero byte.
 */
export function alertId(
  deviceId: string,
  identityKey: string,
  destinationKey: string,
  opening: OpeningRecord,
): string {
  const flowId = (BigInt(opening.flowIdHigh) << 32n) | BigInt(opening.flowIdLow)
  const hash = createHash('sha256')
  for (const part of [
    deviceId,
    identityKey,
    destinationKey,
    opening.atNs.toString(),
    flowId.toString(),
    opening.epoch.toString(),
  ])
    hash.update(part).update('\0')
  return hash.digest('hex').slice(0, 32)
}
