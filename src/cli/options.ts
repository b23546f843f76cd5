// Options that several commands share.
import { type Command, InvalidArgumentError, Option } from 'commander'
import { MAC_SOURCES } from '../sources/choice.ts'
import { collectorPlace, keyOrFile, path, sources, whole } from './arguments.ts'

export const stateOption = () =>
  new Option(
    '--state <dir>',
    "directory of this installation (default: FRESHET_STATE, else the platform's)",
  ).argParser(path)
export const userOption = () =>
  new Option(
    '--user <name>',
    'user of engine and collector when run as root (default: _freshet, freshet or nobody)',
  )
export const collectorOption = () =>
  new Option(
    '--collector <place>',
    'the state directory of a collector on this machine, or the address of the one it is enrolled with',
  ).argParser(collectorPlace)
/** Of a version before, and read by nobody: an agent whose settings still have it is to watch all the same. */
export const tokenFileOption = () => new Option('--token-file <file>').hideHelp()
/** The same of a command that watches nothing. */
export const noTokenFileOption = () =>
  tokenFileOption().argParser(() => {
    throw new InvalidArgumentError(
      'Tokens are used no more: name the collector of this machine by its state directory, or say --into.',
    )
  })
export const keepDaysOption = () =>
  new Option('--keep-days <n>', 'alerts and history stored longer ago are dropped')
    .argParser(whole(1, 3650))
    .default(180)
export const keepGbOption = () =>
  new Option('--keep-gb <n>', 'the oldest alerts are dropped when the store is larger')
    .argParser(whole(1, 100_000))
    .default(20)
export const policyOption = () =>
  new Option('--policy <file>', 'policy document, JSON').argParser(path)
export const policyKeyOption = () =>
  new Option(
    '--policy-key <key>',
    'root key of the policies that the collector sends: its digits, or a file with it',
  ).argParser(keyOrFile)
export const settingsOption = () =>
  new Option(
    '--settings <file>',
    'what this machine enrols with where it has not (default: /etc/freshet/settings.json; on a Mac managed preferences)',
  ).argParser(path)
export const intervalOption = () =>
  new Option('--interval <ms>', 'time between reads of the flow counters')
    .argParser(whole(10, 5_000))
    .default(1000)
export const execArgumentsOption = () =>
  new Option(
    '--exec-arguments',
    'also keep the arguments of programs, passwords among them, and send them with alerts',
  ).default(false)

export const ringOption = () =>
  new Option('--ring-mb <n>', 'size of the ring between kernel and engine')
    .argParser(whole(1, 1024))
    .default(8)

export const sourcesOption = () =>
  new Option(
    '--sources <list>',
    `macOS: use these sources alone, of ${MAC_SOURCES.join(', ')} (default: the best that work)`,
  ).argParser(sources)
/** For trials and tests, on any system: programs that print what Apple's do. */
export const sourceProgramsOption = () =>
  new Option('--source-programs <folder>', 'where eslogger and nettop are (default: /usr/bin)')
    .argParser(path)
    .hideHelp()

/** What both commands that run sense and engine take. */
export const withAgentOptions = (command: Command): Command =>
  command
    .addOption(stateOption())
    .addOption(userOption())
    .addOption(collectorOption())
    .addOption(tokenFileOption())
    .addOption(policyOption())
    .addOption(policyKeyOption())
    .addOption(settingsOption())
    .addOption(new Option('--include-loopback', 'detect on loopback too, for trials and tests'))
    .addOption(intervalOption())
    .addOption(execArgumentsOption())
    .addOption(ringOption())
    .addOption(sourcesOption())
    .addOption(sourceProgramsOption())
