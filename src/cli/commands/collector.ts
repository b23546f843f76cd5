// `freshet collector` and what is done with its store.
import { type Command, Option } from 'commander'
import { address, hostName, path } from '../arguments.ts'
import { finish } from '../finish.ts'
import { keepDaysOption, keepGbOption, stateOption, userOption } from '../options.ts'
import { addAuthorityCommands } from './authority.ts'
import { addFleetCommands } from './fleet.ts'
import { addFleetPolicyCommands } from './fleet-policy.ts'

type Listen = { host: string; port: number }

export function addCollectorCommands(program: Command): void {
  const collector = program
    .command('collector')
    .description('takes what agents send, keeps it, serves the page')
    .addOption(stateOption())
    .addOption(userOption())
    .addOption(
      new Option(
        '--listen <host:port>',
        'address to listen on, several times for several: over TLS, but the page on loopback (default: 127.0.0.1:8442)',
      ).argParser((text, before?: Listen[]) => [...(before ?? []), address(text)]),
    )
    .addOption(new Option('--tls', 'TLS on loopback too').default(false))
    .addOption(
      new Option(
        '--name <name>',
        'what agents and browsers call it, several times for several (default: what this machine calls itself)',
      )
        .argParser((text, before: string[]) => [...before, hostName(text)])
        .default([]),
    )
    .addOption(
      new Option(
        '--certificate <file>',
        'PEM: its certificate and those that lead to its authority (default: its own authority signs one)',
      ).argParser(path),
    )
    .addOption(new Option('--key <file>', 'PEM: the key of --certificate').argParser(path))
    .addOption(keepDaysOption())
    .addOption(keepGbOption())
    .addOption(new Option('--wait-for-port').hideHelp())
    .action(
      async (options: {
        state?: string
        user?: string
        listen?: Listen[]
        tls: boolean
        name: string[]
        certificate?: string
        key?: string
        waitForPort?: boolean
        keepDays: number
        keepGb: number
      }) => {
        const { runCollectorCommand } = await import('../collector.ts')
        const { listen = [{ host: '127.0.0.1', port: 8442 }], name: names, ...rest } = options
        await finish(runCollectorCommand({ ...rest, listen, names }))
      },
    )
  collector
    .command('backup <file>')
    .description(
      'writes all that is stored to one file, also while the collector runs; - is standard output',
    )
    .addOption(stateOption())
    .addOption(
      new Option(
        '--secrets <file>',
        'a second file, for what agents and pages know it by and what it knows its devices by',
      ).argParser(path),
    )
    .option('--force', 'replace the files when they are there', false)
    .action(async (file: string, options: { state?: string; secrets?: string; force: boolean }) => {
      const { runBackupCommand } = await import('../collector-files.ts')
      await finish(runBackupCommand({ ...options, file }))
    })
  collector
    .command('restore <file>')
    .description('makes such a file the store, while no collector runs; - is standard input')
    .addOption(stateOption())
    .addOption(userOption())
    .addOption(new Option('--secrets <file>', 'the second file that backup made').argParser(path))
    .option('--force', 'what is there already is set aside', false)
    .action(
      async (
        file: string,
        options: { state?: string; user?: string; secrets?: string; force: boolean },
      ) => {
        const { runRestoreCommand } = await import('../collector-files.ts')
        await finish(runRestoreCommand({ ...options, file }))
      },
    )

  addFleetCommands(collector)
  addAuthorityCommands(collector)
  addFleetPolicyCommands(collector)

  program
    .command('page')
    .description('prints the address of the page of the collector that runs, with its key')
    .addOption(stateOption())
    .action(async (options: { state?: string }) => {
      const { pageAddress } = await import('../collector-access.ts')
      const { statePaths } = await import('../state.ts')
      process.stdout.write(`${pageAddress(statePaths(options.state))}\n`)
    })
}
