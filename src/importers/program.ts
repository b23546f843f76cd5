// The exec and inspected records of a program that only a log tells of.
import {
  ExecFlag,
  Source,
  Subject,
  writeExec,
  writeExit,
  writeFork,
  writeInspected,
} from '../records/record.gen.ts'
import { NO_SCRIPT } from '../records/script.ts'
import { NO_SIGNATURE_ASKED } from '../records/signature.ts'
import { NO_SCRIPT_TOLD, type ScriptTold } from './script-rules.ts'

/** XNU osfmk/kern/cs_blobs.h. */
export const CS_VALID = 0x1
export const CS_ADHOC = 0x2

export const UID_UNKNOWN = 0xffffffff
/** No such file: the program is on the machine that wrote the log. */
const ENOENT = 2
/** Of a script ENOENT would say that its path is none. */
const ENXIO = 6

/** What an image is named by. */
export type ProcessId = { pid: number; pidversion: number }
export const NO_PROCESS: ProcessId = { pid: 0, pidversion: 0 }

/** A program as a process runs it, as far as the log knows. */
export type Program = ProcessId & {
  parent: ProcessId
  responsible: ProcessId
  uid: number
  path: string
  /** What it was given to run, where it is an interpreter and the log says. */
  script: ScriptTold
  signingId: string
  teamId: string
  /** 20 bytes. */
  cdhash: Uint8Array
  codesignFlags: number
  isPlatform: boolean
  /** The path is only what the log calls it. */
  isPathGuessed: boolean
  dev: bigint
  ino: bigint
}

/** A program of which no more is known than this. */
export const unknownProgram = (id: ProcessId, path: string): Program => ({
  ...id,
  parent: NO_PROCESS,
  responsible: NO_PROCESS,
  uid: UID_UNKNOWN,
  path,
  script: NO_SCRIPT_TOLD,
  signingId: '',
  teamId: '',
  cdhash: new Uint8Array(20),
  codesignFlags: 0,
  isPlatform: false,
  isPathGuessed: false,
  dev: 0n,
  ino: 0n,
})

/** Longest path a record has; a longer one is cut, and marked so. */
const PATH_BYTES_MAX = 4096

const tokenId = (id: ProcessId): string => `${id.pid}.${id.pidversion}`

export type Programs = {
  /** It began to run this program. */
  exec(program: Program): void
  /** It is running, and began before the log did: told once. */
  found(program: Program): void
  fork(child: ProcessId, parent: ProcessId, uid: number): void
  exit(id: ProcessId, status: number): void
  isKnown(id: ProcessId): boolean
}

/** Processes remembered as told; beyond, the oldest is told again when it comes back. */
const KNOWN_MAX = 65_536

/** Where the records go. */
export type RecordSink = {
  /** Of the next record, ns since boot. */
  atNs(): bigint
  add(record: Uint8Array): void
}

/**
 * Of a log that another machine wrote (`isElsewhere`) every exec is followed by an inspected record that says the file
 * could not be read, as the file is not here, and another of its script where it has one: code without a valid
 * signature is then known by its path, and says so.
 */
export function createPrograms(out: RecordSink, source: number, isElsewhere = true): Programs {
  const known = new Set<string>()
  const remember = (id: ProcessId): void => {
    if (known.size >= KNOWN_MAX)
      for (const oldest of known) {
        known.delete(oldest)
        break
      }
    known.add(tokenId(id))
  }
  const tell = (program: Program, flags: number): void => {
    const { parent, responsible } = program
    const isCut =
      Buffer.byteLength(program.path) > PATH_BYTES_MAX ||
      Buffer.byteLength(program.script.path) > PATH_BYTES_MAX
    out.add(
      writeExec({
        source,
        atNs: out.atNs(),
        flags:
          flags |
          (program.isPlatform ? ExecFlag.platformBinary : 0) |
          (program.isPathGuessed ? ExecFlag.pathGuessed : 0) |
          (program.script.hasOtherCode ? ExecFlag.otherCode : 0) |
          (isCut ? ExecFlag.truncated : 0),
        pid: program.pid,
        pidversion: program.pidversion,
        parentPid: parent.pid,
        parentPidversion: parent.pidversion,
        responsiblePid: responsible.pid,
        responsiblePidversion: responsible.pidversion,
        uid: program.uid,
        codesignFlags: program.codesignFlags,
        cdhash: program.cdhash,
        dev: program.dev,
        ino: program.ino,
        path: program.path,
        ...NO_SCRIPT,
        script: program.script.path,
        scriptFrom: program.script.from,
        signingId: program.signingId,
        teamId: program.teamId,
      }),
    )
    if (isElsewhere) {
      unread(program, Subject.program, program.path)
      if (program.script.path !== '') unread(program, Subject.script, program.script.path)
    }
    remember(program)
  }
  const unread = (program: Program, subject: number, path: string): void => {
    const isProgram = subject === Subject.program
    out.add(
      writeInspected({
        source: Source.inspector,
        atNs: out.atNs(),
        dev: isProgram ? program.dev : 0n,
        ino: isProgram ? program.ino : 0n,
        fileBytes: 0n,
        pid: program.pid,
        pidversion: program.pidversion,
        ownerUid: UID_UNKNOWN,
        mode: 0,
        flags: 0,
        error: isProgram ? ENOENT : ENXIO,
        sha256: new Uint8Array(32),
        subject,
        ...NO_SIGNATURE_ASKED,
        path,
      }),
    )
  }
  return {
    exec: (program) => tell(program, 0),
    found(program) {
      if (!known.has(tokenId(program))) tell(program, ExecFlag.enumerated)
    },
    fork(child, parent, uid) {
      out.add(
        writeFork({
          source,
          atNs: out.atNs(),
          pid: child.pid,
          pidversion: child.pidversion,
          parentPid: parent.pid,
          parentPidversion: parent.pidversion,
          uid,
        }),
      )
      remember(child)
    },
    exit(id, status) {
      out.add(
        writeExit({
          source,
          atNs: out.atNs(),
          pid: id.pid,
          pidversion: id.pidversion,
          status,
        }),
      )
      known.delete(tokenId(id))
    },
    isKnown: (id) => known.has(tokenId(id)),
  }
}

/** 40 hex digits to 20 bytes; zeros when they are not that. */
export function cdhashOf(hex: string): Uint8Array {
  return /^[0-9a-fA-F]{40}$/.test(hex)
    ? Uint8Array.from(Buffer.from(hex, 'hex'))
    : new Uint8Array(20)
}
