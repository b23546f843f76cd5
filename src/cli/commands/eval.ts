// `freshet eval`.
import { type Command, Option } from 'commander'
import { path, whole } from '../arguments.ts'
import { finish } from '../finish.ts'

/** 6 x 6 x 4 x 3 x 4 x 3 x 2. */
const ALL_CELLS = 10_368
/** Addresses and tables of a machine hold so many, and no more attacks are on one. */
const THREADS_MAX = 64
const MACHINES_MAX = 1_000

export function addEvalCommand(program: Command): void {
  program
    .command('eval')
    .description(
      'how well detectors, the own and rivals, tell attacks from what is ordinary, on made-up machines',
    )
    .addOption(
      new Option('--seed <n>', 'another seed, other machines')
        .argParser(whole(1, 100_000))
        .default(1),
    )
    .addOption(
      new Option('--machines <n>', 'how many, a day each')
        .argParser(whole(2, MACHINES_MAX))
        .default(40),
    )
    .addOption(
      new Option('--cells <n>', `attacks drawn of the grid's ${ALL_CELLS}`)
        .argParser(whole(0, ALL_CELLS))
        .default(2_400),
    )
    .option('--terms', 'also the engine as it was, by points, with each term left out', false)
    .option(
      '--context',
      'also with how programs came to run, at rates that are assumed (docs/evaluation.md)',
      false,
    )
    .option('--json', 'the report as JSON', false)
    .option('--markdown', 'its tables as Markdown', false)
    .option('--page <file>', 'also as one page of HTML with the curves', path)
    .addOption(
      new Option(
        '--threads <n>',
        'machines at a time; as many as there are cores unless it is given, with the same outcome',
      ).argParser(whole(1, THREADS_MAX)),
    )
    .option('--keep <dir>', 'keep what is done there, and take it up from there', path)
    .option('--manifest <file...>', 'labelled recordings and logs that take part', [])
    .action(async (options: import('../eval.ts').EvalCommand) => {
      const { runEvalCommand } = await import('../eval.ts')
      await finish(runEvalCommand(options))
    })
}
