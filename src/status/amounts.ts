// Amounts as a person reads them.
import { humanBytes } from '../engine/sentence.ts'

/** 1,234,567. */
export const count = (value: number): string => value.toLocaleString('en-US')

/** `1 event was`, `1,234 events were`: `many` is of all counts but one. */
export const countOf = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`

/** Decimal units, 5.2 MB, as in an alert's sentence and on the page: one number is one number everywhere. */
export const size = humanBytes

/** 12 s, 5 min 7 s, 3 h 20 min. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`
}
