// `freshet agent`: the root role, which starts the engine role (`freshet engine`) and feeds it.

import { type Addon, AddonError, loadAddon } from '../sense/addon.ts'
import { runSense } from '../sense/sense.ts'
import type { MacSource } from '../sources/choice.ts'
import { createLog } from './log-line.ts'
import { awaitPredecessor } from './predecessor.ts'
import { ConfigError } from './state.ts'
import { stopSignal } from './supervise.ts'

export type AgentCommand = {
  stateRoot: string
  isUnderUp: boolean
  /** Stops when its standard input ends: that of a parent which no other way leads to. */
  endsWithInput?: boolean
  /** The program that the engine is a role of. */
  engineCommand: readonly [string, ...string[]]
  /** How long another agent that answers may take to end. */
  predecessorMs?: number
  /** Command-line arguments that the engine gets. */
  engineArguments: string[]
  intervalMs: number
  ringBytes: number
  /** Told to sense alone: an engine that was taken over cannot ask for it. */
  execArguments: boolean
  /** Of a Mac's sources, those that may be used. */
  sources?: ReadonlySet<MacSource> | undefined
  /** The folder of eslogger and nettop. */
  sourcePrograms?: string | undefined
  /** Open descriptors that the engine inherits, as 4, 5, ... */
  engineFds?: readonly number[]
  /** Stops by itself after so long. */
  forMs?: number
}

export async function runAgentCommand(command: AgentCommand): Promise<number> {
  if (command.sources && command.sourcePrograms === undefined && process.platform !== 'darwin')
    throw new ConfigError(
      '`--sources` chooses among the sources of a Mac, and this machine is none: leave it out',
    )
  const addon = builtAddon()
  const stop = stopSignal({
    goesOnUnread: true,
    ...(command.endsWithInput === undefined ? {} : { endsWithInput: command.endsWithInput }),
  })
  const log = createLog('sense')
  // `up` starts its own again where the engine before may still be ending, and lets it wait for that.
  if (!command.isUnderUp)
    await awaitPredecessor(command.stateRoot, { signal: stop, log, waitMs: command.predecessorMs })
  return runSense({
    addon,
    engineCommand: [...command.engineCommand, 'engine', ...command.engineArguments],
    intervalMs: command.intervalMs,
    ringBytes: command.ringBytes,
    execArguments: command.execArguments,
    ...(command.sources ? { allowedSources: command.sources } : {}),
    ...(command.sourcePrograms === undefined ? {} : { sourcePrograms: command.sourcePrograms }),
    ...(command.engineFds ? { engineFds: command.engineFds } : {}),
    signal:
      command.forMs === undefined
        ? stop
        : AbortSignal.any([stop, AbortSignal.timeout(command.forMs)]),
    log,
  })
}

/** To start again would not make it: it counts as a setting. */
function builtAddon(): Addon {
  try {
    return loadAddon()
  } catch (error) {
    if (error instanceof AddonError) throw new ConfigError(error.message)
    throw error
  }
}
