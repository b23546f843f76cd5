// Where the files lie that are not imported: beside the sources in a clone, beside the bundle where it is
// installed (scripts/build.ts puts them there), in or beside the executable (scripts/build-executables.ts).
import { getAsset, getAssetKeys, getRawAsset, isSea } from 'node:sea'
import { fileURLToPath, pathToFileURL } from 'node:url'

const isExecutable = isSea()
const bundled = isExecutable || import.meta.url.endsWith('.mjs')
// A thread's module has no place of its own there.
const here = isExecutable ? pathToFileURL(process.execPath).href : import.meta.url
const at = (inClone: string, installed: string): string =>
  fileURLToPath(new URL(bundled ? installed : inClone, here))

/** Absolute paths; a folder's ends with a slash. */
export const PLACE = {
  /** Not run from a clone. */
  isInstalled: bundled,
  /** One of the two single executables: page, threads and version are within it (see `embedded`). */
  isExecutable,
  /** The command itself, in a clone and in the bundle. To start another role of it: OWN_COMMAND. */
  cli: at('./cli.ts', './freshet.mjs'),
  /** The two executables, where this is one of them. */
  freshet: at('.', './freshet'),
  sense: at('.', './freshet-sense'),
  /** The native addon. */
  addon: at('../native/build/Release/freshet.node', './freshet.node'),
  /** The program that `freshet simulate` copies. */
  probe: at('../native/build/probe', './probe'),
  /** The menu bar that set-up builds on a Mac; an installed one is launchd's to start, and not here. */
  menuBar: at('../native/build/Freshet.app', './Freshet.app'),
  /** The built page. */
  page: at('./collector/web/dist/', './web/'),
  storeWriter: at('./collector/store/writer-worker.ts', './store-writer.mjs'),
  storeCheckpoint: at('./collector/store/checkpoint-worker.ts', './store-checkpoint.mjs'),
  storeReader: at('./collector/store/reader-worker.ts', './store-reader.mjs'),
  /** For the version. */
  packageJson: at('../package.json', './package.json'),
} as const

/** What starts this program again: the words of another role go behind it. An executable has its flags of Node within. */
export const OWN_COMMAND: readonly [string, ...string[]] = isExecutable
  ? [process.execPath]
  : [process.execPath, ...process.execArgv, PLACE.cli]

/** What is within the executable. Each throws where this is none, or where it has no such thing. */
export const embedded = {
  text: (name: string): string => getAsset(name, 'utf8'),
  bytes: (name: string): ArrayBuffer => getAsset(name),
  /** Names that begin so. */
  names: (prefix: string): string[] => getAssetKeys().filter((name) => name.startsWith(prefix)),
} as const

/** The module of a thread, for `new Worker`. */
export function threadModule(name: 'storeWriter' | 'storeCheckpoint' | 'storeReader'): URL {
  if (!isExecutable) return pathToFileURL(PLACE[name])
  const code = Buffer.from(getRawAsset(`${name}.mjs`)).toString('base64')
  return new URL(`data:text/javascript;base64,${code}`)
}
