// `agent` and `record`: what watches this machine. The program `freshet` has them, and `freshet-sense` has no others.
import { type Command, Option } from 'commander'
import { OWN_COMMAND, PLACE } from '../../place.ts'
import type { MacSource } from '../../sources/choice.ts'
import type { AgentCommand } from '../agent.ts'
import { ringBytes, whole } from '../arguments.ts'
import { becomeSense, wantProgram } from '../become-sense.ts'
import { finish } from '../finish.ts'
import { withAgentOptions } from '../options.ts'
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
  endsWithInput?: boolean
  interval: number
  execArguments: boolean
  ringMb: number
  sources?: ReadonlySet<MacSource>
  sourcePrograms?: string
}

/** What the engine is told. The state directory always: sense gives it no environment that could name one. */
function agentCommand(options: AgentFlags): Omit<AgentCommand, 'engineCommand'> {
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
    endsWithInput: options.endsWithInput === true,
    engineArguments: passed,
    intervalMs: options.interval,
    ringBytes: ringBytes(options.ringMb),
    execArguments: options.execArguments,
    sources: options.sources,
    sourcePrograms: options.sourcePrograms,
  }
}

/** The engine's program: of the root role's executable the other one, else this program itself. */
type EngineProgram = AgentCommand['engineCommand']

/**
 * `engineCommand` is given where this is the root role's own program. Elsewhere a single executable that root runs becomes
 * that one: it is what may watch, and is no more than that.
 */
export function addWatchCommands(program: Command, engineCommand?: EngineProgram): void {
  const engine = engineCommand ?? OWN_COMMAND
  const begin = (options: AgentFlags): void => {
    if (engineCommand !== undefined) wantProgram(engineCommand[0])
    else if (PLACE.isExecutable && process.geteuid?.() === 0)
      becomeSense(statePaths(options.state).root)
  }
  withAgentOptions(program.command('agent'))
    .addOption(new Option('--under-up').hideHelp())
    .addOption(new Option('--ends-with-input').hideHelp())
    .description('watches this machine and reports to a collector; as root it sees all users')
    .action(async (options: AgentFlags) => {
      begin(options)
      const { runAgentCommand } = await import('../agent.ts')
      await finish(runAgentCommand({ ...agentCommand(options), engineCommand: engine }))
    })

  withAgentOptions(program.command('record <file>'))
    .description('an agent that also keeps what its engine is given, for `replay`; Ctrl-C ends it')
    .addOption(
      new Option('--seconds <n>', 'stop by itself after so long').argParser(whole(1, 31_536_000)),
    )
    .action(async (file: string, options: AgentFlags & { seconds?: number }) => {
      begin(options)
      const { runRecordCommand } = await import('../record.ts')
      await finish(
        runRecordCommand({
          ...agentCommand(options),
          engineCommand: engine,
          file,
          seconds: options.seconds,
        }),
      )
    })
}
