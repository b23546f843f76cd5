// A process as records tell it: executed or found running, forked, or only named.
import type { ExecRecord, ForkRecord } from '../../records/record.gen.ts'
import { ExecFlag, Script as ScriptFrom, Source } from '../../records/record.gen.ts'
import { isLoaderName } from './acting.ts'
import { copyForeign } from './foreign-code.ts'
import type { Image, ImageName, Process } from './process.ts'

const UID_UNKNOWN = 0xffffffff

/** `seenIn`: the enumeration that began last. */
export function executed(record: ExecRecord, seenIn: number): Process {
  return {
    pid: record.pid,
    pidversion: record.pidversion,
    parentPid: record.parentPid,
    parentPidversion: record.parentPidversion,
    responsiblePid: record.responsiblePid,
    responsiblePidversion: record.responsiblePidversion,
    uid: record.uid === UID_UNKNOWN ? undefined : record.uid,
    source: record.source,
    wasHere: false,
    startedAtNs: (record.flags & ExecFlag.enumerated) === 0 ? record.atNs : undefined,
    image: imageOf(record),
    foreign: undefined,
    makers: [],
    madeFor: undefined,
    identity: undefined,
    ran: undefined,
    endedAtMs: undefined,
    seenIn,
    toldAtNs: record.atNs,
  }
}

/** What it runs, by its exec record. */
function imageOf(record: ExecRecord): Image {
  return {
    path: record.path,
    script: record.script,
    // Of a path that nobody is named for, least is believed.
    scriptFrom: record.script === '' ? record.scriptFrom : record.scriptFrom || ScriptFrom.claimed,
    scriptDev: record.scriptDev,
    scriptIno: record.scriptIno,
    onlyClaimed: false,
    hasOtherCode: (record.flags & ExecFlag.otherCode) !== 0,
    dev: record.dev,
    ino: record.ino,
    source: record.source,
    sinceNs: record.atNs,
    pathGuessed: (record.flags & ExecFlag.pathGuessed) !== 0,
    exeSet: (record.flags & ExecFlag.exeSet) !== 0,
    exeUnconfirmed: (record.flags & ExecFlag.exeUnconfirmed) !== 0,
    codeElsewhere: (record.flags & ExecFlag.codeElsewhere) !== 0,
    // The Linux source looks into the file; of others' programs there is the name alone.
    isLoader:
      record.source === Source.linux
        ? (record.flags & ExecFlag.loader) !== 0
        : isLoaderName(record.path),
    platformBinary: (record.flags & ExecFlag.platformBinary) !== 0,
    codesignFlags: record.codesignFlags,
    cdhash: Buffer.from(record.cdhash).toString('hex'),
    signingId: record.signingId,
    teamId: record.teamId,
    arguments: undefined,
    invalidated: false,
    inspection: undefined,
    scriptFile: undefined,
    origin: undefined,
    scriptOrigin: undefined,
    copyOf: '',
    program: undefined,
  }
}

/** It runs what its parent does. */
export function forked(record: ForkRecord, parent: Process | undefined, seenIn: number): Process {
  return {
    pid: record.pid,
    pidversion: record.pidversion,
    parentPid: record.parentPid,
    parentPidversion: record.parentPidversion,
    responsiblePid: parent?.responsiblePid ?? 0,
    responsiblePidversion: parent?.responsiblePidversion ?? 0,
    uid: record.uid === UID_UNKNOWN ? parent?.uid : record.uid,
    source: record.source,
    wasHere: false,
    startedAtNs: record.atNs,
    image: parent?.image ?? unknownImage(record.source),
    foreign: copyForeign(parent?.foreign),
    makers: parent?.makers ?? [],
    madeFor: parent?.madeFor,
    identity: undefined,
    ran: undefined,
    endedAtMs: undefined,
    seenIn,
    toldAtNs: record.atNs,
  }
}

/** Somebody had this name, and nothing more is known. */
export const unseenProcess = (source: number, { pid, pidversion }: ImageName): Process => ({
  pid,
  pidversion,
  parentPid: 0,
  parentPidversion: 0,
  responsiblePid: 0,
  responsiblePidversion: 0,
  uid: undefined,
  source,
  wasHere: false,
  startedAtNs: undefined,
  image: unknownImage(source),
  foreign: undefined,
  makers: [],
  madeFor: undefined,
  identity: undefined,
  ran: undefined,
  endedAtMs: undefined,
  seenIn: 0,
  toldAtNs: 0n,
})

/** A process whose parent was not seen: nothing is known of its program until it execs. */
export function unknownImage(source: number): Image {
  return {
    path: '',
    script: '',
    scriptFrom: ScriptFrom.none,
    scriptDev: 0n,
    scriptIno: 0n,
    onlyClaimed: false,
    hasOtherCode: false,
    dev: 0n,
    ino: 0n,
    source,
    sinceNs: 0n,
    pathGuessed: false,
    exeSet: false,
    exeUnconfirmed: false,
    codeElsewhere: false,
    isLoader: false,
    platformBinary: false,
    codesignFlags: 0,
    cdhash: '',
    signingId: '',
    teamId: '',
    arguments: undefined,
    invalidated: false,
    inspection: undefined,
    scriptFile: undefined,
    origin: undefined,
    scriptOrigin: undefined,
    copyOf: '',
    program: undefined,
  }
}
