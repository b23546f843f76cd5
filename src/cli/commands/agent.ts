// `freshet up`, and `engine`, which sense starts. `agent` and `record` are in watch.ts.
import { type Command, Option } from 'commander'
import { commandThere } from '../../hint.ts'
import type { MacSource } from '../../sources/choice.ts'
import { pathOrStream, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import {
  execArgumentsOption,
  intervalOption,
  keepDaysOption,
  keepGbOption,
  policyKeyOption,
  policyOption,
  ringOption,
  settingsOption,
  sourceProgramsOption,
  sourcesOption,
  stateOption,
  tokenFileOption,
  userOption,
} from '../options.ts'
import { addWatchCommands } from './watch.ts'

export function addAgentCommands(program: Command): void {
  program
    .command('up', { isDefault: false })
    .description(
      "collector and agent together on this machine; prints the page's address; Ctrl-C stops all",
    )
    .addOption(stateOption())
    .addOption(userOption())
    .addOption(
      new Option(
        '--port <n>',
        'port of the page (default: 8442, or any when that is taken)',
      ).argParser(whole(0, 65_535)),
    )
    .addOption(policyOption())
    .addOption(intervalOption())
    .addOption(execArgumentsOption())
    .addOption(ringOption())
    .addOption(sourcesOption())
    .addOption(sourceProgramsOption())
    .addOption(keepDaysOption())
    .addOption(keepGbOption())
    .action(
      async (options: {
        state?: string
        user?: string
        port?: number
        policy?: string
        interval: number
        execArguments: boolean
        ringMb: number
        sources?: ReadonlySet<MacSource>
        sourcePrograms?: string
        keepDays: number
        keepGb: number
      }) => {
        const { runUpCommand } = await import('../up.ts')
        const { interval, ...rest } = options
        await finish(runUpCommand({ ...rest, intervalMs: interval }))
      },
    )

  addWatchCommands(program)

  program
    .command('enroll')
    .description('makes this machine a device of a collector on another machine')
    .addOption(stateOption())
    .addOption(userOption())
    .option(
      '--collector <url>',
      'its address, as https://collector.example:8442 (default: that of the settings)',
    )
    .addOption(
      new Option(
        '--token-file <file>',
        `what ${commandThere('collector tokens make')} printed there; - is standard input`,
      ).argParser(pathOrStream),
    )
    .option('--pin <sha256>', `what ${commandThere('collector pin')} prints there`)
    .addOption(policyKeyOption())
    .addOption(settingsOption())
    .action(async (options: import('../enroll.ts').EnrollCommand) => {
      const { runEnrollCommand } = await import('../enroll.ts')
      await finish(runEnrollCommand(options))
    })

  program
    .command('engine', { hidden: true })
    .addOption(stateOption())
    .addOption(userOption())
    .option('--collector <url>')
    .addOption(tokenFileOption())
    .option('--policy <file>')
    .option('--policy-key <key>')
    .option('--settings <file>')
    .option('--include-loopback', '', false)
    .option('--under-up', '', false)
    .addOption(new Option('--up-pid <n>').argParser(whole(1, 2 ** 31 - 1)))
    .addOption(sourcesOption())
    .option('--record <file>')
    .action(async (options: Parameters<typeof import('../engine.ts').runEngineCommand>[0]) => {
      const { runEngineCommand } = await import('../engine.ts')
      await finish(runEngineCommand(options))
    })
}
