// `freshet policy`: keys, and documents that they sign.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { isRelease } from '../../policy/release.ts'
import { parseTarget } from '../../policy/target.ts'
import type { PolicyTarget } from '../../stream/policy-message.ts'
import { type UnixNs, unixNs } from '../../units.ts'
import { keyOrFile, path, whole } from '../arguments.ts'
import { finish } from '../finish.ts'
import type { DelegateOptions, ShowOptions, SignOptions } from '../policy-signing.ts'

const STREAM = '-'
/** A file, or a stream of this process. */
const fileOrStream = (text: string): string => (text === STREAM ? STREAM : path(text))

/** A day, to its end in UTC, or a moment. */
export function moment(text: string): UnixNs {
  const whole = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T23:59:59Z` : text
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(whole) ? Date.parse(whole) : Number.NaN
  // Of the 30th of February Date makes a day of March.
  if (!(ms >= 0 && new Date(ms).toISOString().startsWith(whole.slice(0, -1))))
    throw new InvalidArgumentError('wants 2026-12-24 or 2026-12-24T18:00:00Z.')
  return unixNs(BigInt(ms) * 1_000_000n, 'date')
}

function target(text: string): PolicyTarget {
  try {
    return parseTarget(text)
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`)
  }
}

function release(text: string): string {
  if (isRelease(text)) return text
  throw new InvalidArgumentError('wants a version like 1.2.3.')
}

/** What every signed document has. */
const withSigning = (command: Command): Command =>
  command
    .addOption(
      new Option('--key <file>', 'the private root key').argParser(path).makeOptionMandatory(),
    )
    .addOption(
      new Option('--as-version <n>', 'higher than any of its kind before')
        .argParser(whole(1, 2 ** 32 - 1))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--not-after <date>', 'when it ends, as 2026-12-24 or 2026-12-24T18:00:00Z')
        .argParser(moment)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--target <devices>',
        'all, group:NAME, device:ID, share:PERCENT or share:PERCENT:GROUP',
      )
        .argParser(target)
        .default({}, 'all'),
    )
    .addOption(
      new Option('--least-agent <version>', 'older agents refuse it')
        .argParser(release)
        .default(''),
    )
    .addOption(
      new Option('--out <file>', 'where to; - is standard output')
        .argParser(fileOrStream)
        .makeOptionMandatory(),
    )

export function addPolicyCommands(program: Command): void {
  const policy = program
    .command('policy')
    .description(
      'looks policies over, and signs what a collector sends to its agents; needs no collector',
    )
  policy
    .command('keygen')
    .description('makes a key that signs policies, and prints its public half')
    .addOption(
      new Option('--out <file>', 'file of the private key').argParser(path).makeOptionMandatory(),
    )
    .action(async (options: { out: string }) => {
      const { runKeygenCommand } = await import('../policy-signing.ts')
      await finish(Promise.resolve(runKeygenCommand(options)))
    })
  policy
    .command('key <file>')
    .description('prints the public half of a key, as agents are given it')
    .action(async (file: string) => {
      const { runKeyCommand } = await import('../policy-signing.ts')
      await finish(Promise.resolve(runKeyCommand(file)))
    })
  withSigning(policy.command('sign <policy>'))
    .description('signs a policy document; - is standard input')
    .action(async (file: string, options: SignOptions) => {
      const { runSignCommand } = await import('../policy-signing.ts')
      await finish(Promise.resolve(runSignCommand(file, options)))
    })
  withSigning(policy.command('delegate'))
    .description('lets an online key of a collector sign exceptions, within bounds')
    .addOption(
      new Option('--online-key <key>', 'its public key, or a file with it')
        .argParser(keyOrFile)
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--v4-prefix-min <n>', 'widest IPv4 network of an exception; 0: none may be')
        .argParser(whole(0, 32))
        .default(24),
    )
    .addOption(
      new Option('--v6-prefix-min <n>', 'widest IPv6 network of an exception; 0: none may be')
        .argParser(whole(0, 128))
        .default(48),
    )
    .option('--domains', 'exceptions may name domains', false)
    .option(
      '--programs',
      'exceptions may name programs: by path, parent, team, signing id or hash',
      false,
    )
    .addOption(
      new Option('--bytes-per-day-max <n>', 'what an exception may hold back at most')
        .argParser(whole(1, 2 ** 50))
        .default(2 ** 30),
    )
    .addOption(
      new Option('--days-max <n>', 'how long an exception may last')
        .argParser(whole(1, 30))
        .default(30),
    )
    .addOption(
      new Option('--exceptions-max <n>', 'how many there may be at once')
        .argParser(whole(1, 256))
        .default(64),
    )
    .action(async (options: DelegateOptions) => {
      const { runDelegateCommand } = await import('../policy-signing.ts')
      await finish(Promise.resolve(runDelegateCommand(options)))
    })
  policy
    .command('check <policy>')
    .description(
      'what is wrong with a policy document, what it comes to, and which exceptions end; - is standard input',
    )
    .action(async (file: string) => {
      const { runPolicyCheckCommand } = await import('../policy-check.ts')
      await finish(Promise.resolve(runPolicyCheckCommand(file)))
    })
  policy
    .command('try <policy>')
    .description('what would have been alerted of recordings under another policy')
    .addOption(
      new Option(
        '--capture <file...>',
        'captures, logs, or directories of them',
      ).makeOptionMandatory(),
    )
    .action(async (file: string, options: { capture: string[] }) => {
      const { runPolicyTryCommand } = await import('../policy-try.ts')
      await finish(runPolicyTryCommand(file, options))
    })
  policy
    .command('expected')
    .description(
      'applications that a policy may accept, with the documents that each row stands on',
    )
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) => {
      const { runPolicyExpectedCommand } = await import('../policy-expected.ts')
      await finish(Promise.resolve(runPolicyExpectedCommand(options)))
    })
  policy
    .command('show <file>')
    .description('what a signed document says; - is standard input')
    .option(
      '--content',
      'prints the document in it, to be signed again under another version',
      false,
    )
    .addOption(
      new Option('--policy-key <key>', 'checks that this key has signed it').argParser(keyOrFile),
    )
    .action(async (file: string, options: ShowOptions) => {
      const { runShowCommand } = await import('../policy-signing.ts')
      await finish(Promise.resolve(runShowCommand(file, options)))
    })
}
