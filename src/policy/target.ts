// Which devices a document is for.
import { createHash } from 'node:crypto'
import type { PolicyTarget } from '../stream/policy-message.ts'

export type Addressee = { deviceId: string; group: string }

/** Whether all that the target asks for is so. */
export const isFor = (target: PolicyTarget, { deviceId, group }: Addressee): boolean =>
  (target.group === undefined || target.group === group) &&
  (target.device === undefined || target.device === deviceId) &&
  (target.sharePercent === undefined || isInShare(deviceId, target.sharePercent))

/**
 * Whether a device is among the first `percent` of a hundred. By its id alone, so that a share that grows keeps whom it
 * had, and the same devices try each policy first.
 */
export function isInShare(deviceId: string, percent: number): boolean {
  if (percent >= 100) return true
  const hash = createHash('sha256').update(`freshet share\n${deviceId}`).digest()
  // As exact as 32 bits: a thousandth of a device among four million.
  return hash.readUInt32BE(0) < (percent / 100) * 2 ** 32
}

/** As a person writes it: all, group:NAME, device:ID, share:PERCENT or share:PERCENT:GROUP. Throws an Error with a sentence. */
export function parseTarget(text: string): PolicyTarget {
  const [kind = '', first = '', ...rest] = text.split(':')
  const more = rest.join(':')
  if (text === 'all') return {}
  if (kind === 'group' && first !== '') return { group: [first, ...rest].join(':') }
  if (kind === 'device' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(first) && more === '')
    return { device: first }
  if (kind === 'share' && /^[1-9][0-9]?$/.test(first))
    return { sharePercent: Number(first), ...(more === '' ? {} : { group: more }) }
  throw new Error('wants all, group:NAME, device:ID, share:PERCENT or share:PERCENT:GROUP')
}

export function targetText({ group, device, sharePercent }: PolicyTarget): string {
  const parts = [
    ...(device === undefined ? [] : [`device ${device}`]),
    ...(sharePercent === undefined ? [] : [`${sharePercent} % of the devices`]),
    ...(group === undefined ? [] : [`group ${group}`]),
  ]
  return parts.length === 0 ? 'all devices' : parts.join(', ')
}
