// Two machines in network namespaces: the one that is watched, in which this process runs already, and one that has all
// the addresses of its servers. Addresses are of ranges that no network has: documentation (RFC 5737), benchmarks (RFC 2544).
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

/** The watched host, and the router that is its way to everything. */
export const NEAR = '192.0.2.10'
const ROUTER = '192.0.2.1'
/** An office's line up: slow enough that an upload of some megabytes is told in several reports. */
export const UP_MBIT = 20

export type Far = {
  /** The command that runs another there. */
  command(...words: string[]): [string, ...string[]]
  close(): void
}

const run = (...[program, ...words]: [string, ...string[]]): void => {
  execFileSync(program, words, { stdio: ['ignore', 'ignore', 'inherit'] })
}

/** REQUIRES: this process is root, in a network namespace of its own that has no links yet. */
export async function joinFar(addresses: readonly string[]): Promise<Far> {
  const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo made; exec cat'], {
    // Where this process dies, so does the other end of what it reads.
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  const pid = String(holder.pid)
  const command = (...words: string[]): [string, ...string[]] => [
    'nsenter',
    '-t',
    pid,
    '-n',
    ...words,
  ]
  run('ip', 'link', 'set', 'lo', 'up')
  run('ip', 'link', 'add', 'near', 'type', 'veth', 'peer', 'name', 'far', 'netns', pid)
  run('ip', 'address', 'add', `${NEAR}/24`, 'dev', 'near')
  run('ip', 'link', 'set', 'near', 'up')
  const onFar = [
    'link set lo up',
    `address add ${ROUTER}/24 dev far`,
    'link set far up',
    ...addresses.map((address) => `address add ${address}/32 dev lo`),
  ]
  execFileSync(command('ip')[0], [...command('ip', '-batch', '-').slice(1)], {
    input: `${onFar.join('\n')}\n`,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  run('ip', 'route', 'add', 'default', 'via', ROUTER)
  run(
    ...(['tc', 'qdisc', 'add', 'dev', 'near', 'root', 'tbf'] as [string, ...string[]]),
    ...['rate', `${UP_MBIT}mbit`, 'burst', '64k', 'limit', '64m'],
  )
  return { command, close: () => void holder.kill('SIGKILL') }
}
