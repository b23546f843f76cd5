// A line of what runs for long, as it goes to standard error: with its time where nobody else adds one.
import { fstatSync } from 'node:fs'
import { isatty } from 'node:tty'
import { printableLines } from '../printable.ts'

/** A file or a terminal keeps lines as they come; journald and others behind a socket or a pipe note the time themselves. */
export function isUndated(fd: number): boolean {
  try {
    return isatty(fd) || fstatSync(fd).isFile()
  } catch {
    return false
  }
}

/** Safe for a terminal. `nowMs`: milliseconds since 1970, told in UTC; undefined: whoever takes the line has the time. */
export function logLine(who: string, text: string, nowMs: number | undefined): string {
  const at = nowMs === undefined ? '' : `${new Date(nowMs).toISOString()} `
  return `${at}${who}: ${printableLines(text)}\n`
}

/** Writes lines of this part of the program to standard error. */
export function createLog(who: string): (text: string) => boolean {
  const dates = isUndated(2)
  return (text) => process.stderr.write(logLine(who, text, dates ? Date.now() : undefined))
}
