// `freshet collector authority`.
import type { Command } from 'commander'
import { finish } from '../finish.ts'
import { stateOption } from '../options.ts'

type State = { state?: string }

export function addAuthorityCommands(collector: Command): void {
  const authority = collector
    .command('authority')
    .description('who signs certificates, and how another takes its place')
  authority
    .command('list')
    .description('each with its pin, and how many devices know it and have a certificate of it')
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runListAuthoritiesCommand } = await import('../authority.ts')
      await finish(Promise.resolve(runListAuthoritiesCommand(options)))
    })
  authority
    .command('next')
    .description('makes the one that is to follow: devices come to know it beside the present one')
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runNextAuthorityCommand } = await import('../authority.ts')
      await finish(runNextAuthorityCommand(options))
    })
  authority
    .command('switch')
    .description('has the next one sign; the earlier one still counts')
    .addOption(stateOption())
    .action(async (options: State) => {
      const { runSwitchAuthorityCommand } = await import('../authority.ts')
      await finish(runSwitchAuthorityCommand(options))
    })
  authority
    .command('retire')
    .description('believes the earlier one no more, and what it signed')
    .addOption(stateOption())
    .option('--force', 'also where devices have to enrol again', false)
    .action(async (options: State & { force: boolean }) => {
      const { runRetireAuthorityCommand } = await import('../authority.ts')
      await finish(runRetireAuthorityCommand(options))
    })
}
