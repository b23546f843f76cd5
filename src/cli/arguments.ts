// What commander makes of arguments. Each throws InvalidArgumentError, which commander prints beside the option.
import { InvalidArgumentError } from 'commander'

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
