// `freshet simulate`.
import { type Command, Option } from 'commander'
import { address, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import { stateOption } from '../options.ts'

export function addSimulateCommands(program: Command): void {
  const simulate = program
    .command('simulate')
    .description('makes the behaviour that Freshet looks for')
  simulate
    .command('upload')
    .description('a program never seen before sends data and gets little or nothing back')
    .addOption(stateOption())
    .addOption(new Option('--mb <n>', 'MiB to send').argParser(whole(1, 10_240)).default(8))
    .addOption(
      new Option('--flows <n>', 'connections to send them over')
        .argParser(whole(1, 256))
        .default(1),
    )
    .option('--silent', 'the sink answers nothing at all')
    .addOption(
      new Option('--seconds <s>', 'spread the upload over so long')
        .argParser(whole(0, 3600))
        .default(0),
    )
    .addOption(
      new Option('--to <host:port>', 'send there instead of to a sink of its own').argParser(
        address,
      ),
    )
    .addOption(
      new Option('--timeout <s>', 'longest wait for the alert')
        .argParser(whole(1, 3600))
        .default(60),
    )
    .action(
      async (options: {
        state?: string
        mb: number
        flows: number
        silent?: boolean
        to?: { host: string; port: number }
        seconds: number
        timeout: number
      }) => {
        const { runSimulateCommand } = await import('../simulate-command.ts')
        await finish(runSimulateCommand(options))
      },
    )
}
