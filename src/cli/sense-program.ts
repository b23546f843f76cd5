// The commands of `freshet-sense`.
import { Command } from 'commander'
import { PLACE } from '../place.ts'
import { EXIT_CONFIG, EXIT_USAGE } from '../sense/exit.ts'
import { VERSION } from '../version.ts'
import { addWatchCommands } from './commands/watch.ts'
import { ConfigError } from './state.ts'

/** Runs what was typed; its end is the process's. */
export async function runSenseProgram(): Promise<void> {
  const program = new Command('freshet-sense')
    .description('The part of Freshet that runs as root: watches, and starts the engine.')
    .version(VERSION)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
  addWatchCommands(program, [PLACE.freshet])
  // What is said to nobody is lost, and no more than that.
  process.stderr.on('error', () => {})
  try {
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`freshet-sense: ${error.message}\n`)
    process.exit(EXIT_CONFIG)
  }
}
