// freshet's commands, one file a family. Each loads its own rooms only when it runs: the root role must not load what it
// does not need, and a command that only prints starts at once.

import { Command, Help } from 'commander'
import { addAgentCommands } from './cli/commands/agent.ts'
import { addBaselineCommands } from './cli/commands/baseline.ts'
import { addCollectorCommands } from './cli/commands/collector.ts'
import { addEvalCommand } from './cli/commands/eval.ts'
import { addLookCommands } from './cli/commands/look.ts'
import { addPolicyCommands } from './cli/commands/policy.ts'
import { addReplayCommand } from './cli/commands/replay.ts'
import { addSimulateCommands } from './cli/commands/simulate.ts'
import { addSwarmCommand } from './cli/commands/swarm.ts'
import { ConfigError } from './cli/state.ts'
import { EXIT_CONFIG, EXIT_USAGE } from './sense/exit.ts'
import { VERSION } from './version.ts'

/** Of what was typed. */
const typedCommand = (words: readonly string[]): Command =>
  words.reduce((at, word) => at.commands.find((one) => one.name() === word) ?? at, program)

/** What commander calls unknown though the option is there: `--json=1`; and an argument though it is no command. */
function withReason(text: string): string {
  const excess = /^error: too many arguments .*: (\S+?)(, .*)?\.\n$/.exec(text)?.[1]
  const named = typedCommand(process.argv.slice(2))
  if (excess !== undefined && named.commands.length > 0)
    return `error: unknown command '${excess}': ${fullName(named)} has ${commandsOf(named)}\n`
  const flag = /^error: unknown option '(--[a-z-]+)=/.exec(text)?.[1]
  return named.options.some(({ long }) => long === flag)
    ? `error: option '${flag}' takes no value: it stands alone, and is off where it does not stand\n`
    : text
}

const program = new Command('freshet')
  .description(
    'Tells when an application nobody has seen before sends data out and gets little or nothing back.',
  )
  .version(VERSION)
  .configureOutput({ outputError: (text, write) => write(withReason(text)) })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_USAGE))
  // `collector` has options and commands of its own: each option belongs to the command before it.
  .enablePositionalOptions()
  .configureHelp({
    optionDescription(option) {
      // What is off or empty unless it is asked for says no more than its own words.
      const { defaultValue } = option
      const isPlain =
        defaultValue === false || (Array.isArray(defaultValue) && !defaultValue.length)
      return isPlain ? option.description : Help.prototype.optionDescription.call(this, option)
    },
  })

addAgentCommands(program)
addReplayCommand(program)
addEvalCommand(program)
addCollectorCommands(program)
addLookCommands(program)
addBaselineCommands(program)
addPolicyCommands(program)
addSimulateCommands(program)
addSwarmCommand(program)
program.commands.forEach(wantCommand)

/** A group of commands that is named alone: which there are, in a line. What it does by itself stays. */
function wantCommand(group: Command): void {
  group.commands.forEach(wantCommand)
  if (group.commands.length === 0 || group.name() === 'collector') return
  group.action(() =>
    group.error(
      `error: ${fullName(group)} wants a command: ${commandsOf(group)}; --help says what each does`,
    ),
  )
}

function commandsOf(group: Command): string {
  return group.commands.map((one) => one.name()).join(', ')
}

/** As it is typed, from `freshet` on. */
function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name()
}

// What is said to nobody is lost, and no more than that.
process.stderr.on('error', () => {})
// A reader that has seen enough (`| head`) is no error, a full disk is one. What has something to put in order has a
// stopSignal, and ends or goes on by it.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== 'EPIPE' && process.exitCode !== 1) {
    process.stderr.write(`freshet: standard output takes no more: ${message}\n`)
    process.exitCode = 1
  }
  if (process.listenerCount('SIGTERM') === 0) process.exit()
})

/** Errors that were foreseen: their message says what, where and what to do, and a stack would only hide it. */
const FORESEEN = new Set([
  'AgentError',
  'BaselineError',
  'CollectorError',
  'OutboxError',
  'StateError',
  'StoreError',
])

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`freshet: ${error.message}\n`)
    process.exit(EXIT_CONFIG)
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  // Ctrl-C while something was awaited.
  if (name === 'AbortError') process.exit(130)
  process.stderr.write(`freshet: ${FORESEEN.has(name) ? message : (stack ?? message)}\n`)
  process.exit(1)
}
