// The workloads: what runs on the watched host, and what answers it. One row each; how they are run is the runner's.
import type { AssignedSigner, Label } from '../../src/eval/manifest.ts'
import { ATTACKS } from './attacks.ts'
import { BENIGN } from './benign.ts'

/** What a server of a workload is; `far.ts` makes them. */
export type Serves =
  /** HTTPS: GET /bytes/N, any path by PUT or POST (ETag as S3 has it), the pages, the chat (WebSocket at /chat). */
  | { kind: 'web' }
  /** HTTPS: a package of npm, `widget`, of 3 MB. */
  | { kind: 'registry' }
  /** HTTPS: a repository at /project.git, to clone from and to push to. */
  | { kind: 'git' }
  /** HTTPS: restic's REST protocol. */
  | { kind: 'restic' }
  /** OpenSSH's own. */
  | { kind: 'ssh' }
  /** TCP: takes all; at the end of each stream answers so many bytes, or so much of what came. */
  | { kind: 'sink'; answerBytes?: number; answerShare?: number; ports?: number }
  /** TCP: the first to come gets so many bytes, those after it an answer of `answerBytes`. */
  | { kind: 'tools'; firstBytes: number; answerBytes: number }
  /** UDP: sends back every datagram, or none. */
  | { kind: 'datagrams'; answers: boolean }
  /** Fetches from the watched host's port as soon as that is open. */
  | { kind: 'fetcher'; port: number }

export type Server = Serves & {
  host: string
  address: string
  port: number
  /** What goes there is the attack. */
  isAttacks?: boolean
}

/** A program made for a workload: the Node of the project under another name and content, with what it runs. */
export type App = { name: string; text: string }

export type Workload = {
  /** Of small letters and dashes. */
  name: string
  kind: string
  label: Label
  about: string
  /** Programs that it wants on the path. */
  needs: readonly string[]
  servers: readonly Server[]
  /** Text for bash, in the home of an ordinary user. */
  near: string
  /** Programs that nobody vouches for, as `/opt/NAME/NAME`. */
  apps?: readonly App[]
  /** Copies of the probe that nobody has seen, as `~/.cache/NAME`. */
  implants?: readonly string[]
  /** Whether Chromium is wanted, as `/opt/chromium/chromium`. */
  browser?: boolean
  signers: readonly AssignedSigner[]
  /** In place of new and known: days before at which only `before` was done, in place of all. */
  sleeper?: { daysBefore: readonly number[]; before: string }
}

/** A benign program is recorded as a new one and as a known one; an attack's is new, or has slept. */
export type Novelty = 'new' | 'known'
export const noveltiesOf = ({ label, sleeper }: Workload): Novelty[] =>
  label === 'benign' ? ['new', 'known'] : [sleeper ? 'known' : 'new']

export const WORKLOADS: readonly Workload[] = [...BENIGN, ...ATTACKS]
