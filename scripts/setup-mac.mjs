// What a Mac has to have before anything is built on it. Plain JavaScript for node 20.19, as setup.mjs is.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Node 26's own floor, and that of every file that is built. pkg/identity.json says it too; a test holds them together. */
const OLDEST = [13, 5]
const INSTALL =
  'run `xcode-select --install`, go through the window that opens, then run this again'

/** What a program says; status undefined when there is none. SYSTEM_VERSION_COMPAT would make macOS call itself 10.16. */
function ask(program, args) {
  const { SYSTEM_VERSION_COMPAT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env })
  return { status, output: (stdout ?? '').trim(), complaint: (stderr ?? '').trim() }
}

/**
 * One sentence on the first thing this Mac lacks and how to get it, or undefined. Before anything else of a set-up: without
 * Apple's command line tools cc, make and python3 in /usr/bin are there all the same, and each opens a window when it is run.
 */
export function macLacks(system = { ask, existsSync }) {
  const { output: version } = system.ask('/usr/bin/sw_vers', ['-productVersion'])
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldMajor, oldMinor] = OLDEST
  if (version !== '' && (major < oldMajor || (major === oldMajor && minor < oldMinor)))
    return `macOS ${version} is too old: ${OLDEST.join('.')} or later is needed`
  const { status, output: folder } = system.ask('/usr/bin/xcode-select', ['-p'])
  if (status !== 0 || folder === '') return `Apple's command line tools are missing: ${INSTALL}`
  if (!system.existsSync(folder))
    return `Apple's command line tools are to lie in ${folder}, which is not there: run \`sudo xcode-select --reset\`, then this again`
  const sdk = system.ask('/usr/bin/xcrun', ['--sdk', 'macosx', '--show-sdk-path'])
  if (sdk.status !== 0 && /licen[cs]e/i.test(sdk.complaint))
    return `Xcode's licence has not been agreed to on this Mac: run \`sudo xcodebuild -license accept\`, then this again`
  if (sdk.status !== 0 || sdk.output === '')
    return `Apple's command line tools in ${folder} have no SDK of macOS: ${INSTALL}`
  return undefined
}

/**
 * Where npm is to keep what it fetches, else undefined: its usual place. macOS's sudo leaves HOME as it was, so root's npm
 * would fill the user's own cache with files of root, and the user's next npm could not work.
 */
export function cacheInstead({ uid, homeUid, place }) {
  return uid === 0 && homeUid !== undefined && homeUid !== 0 ? place : undefined
}
