// What the engine remembers of a process, of the program it runs, and of whose program that is.
import type { SignerClass, StoredIdentity } from '../../baseline/baseline.ts'
import type { History, Ordinary } from '../../baseline/history.ts'
import type { NetworkName } from '../../baseline/network-names.ts'
import type { ArgumentsRecord } from '../../records/record.gen.ts'
import type { UnixNs } from '../../units.ts'
import type { ForeignCode } from './foreign-code.ts'

/** A program by itself, whoever runs it. */
export type ProgramIdentity = {
  key: string
  signerClass: SignerClass
  /** Why the key is weaker than it should be; empty when it is not. One clause for a person. */
  doubt: string
}

/** On whose behalf a program acts. */
export type Responsible = {
  /** undefined: it has no ancestor that is known. */
  key: string | undefined
  signerClass: SignerClass
}

/** The script that a program runs, or that runs it. */
export type RunScript = {
  /** What stands in the key: 64 hex digits, else the path, else what kind of text it is. */
  name: string
  /** Empty: it is no file, or its file is not named. */
  path: string
  /** 64 hex digits; empty when not known. */
  sha256: string
  /** Whoever alone can write to the file; undefined where everybody can, or it is not known. */
  ownerUid: number | undefined
  /** CODE script. */
  from: number
  /** The program runs it itself; else one that it acts for does. */
  isOwn: boolean
  /** One clause for a person; empty: it is certain. */
  doubt: string
}

/** What a process runs, or is run by. Copies of a script are one identity, so which of them it was stands with the process. */
export type Ran = RunScript & {
  /** When the script of which this is a later version was first seen; undefined: this is the first there was. */
  editedSince: UnixNs | undefined
}

/** A script with what its interpreter's arguments say of it; see script.ts. */
export type MadeScript = RunScript & { beside: string; bringsCode: boolean; isFolder: boolean }

/** Whom a process was found to act for as one that was given a connection. */
export type MadeFor = {
  responsible: Responsible
  /** Which made the connection; undefined: none, or the process runs one itself. */
  script: MadeScript | undefined
}

/** Another process that made a connection which this one was given. */
export type Maker = {
  /** As it was then. */
  readonly process: Process
  /** What an earlier engine found, as which `process` was not seen; undefined: this engine saw it, or nothing was found. */
  readonly found: MadeFor | undefined
  /** Record time, ms since boot: when one of its connections was given last. */
  readonly givenAtMs: number
}

/**
 * Who started a program: the nearest above it that does not act for others. remote: a shell somebody logged in to from another
 * machine; document: what opens documents and mail; installer: the system's own; script: an interpreter between runs a file.
 */
export type Starter = 'remote' | 'document' | 'installer' | 'script' | 'other'

/** What is known of how a process came to run that its identity does not say. */
export type Circumstance = {
  /** Of the program, or of the script that it runs; empty where it says nothing of whose the bytes are (a tool of another's). */
  path: string
  /** Of that file; undefined: nothing says. */
  origin: FileOrigin | undefined
  starter: Starter
  /** File name of who that was; empty when not known. */
  starterName: string
  /** What its builds share (likeness.ts); empty where nothing is known to. */
  builtAs: string
  /** Whose certificate signed it, as that says; empty: it was not looked at, or none. */
  organisation: string
  /** Since 1970: when a process was last found so. */
  seenMs: number
}

/** An identity in use: what the baseline knows of it, and what only this run needs. */
export type IdentityState = {
  stored: StoredIdentity
  doubt: string
  /** It is a later version of a script, wherever one of its copies lies; false while none ran since it was recalled. */
  isEdited: boolean
  /** The identity that this one was found to be, once what was not known of it became known. */
  became: IdentityState | undefined
  /** Keyed for want of an inspection, which may still come: neither the baseline nor anybody else was told of it. */
  isTentative: boolean
  /** undefined: it acts for itself. */
  responsible: Responsible | undefined
  /** How its processes came to run, at most 4 that differ, of the last 24 hours; another array whenever one changes. */
  circumstances: readonly Circumstance[]
  /** First network use, ms since 1970; Infinity while it has not used it. */
  firstNetworkMs: number
  /** Found running at the first look there ever was on this machine. */
  wasHere: boolean
  /** Seen in the first 72 hours of this baseline, which took the place of none; or vouched for, and of a name that is `named`. */
  coldStart: boolean
  /** What the system knew, before this machine was watched, of a program of this name. */
  named: NetworkName | undefined
  /** Where the book counts what it sends in the present hour. */
  slot: number
  history: History
  /** undefined until enough hours are known. */
  ordinary: Ordinary | undefined
  /** Pairs that refer to it. */
  pairs: number
  /** Alerts opened on `alertDay` (days since 1970). */
  alertDay: number
  alertsOpened: number
  /** The highest score of those opened that day. */
  alertBest: number
}

/** What a process is called while it runs one image. */
export type ImageName = { pid: number; pidversion: number }

/** What a program file was found to be; see the inspected record. */
export type Inspection = {
  sha256: string
  /** st_mode. */
  mode: number
  /** undefined: nobody could look. */
  ownerUid: number | undefined
  writableByOthers: boolean
  replaced: boolean
  /** On a file system that another user mounted. */
  usersMount: boolean
  /** errno, 0 when it was read. */
  error: number
  /** Nobody has looked, or not for long enough: for some time a better answer may follow (inspections.ts). */
  mayFollow: boolean
  /** CODE signature; the rest is of the file's signature, and empty where none was looked for. */
  signature: number
  /** OSStatus: why it does not hold, or could not be looked at. */
  signatureStatus: number
  /** 40 hex digits. */
  cdhash: string
  /** As the file has them; empty where it has none. */
  signingId: string
  teamId: string
  /** Names of the certificates that signed, the signer's own first. */
  authorities: string[]
  apple: boolean
  appStore: boolean
  developerId: boolean
  notarized: boolean
  hardenedRuntime: boolean
}

/** How a program file came onto this machine, as something there says; see the origin record. */
export type FileOrigin = {
  /** CODE origin. */
  kind: number
  /** Package, formula, who downloaded it or from where; empty when not told. */
  name: string
  /** Who can write what says so: 0 root alone; undefined: others too, or not known. */
  keeperUid: number | undefined
  /** UTC, ns since 1970; undefined when not known. */
  installedAt: UnixNs | undefined
}

/** See the arguments record. */
export type ExecArguments = Pick<ArgumentsRecord, 'text' | 'count' | 'leftOutBytes' | 'flags'>

/** A program as a process runs it. Shared by a process and those it forked. */
export type Image = {
  path: string
  script: string
  /** CODE script: what it runs, and who says so. */
  scriptFrom: number
  scriptDev: bigint
  scriptIno: bigint
  /** The script is as the process itself says, where the kernel could have told. */
  onlyClaimed: boolean
  /** Its arguments bring other code beside the script, or may. */
  hasOtherCode: boolean
  dev: bigint
  ino: bigint
  source: number
  /** Nanoseconds since boot: when it was executed, or found running; 0 when not known. */
  sinceNs: bigint
  /** Nothing confirmed the path. */
  pathGuessed: boolean
  /** Why: it set what it is said to run, or could have. */
  exeSet: boolean
  exeUnconfirmed: boolean
  /** What is mapped to run first is another file's code. */
  codeElsewhere: boolean
  /** It maps the program that it is given, which is its script, and runs it in its own process (ld.so, qemu-user). */
  isLoader: boolean
  platformBinary: boolean
  codesignFlags: number
  cdhash: string
  signingId: string
  teamId: string
  /** undefined: not told. At most 1,024 bytes of text. */
  arguments: ExecArguments | undefined
  invalidated: boolean
  inspection: Inspection | undefined
  /** What the script's file is. */
  scriptFile: Inspection | undefined
  /** undefined: nothing says, or it was not looked at yet. */
  origin: FileOrigin | undefined
  scriptOrigin: FileOrigin | undefined
  /** Path of the system's program, or signing id, of which its file is a copy elsewhere; empty: none that is known. */
  copyOf: string
  /** Set once it is certain. */
  program: ProgramIdentity | undefined
}

export type Process = {
  pid: number
  pidversion: number
  parentPid: number
  parentPidversion: number
  responsiblePid: number
  responsiblePidversion: number
  /** undefined when not known. */
  uid: number | undefined
  source: number
  /** Found running at the first look there ever was. */
  wasHere: boolean
  /** Nanoseconds since boot; undefined when it was found running. */
  startedAtNs: bigint | undefined
  image: Image
  /** Code that runs in it from places others than root can change; undefined: none was seen. */
  foreign: ForeignCode | undefined
  /** See handed-on.ts. In the order in which they were first named. */
  makers: readonly Maker[]
  /** Which of them it acts for; undefined: none, or nobody has asked whose its flows are. */
  madeFor: MadeFor | undefined
  /** The identity its flows count for, once certain. */
  identity: IdentityState | undefined
  /** undefined: no script, or nobody has asked whose its flows are. */
  ran: Ran | undefined
  /** Record time of its end, ms since boot. */
  endedAtMs: number | undefined
  /** The enumeration, of any source, that had begun last when it was named last. */
  seenIn: number
  /** Since boot: the latest that it was told as of. */
  toldAtNs: bigint
}
