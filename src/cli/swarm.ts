// `freshet swarm`: simulated agents for who sizes a collector. What one process cannot hold is shared among several.
import { type ChildProcess, spawn } from 'node:child_process'
import { LIMITS } from '../collector/terms/limits.ts'
import { counted } from '../engine/sentence.ts'
import { descriptorLimit } from '../host/descriptors.ts'
import { OWN_COMMAND } from '../place.ts'
import { printableLines } from '../printable.ts'
import { StateFileError } from '../state-file.ts'
import { collectorOrigin } from '../stream/collector-url.ts'
import { EnrolError } from '../stream/enrol.ts'
import {
  enrolMany,
  readIdentities,
  type SwarmIdentities,
  writeIdentities,
} from '../swarm/identities.ts'
import { isWhole, LOAD, type Load, runSwarm } from '../swarm/swarm.ts'
import { emptyTally, sumOf, type Tally } from '../swarm/tally.ts'
import { parsePin } from '../trust/pin.ts'
import { readOptionFile } from './policy-file.ts'
import { readPublicKey } from './policy-signing.ts'
import { ConfigError } from './state.ts'
import { stopSignal } from './supervise.ts'
import { swarmLine, swarmLines } from './swarm-text.ts'

export type SwarmCommand = {
  collector: string
  pin?: string
  tokenFile?: string
  identities?: string
  policyKey?: string
  agents: number
  processes: number
  load: Load
  json?: boolean
}

/** Of a process, for what is no agent's. */
const OWN_DESCRIPTORS = 64
/** Between two lines of how many have enrolled. */
const TELL_MS = 1000

/** 0 when all that was made was acknowledged; 1 when not, or when it was stopped. */
export async function runSwarmCommand(command: SwarmCommand): Promise<number> {
  const { agents, processes } = command
  const most = (descriptorLimit() ?? Number.POSITIVE_INFINITY) - OWN_DESCRIPTORS
  const each = Math.ceil(agents / processes)
  if (each > most)
    throw new ConfigError(
      `--agents: a process of this user may have ${most} connections, and ${each} are wanted of each: give --processes ${Math.ceil(agents / most)} or raise \`ulimit -n\``,
    )
  const policyKey =
    command.policyKey === undefined ? undefined : readPublicKey(command.policyKey, '--policy-key')
  const signal = stopSignal()
  const log = (text: string) => process.stderr.write(`freshet: ${printableLines(text)}\n`)
  const identities = await identitiesOf(command, signal, log)
  const shares = Array.from({ length: processes }, (_, index) => ({
    firstNumber: index * each,
    identities: {
      ...identities,
      devices: identities.devices.slice(index * each, Math.min(agents, (index + 1) * each)),
    },
    ...(policyKey === undefined ? {} : { policyKey }),
    load: {
      ...command.load,
      connectsPerSecond: command.load.connectsPerSecond / processes,
      // Of all, the first ones.
      halfOpen: Math.min(each, Math.max(0, command.load.halfOpen - index * each)),
    },
  }))
  const isTold = process.stderr.isTTY
  const told = shares.map(emptyTally)
  const tell = () => {
    if (isTold) process.stderr.write(`\r\u001b[K${swarmLine(sumOf(told))}`)
  }
  const began = performance.now()
  const tallies = await Promise.all(
    shares.map((share, index) => {
      const onTick = (tally: Tally) => {
        told[index] = tally
        if (index === 0) tell()
      }
      return processes === 1
        ? runSwarm({ ...share, signal, onTick })
        : runElsewhere(share, signal, onTick)
    }),
  )
  if (isTold) process.stderr.write('\r\u001b[K')
  const sum = sumOf(tallies)
  const elapsedMs = performance.now() - began
  process.stdout.write(
    command.json
      ? `${JSON.stringify({ ...sum, elapsedMs })}\n`
      : `${swarmLines(sum, command.load, elapsedMs).join('\n')}\n`,
  )
  return isWhole(sum) && !signal.aborted ? 0 : 1
}

/** Those of --identities, and as many more as are wanted. Throws ConfigError. */
async function identitiesOf(
  { collector: written, pin, tokenFile, identities: path, agents }: SwarmCommand,
  signal: AbortSignal,
  log: (text: string) => void,
): Promise<SwarmIdentities> {
  const collector = configured('--collector', () => collectorOrigin(written))
  const kept =
    path === undefined ? undefined : configured('--identities', () => readIdentities(path))
  if (kept && kept.collector !== collector)
    throw new ConfigError(
      `--identities: ${path} has devices of ${kept.collector}, not of ${collector}`,
    )
  const missing = agents - (kept?.devices.length ?? 0)
  if (kept && missing <= 0) return kept
  if (pin === undefined || tokenFile === undefined)
    throw new ConfigError(
      `${counted(missing, 'device has', 'devices have')} to enrol first: that wants --pin and --token-file`,
    )
  const token = readOptionFile(tokenFile, '--token-file').trim()
  const { hostname, port } = new URL(collector)
  log(`${missing} devices enrol with ${collector}`)
  if (missing > LIMITS.quarantinedEachMax)
    log(
      `a collector keeps ${LIMITS.quarantinedEachMax} devices of one token that nobody has admitted, and forgets the first of them for later ones: admit them as they come, or have fewer`,
    )
  const found = kept ?? { collector, authorities: [], devices: [] }
  const before = found.devices.length
  const telling = setInterval(() => {
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001b[K${found.devices.length - before} enrolled`)
  }, TELL_MS)
  try {
    await enrolMany({
      ...{ collector, token, signal, count: missing, found },
      peer: { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 443) },
      pin: configured('--pin', () => parsePin(pin)),
    })
  } catch (error) {
    if (error instanceof EnrolError) throw new ConfigError(`not enrolled: ${error.message}`)
    throw error
  } finally {
    clearInterval(telling)
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    if (found.devices.length > before && path !== undefined) writeIdentities(path, found)
    else if (found.devices.length > before)
      log('the collector keeps these devices: with --identities FILE they are used again')
  }
  return found
}

export type Share = {
  firstNumber: number
  identities: SwarmIdentities
  load: Load
  policyKey?: string
}

/** In a process of its own, which is told its share and tells what it counts over IPC. */
function runElsewhere(
  share: Share,
  signal: AbortSignal,
  onTick: (tally: Tally) => void,
): Promise<Tally> {
  const [command, ...before] = OWN_COMMAND
  const child: ChildProcess = spawn(command, [...before, 'swarm-share'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  child.send(share)
  const stop = () => child.kill('SIGTERM')
  signal.addEventListener('abort', stop, { once: true })
  return new Promise((resolve, reject) => {
    let last: Tally | undefined
    child.on('message', (message) => {
      const { tally, isLast } = message as { tally: Tally; isLast: boolean }
      onTick(tally)
      if (isLast) last = tally
    })
    child.once('error', reject)
    child.once('close', (status, by) => {
      signal.removeEventListener('abort', stop)
      if (last) resolve(last)
      else
        reject(new ConfigError(`a process of the swarm ended (${status ?? by}) and said nothing`))
    })
  })
}

/** One share of a swarm, as its parent says. */
export async function runSwarmShare(): Promise<number> {
  if (!process.connected)
    throw new ConfigError('swarm-share is started by `swarm`, which tells it its share')
  const orphaned = () => process.exit(1)
  process.once('disconnect', orphaned)
  const share = await new Promise<Share>((resolve) => process.once('message', resolve))
  process.off('disconnect', orphaned)
  const signal = stopSignal()
  // Where its parent has gone since, nobody is to be told: what cannot be sent is no error.
  const send = (tally: Tally, isLast: boolean) =>
    new Promise<void>((resolve) => {
      if (process.connected) process.send?.({ tally, isLast }, () => resolve())
      else resolve()
    })
  const tally = await runSwarm({ ...share, signal, onTick: (sofar) => void send(sofar, false) })
  await send(tally, true)
  if (!process.connected)
    throw new ConfigError('the swarm that started this process has ended, and this one with it')
  process.disconnect?.()
  return 0
}

function configured<T>(option: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { message } = error as Error
    throw new ConfigError(error instanceof StateFileError ? message : `${option}: ${message}`)
  }
}

export { LOAD }
