// The commands that there are, as commander knows them: a list by hand would miss the next one.
import { Command } from 'commander'
import { addAgentCommands } from '../../src/cli/commands/agent.ts'
import { addBaselineCommands } from '../../src/cli/commands/baseline.ts'
import { addCollectorCommands } from '../../src/cli/commands/collector.ts'
import { addLookCommands } from '../../src/cli/commands/look.ts'
import { addReplayCommand } from '../../src/cli/commands/replay.ts'
import { addSimulateCommands } from '../../src/cli/commands/simulate.ts'

/** Those of a person that have this option, each by its words, like `collector backup`. */
export function commandsWith(option: string): string[] {
  const program = new Command()
  for (const add of [
    addAgentCommands,
    addBaselineCommands,
    addCollectorCommands,
    addLookCommands,
    addReplayCommand,
    addSimulateCommands,
  ])
    add(program)
  return namesWith(option, program, [])
}

/** `engine` is for sense alone. */
const isHidden = ({ _hidden: hidden }: { _hidden?: boolean }): boolean => hidden === true

const namesWith = (option: string, command: Command, words: string[]): string[] =>
  command.commands.flatMap((one) => {
    if (isHidden(one as Command & { _hidden?: boolean })) return []
    const path = [...words, one.name()]
    const has = one.options.some(({ long }) => long === option)
    return [...(has ? [path.join(' ')] : []), ...namesWith(option, one, path)]
  })
