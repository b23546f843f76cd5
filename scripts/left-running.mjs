// What a run of tests has left running: a fixture that does not end what it started, or a run that was interrupted. Plain
// JavaScript, as scripts/test.mjs is.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** What was told to end needs a moment; sense, the slowest, took 0.3 s beside a busy machine. */
const GRACE_MS = 3000
const LOOK_MS = 50
/** Of a command line. */
const SHOWN_CHARS = 300

/**
 * Processes of a group, zombies not, as [pid, command line]; those that still run after GRACE_MS. What was started in a group
 * of its own (detached) is not among them.
 */
export async function leftRunning(group, graceMs = GRACE_MS) {
  const byMs = performance.now() + graceMs
  for (;;) {
    const left = runningIn(group)
    if (left.length === 0 || performance.now() > byMs) return left
    await delay(LOOK_MS)
  }
}

/** Lines for the end of the run. */
export function leftRunningLines(left) {
  if (left.length === 0) return []
  const many = left.length === 1 ? 'a process' : `${left.length} processes`
  return [
    `the tests left ${many} running, ended now; whoever started one has to end it, also where a test fails`,
    ...left.map(([pid, line]) => `  ${pid} ${line}`),
  ]
}

function runningIn(group) {
  return process.platform === 'linux' ? ofProc(group) : ofPs(group)
}

/** proc_pid_stat(5): pid (comm) state ppid pgrp; comm may hold anything. */
function ofProc(group) {
  return readdirSync('/proc').flatMap((pid) => {
    const [, state, pgrp] = /^\d+ \(.*\) (\S) \d+ (\d+)/s.exec(readOf(pid, 'stat')) ?? []
    if (Number(pgrp) !== group || state === 'Z' || state === 'X') return []
    return [[Number(pid), oneLine(readOf(pid, 'cmdline'))]]
  })
}

const oneLine = (text) =>
  text
    .replace(/[\0\s]+/g, ' ')
    .trim()
    .slice(0, SHOWN_CHARS)

function readOf(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch {
    return ''
  }
}

/** ps(1) of a Mac. Throws where it cannot be run: then nothing is known. */
function ofPs(group) {
  const { stdout, error } = spawnSync('ps', ['-A', '-o', 'pid=,pgid=,stat=,command='], {
    encoding: 'utf8',
    maxBuffer: 1 << 24,
  })
  if (error) throw error
  return stdout.split('\n').flatMap((line) => {
    const [, pid, pgid, state, command] = /^ *(\d+) +(\d+) +(\S+) +(.*)$/.exec(line) ?? []
    return Number(pgid) === group && !state?.startsWith('Z')
      ? [[Number(pid), oneLine(command)]]
      : []
  })
}
