// What an administrator has set for this machine: a file on Linux, managed preferences on a Mac. By it a machine enrols itself.
import { execFileSync } from 'node:child_process'
import type { Wanted } from '../agent/enrolling.ts'
import { whyUnreadable } from '../given-file.ts'
import { readStateFile } from '../state-file.ts'
import { collectorOrigin } from '../stream/collector-url.ts'
import { parsePin } from '../trust/pin.ts'
import { readPublicKey } from './policy-signing.ts'
import { ConfigError } from './state.ts'
import { tokenIn } from './token.ts'

/** Where they lie. Of a Mac those of the machine, which a profile brings and macOS writes: no user's own count. */
export const SETTINGS_PLACE =
  process.platform === 'darwin'
    ? '/Library/Managed Preferences/org.freshet.plist'
    : '/etc/freshet/settings.json'
/** Reads property lists, also binary ones; of every Mac. */
const PLUTIL = '/usr/bin/plutil'
const PLUTIL_MS = 10_000
const BYTES_MAX = 64 * 1024
const KEYS = ['collector', 'pin', 'token', 'tokenFile', 'policyKey'] as const

const WHAT_TO_DO =
  'write one object there, {"collector": "…", "pin": "…", …}, each value a text in double quotes, or remove it'

/** As they are written there. */
export type Settings = Partial<Record<(typeof KEYS)[number], string>>

/** Undefined: none are there. Throws ConfigError: others could have written them, or they are none. */
export function readSettings(path = SETTINGS_PLACE, plutil = PLUTIL): Settings | undefined {
  const text = textOf(path)
  if (text === undefined) return undefined
  const found = parsed(path.endsWith('.plist') ? plistText(path, plutil) : text, path)
  if (typeof found !== 'object' || found === null || Array.isArray(found))
    throw new ConfigError(`settings: ${path} holds no names with values: ${WHAT_TO_DO}`)
  for (const [name, value] of Object.entries(found))
    if (!(KEYS as readonly string[]).includes(name) || typeof value !== 'string' || value === '')
      throw new ConfigError(
        `settings: ${path}: ${JSON.stringify(name)} is none of ${KEYS.join(', ')} with a text as its value`,
      )
  return found
}

/** What the parser quotes may be the token: only where it stopped is told. */
function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const at = /line (\d+) column (\d+)/.exec((error as Error).message)
    const where = at ? ` from line ${at[1]}, column ${at[2]} on` : ''
    throw new ConfigError(`settings: ${path} is no JSON${where}: ${WHAT_TO_DO}`)
  }
}

function plistText(path: string, plutil: string): string {
  try {
    return jsonOf(path, plutil)
  } catch (error) {
    throw new ConfigError(`settings: ${path} cannot be read: ${(error as Error).message}`)
  }
}

function textOf(path: string): string | undefined {
  let found: ReturnType<typeof readStateFile>
  try {
    found = readStateFile(path, { owner: 'any', followsLinks: true, bytesMax: BYTES_MAX })
  } catch (error) {
    throw new ConfigError(`settings: ${path} cannot be read: ${whyUnreadable(error)}`)
  }
  if (!found) return undefined
  // Whoever can write there chooses where all that is found here goes.
  const isOwners = found.uid === 0 || found.uid === process.getuid?.()
  if (!isOwners || (found.mode & 0o022) !== 0)
    throw new ConfigError(
      `settings: ${path} can be changed by others than root and this user (owner ${found.uid}, mode ${found.mode.toString(8)}): it is not used`,
    )
  return found.text
}

const jsonOf = (path: string, plutil: string): string =>
  execFileSync(plutil, ['-convert', 'json', '-o', '-', '--', path], {
    ...{ encoding: 'utf8', timeout: PLUTIL_MS, maxBuffer: 4 * BYTES_MAX },
    stdio: ['ignore', 'pipe', 'ignore'],
  })

/** What `work` makes of the value of that name. Throws ConfigError. */
function said<T>(path: string, name: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new ConfigError(`settings: ${path}: ${name}: ${(error as Error).message}`)
  }
}

/** What is to be enrolled with by them. Throws ConfigError. */
export function wantedBy(settings: Settings, path: string): Wanted {
  const { collector, pin, token, tokenFile } = settings
  const lacking = (what: string) => new ConfigError(`settings: ${path} names no ${what}`)
  if (collector === undefined) throw lacking('collector')
  if (pin === undefined) throw lacking('pin')
  if (token === undefined && tokenFile === undefined) throw lacking('token or tokenFile')
  const policyKey = policyKeyIn(settings, path)
  return {
    collector: said(path, 'collector', () => collectorOrigin(collector)),
    pin: said(path, 'pin', () => parsePin(pin)),
    token: said(path, 'token', () =>
      tokenIn(token === undefined ? { file: tokenFile ?? '' } : { token }),
    ),
    ...(policyKey === undefined ? {} : { policyKey }),
  }
}

const policyKeyIn = ({ policyKey }: Settings, path: string): string | undefined =>
  policyKey === undefined
    ? undefined
    : said(path, 'policyKey', () => readPublicKey(policyKey, 'policyKey'))

/** `wanted` throws ConfigError. */
export type FromSettings = {
  place: string
  wanted: () => Wanted
  /**
   * The root key of policies, for a machine that is enrolled with this collector, whatever else they lack by now; undefined:
   * they name none, or another collector. As they were read at first. Throws ConfigError.
   */
  policyKeyFor: (collector: string) => string | undefined
}

/**
 * For an agent: read now, as whoever starts it may, and again before each attempt; what was good is kept where its own user may
 * not. Undefined: there are none.
 */
export function settingsOf(path = SETTINGS_PLACE): FromSettings | undefined {
  let kept: Wanted | undefined
  let settings: Settings | undefined
  let unread: ConfigError | undefined
  const read = (): Wanted | undefined => {
    const now = readSettings(path)
    settings ??= now
    return now && wantedBy(now, path)
  }
  try {
    kept = read()
    if (!kept) return undefined
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    unread = error
  }
  const policyKeyFor = (enrolledWith: string) => {
    if (unread && !settings) throw unread
    if (!settings) return undefined
    const { collector } = settings
    if (collector === undefined || settings.policyKey === undefined) return undefined
    const isOther = said(path, 'collector', () => collectorOrigin(collector)) !== enrolledWith
    return isOther ? undefined : policyKeyIn(settings, path)
  }
  const wanted = () => {
    try {
      kept = read() ?? kept
    } catch (error) {
      if (!kept) throw error
    }
    if (kept) return kept
    throw new ConfigError(`settings: ${path} is there no more`)
  }
  return { place: path, wanted, policyKeyFor }
}
