// `freshet replay`.
import { type Command, Option } from 'commander'
import { IMPORT_KINDS, IMPORT_SIGNERS } from '../../importers/importer.ts'
import { collectorPlace, path, positive } from '../arguments.ts'
import { finish } from '../finish.ts'
import { noTokenFileOption, stateOption, userOption } from '../options.ts'

export function addReplayCommand(program: Command): void {
  program
    .command('replay <file...>')
    .description(
      'captures and logs, through the whole detector; prints the alerts; - is standard input',
    )
    .option('--json', 'alert findings as JSON lines, revisions included')
    .option('--into', 'also into the collector of this machine, as a device of its own')
    .addOption(stateOption())
    .addOption(userOption())
    .addOption(
      new Option(
        '--collector <dir>',
        'also into the collector of this machine with this state directory',
      ).argParser(collectorPlace),
    )
    .addOption(noTokenFileOption())
    .option(
      '--baseline <file>',
      'begin with this baseline (a copy of it, or an export), not with the recorded one',
      path,
    )
    .option('--policy <file>', 'this policy, JSON, in place of the recorded ones', path)
    .option('--external <cidr...>', 'private networks that count as outside')
    .addOption(
      new Option('--from <kind>', 'what the files are (default: found out)').choices(IMPORT_KINDS),
    )
    .option('--host <name>', 'Zeek: address of the host to look at; other logs: its name')
    .addOption(
      new Option(
        '--signer <class>',
        'Zeek: how the one program of the host is vouched for',
      ).choices(IMPORT_SIGNERS),
    )
    .option('--ssl <file>', 'Zeek: the ssl log (default: the one beside the conn log)')
    .addOption(
      new Option('--speed <n>', 'so many times real time (default: as fast as it can)').argParser(
        positive,
      ),
    )
    .option(
      '--strict',
      'fail when anything could not be read or alerts differ from the recorded ones',
    )
    .action(
      async (
        files: string[],
        options: Omit<import('../replay.ts').ReplayCommand, 'files' | 'sslPath'> & {
          ssl?: string
        },
      ) => {
        const { runReplayCommand } = await import('../replay.ts')
        const { ssl: sslPath, ...rest } = options
        await finish(runReplayCommand({ files, ...rest, sslPath }))
      },
    )
}
