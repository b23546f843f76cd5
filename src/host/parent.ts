// Whether the process that started this one, or the one before that, has died: what one holds is closed first, and only then have
// those that it started another parent.
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'

/** proc_pid_stat(5), flags: it is being shut down. */
const PF_EXITING = 0x4
const FLAGS_FIELD = 9
const WAIT_MS = 500
const LOOK_MS = 20

/**
 * REQUIRES: `pid` was this process's parent at its start. Where the system does not say what a process is about, it waits half a
 * second for another parent.
 */
export async function parentHasDied(pid: number): Promise<boolean> {
  const says = process.platform === 'linux' ? isExiting(pid) : undefined
  if (says !== undefined) return says || process.ppid !== pid
  const deadlineMs = performance.now() + WAIT_MS
  while (process.ppid === pid && performance.now() < deadlineMs) await pause(LOOK_MS)
  return process.ppid !== pid
}

/**
 * Whether one further up has died. A killed one stands there until who started it has looked: where the system does not say what a
 * process is about, so long is waited at the most.
 */
export async function hasDied(pid: number): Promise<boolean> {
  const deadlineMs = performance.now() + WAIT_MS
  while (isThere(pid)) {
    const says = process.platform === 'linux' ? isExiting(pid) : undefined
    if (says !== undefined || performance.now() >= deadlineMs) return says === true
    await pause(LOOK_MS)
  }
  return true
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** undefined: it cannot be read, as where others' processes are hidden, or there is none. */
function isExiting(pid: number): boolean | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name, in parentheses, may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const flags = Number(fields[FLAGS_FIELD - 3])
    return Number.isInteger(flags) ? (flags & PF_EXITING) !== 0 : undefined
  } catch {
    return undefined
  }
}
