// `freshet baseline`: list, show, export, import.
import { type Command, Option } from 'commander'
import { whole, word } from '../arguments.ts'
import { finish } from '../finish.ts'
import { stateOption } from '../options.ts'

export function addBaselineCommands(program: Command): void {
  const baseline = program.command('baseline').description('the programs this machine knows')
  baseline
    .command('list')
    .description('identities, the newest first')
    .addOption(stateOption())
    .option('--matching <text>', 'only those whose key, name or path contains it')
    .option('--json', 'one JSON object a line')
    .addOption(
      new Option('--limit <n>', 'at most so many').argParser(whole(1, 1_000_000)).default(50),
    )
    .action(
      async (options: { state?: string; json?: boolean; limit: number; matching?: string }) => {
        const { runBaselineList } = await import('../baseline.ts')
        await finish(runBaselineList(options))
      },
    )
  baseline
    .command('show')
    .argument('<identity>', 'a key, the beginning of one, or a file name', word)
    .description('the life of one program, and its destinations')
    .addOption(stateOption())
    .option('--json', 'one JSON object')
    .action(async (identity: string, options: { state?: string; json?: boolean }) => {
      const { runBaselineShow } = await import('../baseline.ts')
      await finish(runBaselineShow(identity, options))
    })

  baseline
    .command('export <file>')
    .description('all of it as lines of JSON, also while an agent runs; - is standard output')
    .addOption(stateOption())
    .option('--force', 'write over a file that is there already')
    .action(async (file: string, options: { state?: string; force?: boolean }) => {
      const { runBaselineExport } = await import('../baseline-files.ts')
      await finish(runBaselineExport({ ...options, file, force: options.force === true }))
    })
  baseline
    .command('import <file>')
    .description(
      'merges an export into what is known; not while an agent runs; - is standard input',
    )
    .addOption(stateOption())
    .option('--user <name>', 'whose the state directory is, when it is made')
    .option('--strict', 'fail when a line could not be read')
    .action(async (file: string, options: { state?: string; user?: string; strict?: boolean }) => {
      const { runBaselineImport } = await import('../baseline-files.ts')
      await finish(runBaselineImport({ ...options, file, strict: options.strict === true }))
    })
}
