// `freshet record FILE`: an agent that also keeps what its engine is given, so that it can be replayed.
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { type AgentCommand, runAgentCommand } from './agent.ts'
import { made } from './making.ts'
import { ConfigError } from './state.ts'

export type RecordCommand = AgentCommand & {
  file: string
  /** undefined: until Ctrl-C. */
  seconds: number | undefined
}

export async function runRecordCommand(command: RecordCommand): Promise<number> {
  if (command.file === '-')
    throw new ConfigError(
      'record wants the name of a file: what goes wrong with the disk is taken back in it, which a stream does not allow',
    )
  const path = resolve(command.file)
  const fd = openNew(path)
  try {
    const status = await runAgentCommand({
      ...command,
      // A person wants it now.
      predecessorMs: 0,
      engineArguments: [...command.engineArguments, '--record', path],
      engineFds: [fd],
      ...(command.seconds === undefined ? {} : { forMs: command.seconds * 1000 }),
    })
    if (fstatSync(fd).size > 0 || status !== 0) return status
    process.stderr.write(
      `freshet: nothing was recorded: the engine had not begun when this was to end; ${path} is not kept\n`,
    )
    return 1
  } finally {
    if (fstatSync(fd).size === 0) rmSync(path, { force: true })
    closeSync(fd)
  }
}

/** A capture says which programs ran and whom they talked to: it is for its maker alone. */
function openNew(path: string): number {
  try {
    return openSync(path, 'ax', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new ConfigError(
        `${path} exists, and a recording does not replace anything: choose another name`,
      )
    return made(path, () => {
      throw error
    })
  }
}
