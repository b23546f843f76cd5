// `freshet collector policy`.
import { type Command, Option } from 'commander'
import { keyOrFile, path, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import type { PublishCommand } from '../fleet-policy.ts'
import { stateOption } from '../options.ts'
import { STREAM } from '../output-file.ts'
import { ConfigError } from '../state.ts'

type State = { state?: string }

const fileOrStream = (text: string): string => (text === STREAM ? STREAM : path(text))

/** Throws ConfigError. */
function versionOf(text: string): number {
  try {
    return whole(1, 2 ** 32 - 1)(text)
  } catch (error) {
    throw new ConfigError(`collector policy: <version> ${(error as Error).message}`)
  }
}

export function addFleetPolicyCommands(collector: Command): void {
  const policy = collector
    .command('policy')
    .description('signed documents that agents of other machines are sent')
  policy
    .command('publish <file>')
    .description('sends what was signed to those that it is for; - is standard input')
    .addOption(stateOption())
    .addOption(
      new Option(
        '--policy-key <key>',
        'public root key, as agents were given it: its digits, or a file with it; kept',
      ).argParser(keyOrFile),
    )
    .addOption(
      new Option('--share <percent>', 'how many of them at first')
        .argParser(whole(0, 100))
        .default(100),
    )
    .action(async (file: string, options: PublishCommand) => {
      const { runPublishCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runPublishCommand(fileOrStream(file), options)))
    })
  policy
    .command('promote <version>')
    .description('sends a policy to more of those that it is for')
    .addOption(stateOption())
    .addOption(new Option('--share <percent>', 'to how many').argParser(whole(1, 100)).default(100))
    .action(async (version: string, options: State & { share: number }) => {
      const { runPromoteCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runPromoteCommand({ ...options, version: versionOf(version) })))
    })
  policy
    .command('hold <version>')
    .description('sends a policy to nobody more; who has it keeps it')
    .addOption(stateOption())
    .action(async (version: string, options: State) => {
      const { runPromoteCommand } = await import('../fleet-policy.ts')
      await finish(
        Promise.resolve(runPromoteCommand({ ...options, version: versionOf(version), share: 0 })),
      )
    })
  policy
    .command('list')
    .description('what was published')
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runListPoliciesCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runListPoliciesCommand(options)))
    })
  policy
    .command('status')
    .description('how it stands on each device: applied, failed and why, clamped, expired')
    .addOption(stateOption())
    .option('--json', 'as JSON')
    .action(async (options: State & { json?: boolean }) => {
      const { runPolicyStatusCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runPolicyStatusCommand(options)))
    })
  policy
    .command('online-key')
    .description('prints the key of this collector that a root key may delegate')
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runOnlineKeyCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runOnlineKeyCommand(options)))
    })
  policy
    .command('except <file>')
    .description('signs exceptions and standings with that key and sends them; - is standard input')
    .addOption(stateOption())
    .action(async (file: string, options: State) => {
      const { runExceptCommand } = await import('../fleet-policy.ts')
      await finish(Promise.resolve(runExceptCommand(fileOrStream(file), options)))
    })
}
