// `freshet up`, `agent`, `record`, and `engine`, which sense starts.
import { type Command, Option } from 'commander'
import { commandThere } from '../../hint.ts'
import type { MacSource } from '../../sources/choice.ts'
import { pathOrStream, ringBytes, whole } from '../arguments.ts'
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
  withAgentOptions,
} from '../options.ts'
import { statePaths } from '../state.ts'

type AgentFlags = {
  state?: string
  user?: string
  collector?: string
  tokenFile?: string
  policy?: string
  policyKey?: string
  settings?: string
  includeLoopback?: boolean
  underUp?: boolean
  interval: number
  execArguments: boolean
  ringMb: number
  sources?: ReadonlySet<MacSource>
  sourcePrograms?: string
}

/** What the engine is told. The state directory always: sense gives it no environment that could name one. */
function agentCommand(options: AgentFlags): import('../agent.ts').AgentCommand {
  const { root } = statePaths(options.state)
  const passed: string[] = ['--state', root]
  for (const [name, flag] of [
    ['user', '--user'],
    ['collector', '--collector'],
    ['tokenFile', '--token-file'],
    ['policy', '--policy'],
    ['policyKey', '--policy-key'],
    ['settings', '--settings'],
  ] as const)
    if (options[name] !== undefined) passed.push(flag, options[name])
  if (options.includeLoopback) passed.push('--include-loopback')
  // Asked as both end: whether in order, or because that was killed.
  if (options.underUp) passed.push('--under-up', '--up-pid', `${process.ppid}`)
  if (options.sources) passed.push('--sources', [...options.sources].join(','))
  return {
    stateRoot: root,
    isUnderUp: options.underUp === true,
    engineArguments: passed,
    intervalMs: options.interval,
    ringBytes: ringBytes(options.ringMb),
    execArguments: options.execArguments,
    sources: options.sources,
    sourcePrograms: options.sourcePrograms,
  }
}

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

  withAgentOptions(program.command('agent'))
    .addOption(new Option('--under-up').hideHelp())
    .description('watches this machine and reports to a collector; as root it sees all users')
    .action(async (options: AgentFlags) => {
      const { runAgentCommand } = await import('../agent.ts')
      await finish(runAgentCommand(agentCommand(options)))
    })

  withAgentOptions(program.command('record <file>'))
    .description('an agent that also keeps what its engine is given, for `replay`; Ctrl-C ends it')
    .addOption(
      new Option('--seconds <n>', 'stop by itself after so long').argParser(whole(1, 31_536_000)),
    )
    .action(async (file: string, options: AgentFlags & { seconds?: number }) => {
      const { runRecordCommand } = await import('../record.ts')
      await finish(runRecordCommand({ ...agentCommand(options), file, seconds: options.seconds }))
    })

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
