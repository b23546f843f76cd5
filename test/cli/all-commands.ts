// The commands that there are, as commander knows them: a list by hand would miss the next one.
import { Command } from 'commander'
import { addAgentCommands } from '../../src/cli/commands/agent.ts'
import { addBaselineCommands } from '../../src/cli/commands/baseline.ts'
import { addCollectorCommands } from '../../src/cli/commands/collector.ts'
import { addLookCommands } from '../../src/cli/commands/look.ts'
import { addPolicyCommands } from '../../src/cli/commands/policy.ts'
import { addReplayCommand } from '../../src/cli/commands/replay.ts'
import { addSimulateCommands } from '../../src/cli/commands/simulate.ts'
import { addSwarmCommand } from '../../src/cli/commands/swarm.ts'

/** Those of a person that have this option, each by its words, like `collector backup`. */
export const commandsWith = (option: string): string[] =>
  commandsThat((one) => one.options.some(({ long }) => long === option))

/** Those that have an argument of such a name. */
export const commandsWithArgument = (name: RegExp): string[] =>
  commandsThat((one) => one.registeredArguments.some((argument) => name.test(argument.name())))

function commandsThat(has: (one: Command) => boolean): string[] {
  const program = new Command()
  for (const add of [
    addAgentCommands,
    addBaselineCommands,
    addCollectorCommands,
    addLookCommands,
    addPolicyCommands,
    addReplayCommand,
    addSimulateCommands,
    addSwarmCommand,
  ])
    add(program)
  return namesThat(has, program, [])
}

/** `engine` is for sense alone. */
const isHidden = ({ _hidden: hidden }: { _hidden?: boolean }): boolean => hidden === true

const namesThat = (has: (one: Command) => boolean, command: Command, words: string[]): string[] =>
  command.commands.flatMap((one) => {
    if (isHidden(one as Command & { _hidden?: boolean })) return []
    const path = [...words, one.name()]
    return [...(has(one) ? [path.join(' ')] : []), ...namesThat(has, one, path)]
  })
