// Who acts on a made-up machine, with the truth of it: plain data, from which the machine's records are written and by which
// what detectors say of them is judged.
import { type Came, cameOf } from './came.ts'
import type { Point } from './mac.ts'
import { type Program, platform } from './programs.ts'

/** How the code of an actor is vouched for, or through whom it acts. */
export const SIGNERS = [
  'unsigned',
  'adhoc',
  'developer_id',
  'notarized',
  'app_store',
  'platform',
  /** The system's curl, for a program that nobody vouches for. */
  'acting',
  /** The system's curl, for a script under a terminal. */
  'script',
  /** A tool of the system that a person uses in a terminal. */
  'tool',
] as const
export type Signer = (typeof SIGNERS)[number]

/**
 * app: of the machine's ordinary day, and what is said of it is a false alert. install: put there that day, legitimate, counted
 * apart. attack: of the grid. evasion: of the list of ways around a detector. recorded: an attack that was recorded.
 */
export type ActorLabel = 'app' | 'install' | 'attack' | 'evasion' | 'recorded'

export type Sending = {
  /** Since midnight of the day. */
  atMs: number
  to: string
  hostname: string
  port: number
  protocol: 6 | 17
  /** CODE direction; outbound unless given. */
  direction?: number
  points: readonly Point[]
}

export type Actor = {
  label: ActorLabel
  /** The workload's kind, the attack's cell or the evasion's name. */
  name: string
  signer: Signer
  /** Distinguishes the code of one actor from another's: paths, teams and hashes are made of it. */
  code: string
  /** File name of the tool, where it acts by another than curl. */
  tool?: string
  /** Whether it was on the machine in the days before. */
  isKnown: boolean
  /** What it sent on such a day, the same each time; undefined: it used the network once, 31 days before. */
  earlier?: readonly Sending[]
  /** In order of time. */
  sendings: readonly Sending[]
  /** Addresses of which one has to be told for it to be found; undefined: any. */
  targets?: ReadonlySet<string>
}

const TERMINAL = platform(
  '/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal',
  'com.apple.Terminal',
)
const ZSH = platform('/bin/zsh', 'com.apple.zsh')

/** Folders of applications and of other programs, by how they came there. */
const BUNDLES: Record<Came['place'], string> = {
  usual: '/Applications',
  temporary: '/private/tmp',
  downloads: '/Users/me/Downloads',
  hidden: '/Users/me/Library/.cache',
  cellar: '/Applications',
}
const FOLDERS: Record<Came['place'], string> = {
  ...BUNDLES,
  usual: '/Users/me/Library',
  cellar: '/opt/homebrew/Cellar',
}

/** What runs, the outermost first: launchd starts the first, each the next, and the last sends. */
export function programsOf(actor: Actor): Program[] {
  const { signer, code, tool = 'curl' } = actor
  const { place, origin } = cameOf(actor)
  // A program called mail, whatever its version, acts for others by its name: none of these does.
  const word = `app-${code.replace(/[^a-z0-9]+/gi, '-')}`
  const own: Program = {
    path: `${BUNDLES[place]}/${word}.app/Contents/MacOS/${word}`,
    origin,
    signingId: `example.${word}`,
    teamId: teamOf(code),
    signer: 'developer',
    build: 1,
    script: '',
  }
  const loose = { ...own, path: `${FOLDERS[place]}/${word}/${word}`, teamId: '' }
  const curl: Program = {
    ...own,
    path: `/usr/bin/${tool}`,
    signingId: `com.apple.${tool}`,
    teamId: '',
    origin: undefined,
    signer: 'platform',
  }
  switch (signer) {
    case 'unsigned':
      return [{ ...loose, signingId: '', signer }]
    case 'adhoc':
      return [{ ...loose, signer }]
    case 'developer_id':
    case 'app_store':
      return [{ ...own, signer }]
    case 'notarized':
      return [own]
    case 'platform':
      return [
        {
          ...curl,
          path: `/System/Library/PrivateFrameworks/${word}.framework/${word}`,
          signingId: `com.apple.${word}`,
        },
      ]
    case 'acting':
      return [{ ...loose, signingId: '', signer: 'unsigned' }, curl]
    case 'script':
      return [TERMINAL, ZSH, { ...ZSH, script: `/Users/me/${word}.sh` }, curl]
    case 'tool':
      return [TERMINAL, ZSH, curl]
    default:
      return signer satisfies never
  }
}

/** Ten characters, as Apple's are. */
function teamOf(code: string): string {
  let hash = 2_166_136_261
  for (const char of code) hash = Math.imul(hash ^ char.charCodeAt(0), 16_777_619) >>> 0
  return `T${hash.toString(36).toUpperCase().padStart(9, '0')}`
}
