// What commander makes of arguments. Each throws InvalidArgumentError, which commander prints beside the option.
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { type MacSource, parseSources } from '../sources/choice.ts'

/**
 * A path as a person writes it, made absolute where it enters: the engine and the collector work in other directories,
 * and another user's.
 */
export function path(text: string): string {
  // `--state "$UNSET"` must not lead to the platform's place.
  if (text === '') throw new InvalidArgumentError('wants a path, and this one is empty.')
  return resolve(text)
}

/** A word to look for: an empty one would fit everything. */
export function word(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('wants a word, and this one is empty.')
  return text
}

/** `path`, or `-` for standard input. */
export const pathOrStream = (text: string): string => (text === '-' ? text : path(text))

/** The state directory of a collector on this machine, as `path`, or an address, as it is. */
export const collectorPlace = (text: string): string =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : path(text)

/** A key's 64 hex digits as they are, or a file with it. */
export const keyOrFile = (text: string): string =>
  /^[0-9a-fA-F]{64}$/.test(text) ? text : path(text)

/** What a machine calls its hardware: 64 hex digits, in lower case. */
export function hardware(text: string): string {
  const digits = text.toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(digits))
    throw new InvalidArgumentError(
      'wants 64 hex digits, as the machine that is refused says them (`freshet enroll` there).',
    )
  return digits
}

/** Names of a Mac's sources, joined by commas. */
export function sources(text: string): ReadonlySet<MacSource> {
  try {
    return parseSources(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

/** What a person calls something: a line of printable characters. */
export function name(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > 100 || /\p{C}/u.test(trimmed))
    throw new InvalidArgumentError('wants 1 to 100 printable characters.')
  return trimmed
}

/** A host's name (RFC 1123, 2.1) or address, in lower case. */
export function hostName(text: string): string {
  const host = text.toLowerCase().replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0) return host
  if (
    host.length > 253 ||
    !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(host)
  )
    throw new InvalidArgumentError('wants the name of a host or an address, without a port.')
  return host
}

/** A parser for whole numbers in a range. */
export function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < min || value > max)
      throw new InvalidArgumentError(`wants a whole number from ${min} to ${max}.`)
    return value
  }
}

/** 0.001 to 1,000,000. */
export function positive(text: string): number {
  const value = Number(text)
  if (!(value >= 0.001 && value <= 1_000_000))
    throw new InvalidArgumentError('wants a number from 0.001 to 1,000,000.')
  return value
}

/** host:port, [v6]:port. */
export function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new InvalidArgumentError('wants host:port or [v6]:port.')
  return { host: (match[1] ?? match[2]) as string, port }
}

/** MiB to the next power of two in bytes. */
export const ringBytes = (mib: number): number => 2 ** Math.ceil(Math.log2(mib)) * 1024 * 1024
