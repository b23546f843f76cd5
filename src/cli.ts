// freshet's commands. Each loads its own rooms only when it runs: the root role must not load what it does
// not need, and a command that only prints starts at once.

import { Command, Option } from 'commander'
import { address, path, positive, ringBytes, whole } from './cli/arguments.ts'
import {
  collectorOption,
  execArgumentsOption,
  intervalOption,
  keepDaysOption,
  keepGbOption,
  stateOption,
  tokenFileOption,
  userOption,
  withAgentOptions,
} from './cli/options.ts'
import { ConfigError, statePaths } from './cli/state.ts'
import { IMPORT_KINDS, IMPORT_SIGNERS } from './importers/importer.ts'
import { EXIT_CONFIG } from './sense/exit.ts'
import { VERSION } from './version.ts'

const program = new Command('freshet')
  .description(
    'Tells when an application nobody has seen before sends data out and gets little or nothing back.',
  )
  .version(VERSION)
  // `collector` has options and commands of its own: each option belongs to the command before it.
  .enablePositionalOptions()

program
  .command('up', { isDefault: false })
  .description(
    "collector and agent together on this machine; prints the page's address; Ctrl-C stops all",
  )
  .addOption(stateOption())
  .addOption(userOption())
  .addOption(
    new Option(
      '--port <n>',
      'port of the page (default: 8442, or any when that is taken)',
    ).argParser(whole(0, 65_535)),
  )
  .addOption(intervalOption())
  .addOption(execArgumentsOption())
  .addOption(keepDaysOption())
  .addOption(keepGbOption())
  .action(
    async (options: {
      state?: string
      user?: string
      port?: number
      interval: number
      execArguments: boolean
      keepDays: number
      keepGb: number
    }) => {
      const { runUpCommand } = await import('./cli/up.ts')
      const { interval, ...rest } = options
      await finish(runUpCommand({ ...rest, intervalMs: interval }))
    },
  )

type AgentFlags = {
  state?: string
  user?: string
  collector?: string
  tokenFile?: string
  policy?: string
  includeLoopback?: boolean
  interval: number
  execArguments: boolean
  ringMb: number
}

/** What the engine is told. The state directory always: sense gives it no environment that could name one. */
function agentCommand(options: AgentFlags): import('./cli/agent.ts').AgentCommand {
  const passed: string[] = ['--state', statePaths(options.state).root]
  for (const [name, flag] of [
    ['user', '--user'],
    ['collector', '--collector'],
    ['tokenFile', '--token-file'],
    ['policy', '--policy'],
  ] as const)
    if (options[name] !== undefined) passed.push(flag, options[name])
  if (options.includeLoopback) passed.push('--include-loopback')
  return {
    engineArguments: passed,
    intervalMs: options.interval,
    ringBytes: ringBytes(options.ringMb),
    execArguments: options.execArguments,
  }
}

withAgentOptions(program.command('agent'))
  .description('watches this machine and reports to a collector; as root it sees all users')
  .action(async (options: AgentFlags) => {
    const { runAgentCommand } = await import('./cli/agent.ts')
    await finish(runAgentCommand(agentCommand(options)))
  })

withAgentOptions(program.command('record <file>'))
  .description('an agent that also keeps what its engine is given, for `replay`; Ctrl-C ends it')
  .addOption(
    new Option('--seconds <n>', 'stop by itself after so long').argParser(whole(1, 31_536_000)),
  )
  .action(async (file: string, options: AgentFlags & { seconds?: number }) => {
    const { runRecordCommand } = await import('./cli/record.ts')
    await finish(runRecordCommand({ ...agentCommand(options), file, seconds: options.seconds }))
  })

program
  .command('replay <file...>')
  .description('captures and logs, through the whole detector; prints the alerts')
  .option('--json', 'alert findings as JSON lines, revisions included')
  .option('--into', 'also into the collector of this machine, as a device of its own')
  .addOption(stateOption())
  .addOption(collectorOption())
  .addOption(tokenFileOption())
  .option(
    '--baseline <file>',
    'begin with this baseline (a copy of it), not with the recorded one',
    path,
  )
  .option('--policy <file>', 'this policy, JSON, in place of the recorded ones', path)
  .option('--external <cidr...>', 'private networks that count as outside')
  .addOption(
    new Option('--from <kind>', 'what the files are (default: found out)').choices(IMPORT_KINDS),
  )
  .option('--host <name>', 'Zeek: address of the host to look at; other logs: its name')
  .addOption(
    new Option('--signer <class>', 'Zeek: how the one program of the host is vouched for').choices(
      IMPORT_SIGNERS,
    ),
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
      options: Omit<import('./cli/replay.ts').ReplayCommand, 'files' | 'sslPath'> & {
        ssl?: string
      },
    ) => {
      const { runReplayCommand } = await import('./cli/replay.ts')
      const { ssl: sslPath, ...rest } = options
      await finish(runReplayCommand({ files, ...rest, sslPath }))
    },
  )

program
  .command('engine', { hidden: true })
  .addOption(stateOption())
  .addOption(userOption())
  .option('--collector <url>')
  .option('--token-file <file>')
  .option('--policy <file>')
  .option('--include-loopback', '', false)
  .option('--record <file>')
  .action(async (options: Parameters<typeof import('./cli/engine.ts').runEngineCommand>[0]) => {
    const { runEngineCommand } = await import('./cli/engine.ts')
    await finish(runEngineCommand(options))
  })

const collector = program
  .command('collector')
  .description('takes what agents send, keeps it, serves the page')
  .addOption(stateOption())
  .addOption(userOption())
  .addOption(
    new Option('--listen <host:port>', 'address to listen on; without TLS only loopback')
      .argParser(address)
      .default({ host: '127.0.0.1', port: 8442 }, '127.0.0.1:8442'),
  )
  .addOption(keepDaysOption())
  .addOption(keepGbOption())
  .addOption(new Option('--wait-for-port').hideHelp())
  .action(
    async (options: {
      state?: string
      user?: string
      listen: { host: string; port: number }
      waitForPort?: boolean
      keepDays: number
      keepGb: number
    }) => {
      const { runCollectorCommand } = await import('./cli/collector.ts')
      await finish(runCollectorCommand(options))
    },
  )
collector
  .command('backup <file>')
  .description('writes all that is stored to one file, also while the collector runs')
  .addOption(stateOption())
  .option('--force', 'replace the file when it is there', false)
  .action(async (file: string, options: { state?: string; force: boolean }) => {
    const { runBackupCommand } = await import('./cli/collector-files.ts')
    await finish(runBackupCommand({ ...options, file }))
  })
collector
  .command('restore <file>')
  .description('makes such a file the store, while no collector runs')
  .addOption(stateOption())
  .addOption(userOption())
  .option('--force', 'when there is a store already, set it aside', false)
  .action(async (file: string, options: { state?: string; user?: string; force: boolean }) => {
    const { runRestoreCommand } = await import('./cli/collector-files.ts')
    await finish(runRestoreCommand({ ...options, file }))
  })

program
  .command('status')
  .description('what the agent on this machine sees and whether it reports')
  .addOption(stateOption())
  .option('--watch', 'once a second until Ctrl-C')
  .option('--json', 'one JSON object a line')
  .action(async (options: { state?: string; watch?: boolean; json?: boolean }) => {
    const { runStatusCommand } = await import('./cli/status.ts')
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
    const { runDoctorCommand } = await import('./cli/doctor.ts')
    await finish(runDoctorCommand(options))
  })

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
  .action(async (options: { state?: string; json?: boolean; limit: number; matching?: string }) => {
    const { runBaselineList } = await import('./cli/baseline.ts')
    await finish(runBaselineList(options))
  })
baseline
  .command('show <identity>')
  .description('one identity with its destinations; a key, the beginning of one, or a file name')
  .addOption(stateOption())
  .option('--json', 'one JSON object')
  .action(async (identity: string, options: { state?: string; json?: boolean }) => {
    const { runBaselineShow } = await import('./cli/baseline.ts')
    await finish(runBaselineShow(identity, options))
  })

baseline
  .command('export <file>')
  .description('all of it as lines of JSON, also while an agent runs')
  .addOption(stateOption())
  .option('--force', 'write over a file that is there already')
  .action(async (file: string, options: { state?: string; force?: boolean }) => {
    const { runBaselineExport } = await import('./cli/baseline-files.ts')
    await finish(runBaselineExport({ ...options, file, force: options.force === true }))
  })
baseline
  .command('import <file>')
  .description('merges an export into what is known; not while an agent runs')
  .addOption(stateOption())
  .option('--user <name>', 'whose the state directory is, when it is made')
  .option('--strict', 'fail when a line could not be read')
  .action(async (file: string, options: { state?: string; user?: string; strict?: boolean }) => {
    const { runBaselineImport } = await import('./cli/baseline-files.ts')
    await finish(runBaselineImport({ ...options, file, strict: options.strict === true }))
  })

const simulate = program
  .command('simulate')
  .description('makes the behaviour that Freshet looks for')
simulate
  .command('upload')
  .description('a program never seen before sends data and gets little or nothing back')
  .addOption(stateOption())
  .addOption(new Option('--mb <n>', 'MiB to send').argParser(whole(1, 10_240)).default(8))
  .addOption(
    new Option('--flows <n>', 'connections to send them over').argParser(whole(1, 256)).default(1),
  )
  .option('--silent', 'the sink answers nothing at all')
  .addOption(
    new Option('--seconds <s>', 'spread the upload over so long')
      .argParser(whole(0, 3600))
      .default(0),
  )
  .addOption(
    new Option('--to <host:port>', 'send there instead of to a sink of its own').argParser(address),
  )
  .addOption(
    new Option('--timeout <s>', 'longest wait for the alert').argParser(whole(1, 3600)).default(60),
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
      const { runSimulateCommand } = await import('./cli/simulate-command.ts')
      await finish(runSimulateCommand(options))
    },
  )

// A usage error ends with the line that matters; the help is one command away.
const endWithError = (command: Command, words: string): void => {
  command.configureOutput({
    outputError: (text, write) => write(`\`${words} --help\` says what there is.\n${text}`),
  })
  for (const one of command.commands) endWithError(one, `${words} ${one.name()}`)
}
endWithError(program, 'freshet')

async function finish(work: Promise<number>): Promise<void> {
  process.exitCode = await work
  // What still holds the loop open has been told to end; a command that has its result must not hang.
  setTimeout(() => process.exit(), 3000).unref()
}

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

/** Errors that were foreseen: their message says what, where and what to do, and a stack would only hide it. */
const FORESEEN = new Set([
  'AgentError',
  'BaselineError',
  'CollectorError',
  'OutboxError',
  'StateError',
  'StoreError',
])

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`freshet: ${error.message}\n`)
    process.exit(EXIT_CONFIG)
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
  // Ctrl-C while something was awaited.
  if (name === 'AbortError') process.exit(130)
  process.stderr.write(`freshet: ${FORESEEN.has(name) ? message : (stack ?? message)}\n`)
  process.exit(1)
}
