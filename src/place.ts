// Where the files lie that are not imported: beside the sources in a clone, beside the bundle where it is
// installed (scripts/build.ts puts them there).
import { fileURLToPath } from 'node:url'

const bundled = import.meta.url.endsWith('.mjs')
const at = (inClone: string, inBundle: string): string =>
  fileURLToPath(new URL(bundled ? inBundle : inClone, import.meta.url))

/** Absolute paths; a folder's ends with a slash. */
export const PLACE = {
  /** Not run from a clone. */
  isInstalled: bundled,
  /** The command itself, to start another role. */
  cli: at('./cli.ts', './freshet.mjs'),
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
