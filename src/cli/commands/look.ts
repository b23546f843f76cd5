// `freshet status` and `doctor`.
import type { Command } from 'commander'
import { finish } from '../finish.ts'
import { stateOption, userOption } from '../options.ts'

export function addLookCommands(program: Command): void {
  program
    .command('status')
    .description('what the agent on this machine sees and whether it reports')
    .addOption(stateOption())
    .option('--watch', 'once a second until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .action(async (options: { state?: string; watch?: boolean; json?: boolean }) => {
      const { runStatusCommand } = await import('../status.ts')
      await finish(runStatusCommand(options))
    })

  program
    .command('doctor')
    .description(
      'what has to be right, what is not, and what to do; exits 0, 1 (warnings) or 2 (failures)',
    )
    .addOption(stateOption())
    .addOption(userOption())
    .option('--json', 'one JSON object')
    .action(async (options: { state?: string; user?: string; json?: boolean }) => {
      const { runDoctorCommand } = await import('../doctor.ts')
      await finish(runDoctorCommand(options))
    })
}
