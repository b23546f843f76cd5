// What the root key lets an online key do: add exceptions within bounds, and set standings.
import { brief } from '../printable.ts'
import { PolicyFault } from './fault.ts'

/** An exception of an online key ends by itself; what is to last longer the root key signs. */
export const EXCEPTION_DAYS_MAX = 30
export const EXCEPTIONS_MAX = 256

export type Delegation = {
  /** Public key of the one that signs exceptions, 64 hex digits. */
  onlineKey: string
  bounds: Bounds
}

export type Bounds = {
  /** Least prefix of a network that is excepted; 0: none may be. */
  v4PrefixMin: number
  v6PrefixMin: number
  domains: boolean
  /** By path, parent, signing id, team or hash. */
  programs: boolean
  bytesPerDayMax: number
  /** From when the document was made. */
  daysMax: number
  exceptionsMax: number
}

const NUMBERS: Record<keyof Bounds, readonly [min: number, max: number] | undefined> = {
  v4PrefixMin: [0, 32],
  v6PrefixMin: [0, 128],
  domains: undefined,
  programs: undefined,
  bytesPerDayMax: [1, 2 ** 50],
  daysMax: [1, EXCEPTION_DAYS_MAX],
  exceptionsMax: [1, EXCEPTIONS_MAX],
}

/** Of one that this root key has signed, 64 hex digits. Throws PolicyFault content, delegation-bounds. */
export function parseDelegation(content: string, rootKey: string): Delegation {
  let found: unknown
  try {
    found = JSON.parse(content)
  } catch (cause) {
    throw new PolicyFault('content', 'its delegation is no JSON', { cause })
  }
  const { onlineKey, bounds, ...more } = objectOf(found, 'delegation')
  refuseMore(more, 'delegation')
  if (typeof onlineKey !== 'string' || !/^[0-9a-f]{64}$/.test(onlineKey))
    throw new PolicyFault('content', 'delegation.onlineKey is no key: 64 hexadecimal digits')
  // Who believed it would take nothing of the root key any more but exceptions.
  if (onlineKey === rootKey)
    throw new PolicyFault(
      'delegation-bounds',
      'delegation.onlineKey is the root key itself: exceptions are signed with another',
    )
  const given = objectOf(bounds, 'delegation.bounds')
  const {
    v4PrefixMin,
    v6PrefixMin,
    domains,
    programs,
    bytesPerDayMax,
    daysMax,
    exceptionsMax,
    ...other
  } = given
  refuseMore(other, 'delegation.bounds')
  for (const [name, range] of Object.entries(NUMBERS)) {
    const value = given[name]
    if (range === undefined ? typeof value === 'boolean' : isWithin(value, range)) continue
    throw new PolicyFault(
      'delegation-bounds',
      value === undefined
        ? `delegation.bounds.${name} is missing: ${range ? `a whole number from ${range[0]} to ${range[1]}` : 'true or false'} is wanted`
        : `delegation.bounds.${name}: ${brief(JSON.stringify(value), 40)} is ${range ? `no whole number from ${range[0]} to ${range[1]}` : 'neither true nor false'}`,
    )
  }
  return {
    onlineKey,
    bounds: {
      v4PrefixMin,
      v6PrefixMin,
      domains,
      programs,
      bytesPerDayMax,
      daysMax,
      exceptionsMax,
    } as Bounds,
  }
}

const isWithin = (value: unknown, [min, max]: readonly [number, number]): boolean =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max

/** Throws PolicyFault content. */
export function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new PolicyFault('content', `${what} is no JSON object`)
  return { ...value }
}

/** A field that is not known refuses the whole. Throws PolicyFault content. */
export function refuseMore(more: Record<string, unknown>, what: string): void {
  const [name] = Object.keys(more)
  if (name !== undefined)
    throw new PolicyFault(
      'content',
      `${what}: there is no field ${brief(JSON.stringify(name), 80)}`,
    )
}
