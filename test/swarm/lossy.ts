// A network of its own that loses packets and is narrow, for a program that has all it talks to in itself.
import assert from 'node:assert/strict'
import { run } from '../e2e/installation.ts'
import { whyNoTool } from '../left-out.ts'

/** Of 100 segments, either way. */
const LOST_OF_100 = 5
const RATE = ['rate', '4mbit', 'burst', '64kb', 'latency', '400ms']

export const whyNotLossy = (): string | undefined => whyNoTool('network namespaces', 'lossy links')

/** Runs it with its loopback there, to its end: its first line, which is JSON, and how many packets were lost. */
export async function runLossy<Said>(
  program: string,
  args: readonly string[] = [],
  timeoutMs = 150_000,
): Promise<{ said: Said; lost: number }> {
  const rules = `table inet lossy { chain in { type filter hook input priority 0; numgen random mod 100 < ${LOST_OF_100} counter drop; }; }`
  const script = [
    'ip link set lo up',
    // As a card has them: a loopback segment of 64 KiB would hide what is lost.
    'ip link set lo mtu 1500',
    `tc qdisc add dev lo root tbf ${RATE.join(' ')}`,
    `nft '${rules}'`,
    '"$@"',
    'nft list chain inet lossy in',
  ].join(' && ')
  const { status, stdout, stderr } = await run(
    [...SPAWN, 'unshare', '-n', 'sh', '-c', script, 'sh', process.execPath, program, ...args],
    { timeout: timeoutMs },
  )
  assert.equal(status, 0, stderr)
  return {
    said: JSON.parse(stdout.split('\n', 1)[0] ?? '') as Said,
    lost: Number(/counter packets (\d+)/.exec(stdout)?.[1]),
  }
}

/** Node runs a command, and ends as it does. */
const SPAWN = [
  '-e',
  `const { spawnSync } = require('node:child_process')
   const [command, ...args] = process.argv.slice(1)
   process.exit(spawnSync(command, args, { stdio: 'inherit' }).status ?? 1)`,
  '--',
]
