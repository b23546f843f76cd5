// One event of eslogger(1), out of its JSON. The man page promises no stability: what is understood here was
// seen in message versions 7 and 9 to 11. The audit token is an object in most and in version 10 an array, in the order
// of audit_token_t's words (bsm/audit.h): auid, euid, egid, ruid, rgid, pid, asid, pidversion.

import { Script } from '../records/record.gen.ts'
import { asList, asObject, type JsonObject, parseObject, textOf, wholeOf } from './json.ts'
import { MalformedLine } from './malformed.ts'
import { cdhashOf, NO_PROCESS, type ProcessId, type Program, UID_UNKNOWN } from './program.ts'
import { NO_SCRIPT_TOLD, type ScriptTold, scriptOf } from './script-rules.ts'
import { timeToUs } from './time.ts'

export type EsEvent = {
  unixUs: number
  /** Version of the es_message_t; undefined when the line does not say. */
  version: number | undefined
  hostname: string
  /** ES event type and its number in that type's sequence; undefined when the line does not say. */
  eventType: number | undefined
  sequence: number | undefined
  /** Who did it: the image before an exec, the parent of a fork. */
  actor: Program
} & (
  | { kind: 'exec'; target: Program }
  | { kind: 'fork'; child: Program }
  | { kind: 'exit'; status: number }
  | { kind: 'cs_invalidated' }
  /** Some other event, or one that only asks whether it may happen. */
  | { kind: 'other' }
)

const PID_MAX = 0x7fffffff
const STATUS_UNKNOWN = 0xffffffff
const ACTION_AUTH = 0

type Token = ProcessId & { euid: number }

function tokenOf(value: unknown): Token | undefined {
  const list = asList(value)
  const object = asObject(value)
  const pid = wholeOf(list ? list[5] : object?.['pid'], PID_MAX)
  const pidversion = wholeOf(list ? list[7] : object?.['pidversion'])
  const euid = wholeOf(list ? list[1] : object?.['euid']) ?? UID_UNKNOWN
  return pid === undefined || pidversion === undefined ? undefined : { pid, pidversion, euid }
}

const idOf = (value: unknown): ProcessId => {
  const token = tokenOf(value)
  return token ? { pid: token.pid, pidversion: token.pidversion } : NO_PROCESS
}

/** 0 ("not known") for what a double has rounded: inodes of the sealed system volume are above 2^53. */
const exact = (value: unknown): bigint => {
  const number = wholeOf(value, Number.MAX_SAFE_INTEGER)
  return number === undefined ? 0n : BigInt(number)
}

/** An es_process_t. Throws MalformedLine without a token or a path. */
function programOf(value: unknown, where: string): Program {
  const process = asObject(value)
  const token = tokenOf(process?.['audit_token'])
  const executable = asObject(process?.['executable'])
  const path = textOf(executable?.['path'])
  if (process === undefined || token === undefined)
    throw new MalformedLine(`${where} has no audit token with pid and pidversion`)
  if (path === '') throw new MalformedLine(`${where} has no executable path`)
  const stat = asObject(executable?.['stat'])
  return {
    pid: token.pid,
    pidversion: token.pidversion,
    parent: idOf(process['parent_audit_token']),
    responsible: idOf(process['responsible_audit_token']),
    uid: token.euid,
    path,
    script: NO_SCRIPT_TOLD,
    signingId: textOf(process['signing_id']),
    teamId: textOf(process['team_id']),
    cdhash: cdhashOf(textOf(process['cdhash'])),
    codesignFlags: wholeOf(process['codesigning_flags']) ?? 0,
    isPlatform: process['is_platform_binary'] === true,
    isPathGuessed: false,
    dev: exact(stat?.['st_dev']),
    ino: exact(stat?.['st_ino']),
  }
}

/** Throws MalformedLine. */
export function parseEsEvent(text: string): EsEvent {
  const line = parseObject(text)
  const unixUs = timeToUs(line['time'])
  const event = asObject(line['event'])
  if (unixUs === undefined) throw new MalformedLine('no time of an event')
  if (event === undefined) throw new MalformedLine('no event')
  const common = {
    unixUs,
    version: wholeOf(line['version']),
    hostname: textOf(asObject(line['host'])?.['hostname']),
    eventType: wholeOf(line['event_type']),
    sequence: wholeOf(line['seq_num'], Number.MAX_SAFE_INTEGER),
    actor: programOf(line['process'], 'process'),
  }
  if (line['action_type'] === ACTION_AUTH) return { ...common, kind: 'other' }
  return { ...common, ...detailOf(event) }
}

/** The script that the kernel found, else the one that the arguments name; of these nothing else is kept. */
function scriptTold(exec: JsonObject, program: string): ScriptTold {
  const path = textOf(asObject(exec['script'])?.['path'])
  if (path !== '') return { ...NO_SCRIPT_TOLD, path, from: Script.kernel }
  const args = asList(exec['args']) ?? []
  const folder = textOf(asObject(exec['cwd'])?.['path'])
  return scriptOf(program, args.map(textOf), folder)
}

type Detail =
  | { kind: 'exec'; target: Program }
  | { kind: 'fork'; child: Program }
  | { kind: 'exit'; status: number }
  | { kind: 'cs_invalidated' | 'other' }

function detailOf(event: JsonObject): Detail {
  if ('exec' in event) {
    const exec = asObject(event['exec']) ?? {}
    const target = programOf(exec['target'], 'exec.target')
    return { kind: 'exec', target: { ...target, script: scriptTold(exec, target.path) } }
  }
  if ('fork' in event)
    return { kind: 'fork', child: programOf(asObject(event['fork'])?.['child'], 'fork.child') }
  if ('exit' in event) {
    const status = wholeOf(asObject(event['exit'])?.['stat'])
    return { kind: 'exit', status: status ?? STATUS_UNKNOWN }
  }
  return { kind: 'cs_invalidated' in event ? 'cs_invalidated' : 'other' }
}
