// Writes the records of a small story, and has an engine read them.

import type { Baseline } from '../../src/baseline/baseline.ts'
import { openMemoryBaseline } from '../../src/baseline/memory.ts'
import { parseAddress } from '../../src/engine/address.ts'
import { pointScoring } from '../../src/engine/detection/judging.ts'
import { createEngine, type Engine, type EngineOptions } from '../../src/engine/engine.ts'
import type { Alert, Finding, Health, PairSummary, Sighting } from '../../src/engine/finding.ts'
import {
  type ArgumentsRecord,
  Direction,
  type ExecRecord,
  FlowState,
  type InspectedRecord,
  LAYOUT,
  Mark,
  Source,
  Subject,
  writeArguments,
  writeCode,
  writeExec,
  writeExit,
  writeFlow,
  writeFork,
  writeGone,
  writeInspected,
  writeLoss,
  writeMark,
  writeName,
  writePolicy,
  writeTick,
} from '../../src/records/record.gen.ts'
import { kernelScript } from '../../src/records/script.ts'
import { NO_SIGNATURE_ASKED } from '../../src/records/signature.ts'

export const MIB = 1024 * 1024
export const HOUR_MS = 3_600_000
/** 2026-03-02 10:00 UTC, when the machine of these stories booted. */
export const BOOT_UNIX_NS = 1_772_445_600_000_000_000n
export const BOOT_ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1)

/** Content of a script, twice a byte's hex digits; and its hash in a key. */
export const SCRIPT_SHA = '5c'
export const SCRIPT_HASH = SCRIPT_SHA.repeat(32)

export type FlowSpec = {
  id: number | bigint
  epoch?: number
  pid?: number
  pidversion?: number
  out?: number
  in?: number
  to?: string
  port?: number
  localPort?: number
  protocol?: number
  direction?: number
  state?: 'opened' | 'report' | 'closed'
  flags?: number
  source?: number
}

export type ProgramSpec = {
  pid: number
  path: string
  pidversion?: number
  parent?: number
  script?: string
  /** CODE script; the kernel, unless told. */
  scriptFrom?: number
  /** What the script's file is found to be, where one is named; undefined: nobody answers. */
  scriptFound?: Partial<InspectedRecord> | undefined
  sha?: string
  owner?: number
  inspectFlags?: number
  error?: number
  flags?: number
  /** What a Mac's kernel adds to its exec record, and an inspection to its answer. */
  kernel?: Partial<ExecRecord>
  found?: Partial<InspectedRecord>
}

/** Records in the order they are written; time stands still until it is moved. */
export class Script {
  records: Uint8Array[] = []
  nowMs = 10_000
  source: number = Source.linux
  /** What marks say the source has: CODE capability, as a sum. */
  capabilities = 15

  get atNs(): bigint {
    return BigInt(Math.round(this.nowMs * 1000)) * 1000n
  }
  head(): { source: number; atNs: bigint } {
    return { source: this.source, atNs: this.atNs }
  }
  add(record: Uint8Array): this {
    this.records.push(record)
    return this
  }
  wait(ms: number): this {
    this.nowMs += ms
    return this
  }
  mark(kind: number, note = '', bootId = BOOT_ID, layout = LAYOUT, gaps = 0): this {
    return this.add(
      writeMark({
        ...this.head(),
        kind,
        capabilities: this.capabilities,
        gaps,
        unixNs: BOOT_UNIX_NS + this.atNs,
        bootId,
        layout,
        note,
      }),
    )
  }
  /** What follows comes from this source. */
  from(source: number, capabilities = 15): this {
    this.source = source
    this.capabilities = capabilities
    return this
  }
  start(note = ''): this {
    return this.mark(Mark.start, note).mark(Mark.enumerated)
  }
  tick(ms = 0): this {
    this.wait(ms)
    return this.add(writeTick({ ...this.head(), unixNs: BOOT_UNIX_NS + this.atNs }))
  }
  /** Lets time pass with a tick a second. */
  ticks(seconds: number): this {
    for (let i = 0; i < seconds; i++) this.tick(1_000)
    return this
  }
  exec({
    pid,
    path,
    pidversion = 1,
    parent = 1,
    script = '',
    scriptFrom,
    flags = 0,
    kernel,
  }: ProgramSpec): this {
    return this.add(
      writeExec({
        ...this.head(),
        flags,
        pid,
        pidversion,
        parentPid: parent,
        parentPidversion: 1,
        responsiblePid: 0,
        responsiblePidversion: 0,
        uid: 1000,
        codesignFlags: 0,
        cdhash: new Uint8Array(20),
        dev: 1n,
        ino: BigInt(pid),
        path,
        ...kernelScript(script),
        ...(scriptFrom === undefined ? {} : { scriptFrom }),
        signingId: '',
        teamId: '',
        ...kernel,
      }),
    )
  }
  /** What a program was executed with, all of it unless `more` says otherwise. */
  arguments(pid: number, texts: string[], more: Partial<ArgumentsRecord> = {}): this {
    return this.add(
      writeArguments({
        ...this.head(),
        pid,
        pidversion: 1,
        flags: 0,
        count: texts.length,
        leftOutBytes: 0,
        text: texts.join('\0'),
        ...more,
      }),
    )
  }
  inspected(spec: ProgramSpec): this {
    return this.add(
      writeInspected({
        source: Source.inspector,
        atNs: this.atNs,
        dev: 1n,
        ino: BigInt(spec.pid),
        fileBytes: 4096n,
        pid: spec.pid,
        pidversion: spec.pidversion ?? 1,
        ownerUid: spec.owner ?? 1000,
        mode: 0o100755,
        flags: spec.inspectFlags ?? 0,
        error: spec.error ?? 0,
        sha256: Uint8Array.from(Buffer.from((spec.sha ?? 'ab').repeat(32), 'hex')),
        subject: Subject.program,
        ...NO_SIGNATURE_ASKED,
        path: spec.path,
        ...spec.found,
      }),
    )
  }
  /** The answer about the script that it runs: a file of its user's, of this content. */
  scriptInspected(spec: ProgramSpec): this {
    return this.inspected({
      pid: spec.pid,
      pidversion: spec.pidversion ?? 1,
      path: spec.script ?? '',
      sha: SCRIPT_SHA,
      found: { subject: Subject.script, mode: 0o100644, ...spec.scriptFound },
    })
  }
  /** A program that begins to run and is inspected at once, as is the script that it runs. */
  program(spec: ProgramSpec): this {
    this.exec(spec).inspected(spec)
    return spec.script ? this.scriptInspected(spec) : this
  }
  /** A file that it runs code of beside its program. */
  code(pid: number, path: string, flags = 0): this {
    return this.add(
      writeCode({
        ...this.head(),
        dev: 1n,
        ino: 77n,
        flags,
        pid,
        pidversion: 1,
        ownerUid: 1000,
        path,
      }),
    )
  }
  system(pid: number, path: string, parent = 1): this {
    return this.program({ pid, path, parent, owner: 0, sha: 'cd' })
  }
  fork(pid: number, parent: number, pidversion = 1): this {
    return this.add(
      writeFork({
        ...this.head(),
        pid,
        pidversion,
        parentPid: parent,
        parentPidversion: 1,
        uid: 1000,
      }),
    )
  }
  exit(pid: number, pidversion = 1): this {
    return this.add(writeExit({ ...this.head(), pid, pidversion, status: 0 }))
  }
  flow(spec: FlowSpec): this {
    const address = parseAddress(spec.to ?? '203.0.113.7')
    if (address === undefined) throw new Error(`not an address: ${spec.to}`)
    return this.add(
      writeFlow({
        source: spec.source ?? this.source,
        atNs: this.atNs,
        flowId: BigInt(spec.id),
        bytesOut: BigInt(spec.out ?? 0),
        bytesIn: BigInt(spec.in ?? 0),
        epoch: spec.epoch ?? 0,
        pid: spec.pid ?? 100,
        pidversion: spec.pidversion ?? 1,
        flags: spec.flags ?? 0,
        remoteAddr: address,
        remotePort: spec.port ?? 443,
        localPort: spec.localPort ?? 50_000,
        protocol: spec.protocol ?? 6,
        direction: spec.direction ?? Direction.outbound,
        state: FlowState[spec.state ?? 'report'],
      }),
    )
  }
  /** `maker`: pid of who made the socket for it, of pidversion 1. */
  name(id: number, hostname: string, maker = 0): this {
    return this.add(
      writeName({
        ...this.head(),
        flowId: BigInt(id),
        epoch: 0,
        localPort: 50_000,
        localAddr: new Uint8Array(16),
        makerPid: maker,
        makerPidversion: maker === 0 ? 0 : 1,
        hostname,
      }),
    )
  }
  /** A flow's process had gone: so it was called, and of this byte is its UUID. */
  gone(id: number, pid: number, name: string, uuid = 7): this {
    return this.add(
      writeGone({
        ...this.head(),
        flowId: BigInt(id),
        epoch: 0,
        pid,
        programUuid: new Uint8Array(16).fill(uuid),
        name,
      }),
    )
  }
  loss(what: number, count: number): this {
    return this.add(writeLoss({ ...this.head(), count: BigInt(count), what }))
  }
  policy(version: number, document: unknown): this {
    return this.add(
      writePolicy({
        ...this.head(),
        version,
        document: typeof document === 'string' ? document : JSON.stringify(document),
      }),
    )
  }
  /** An upload in `steps` reports, a second apart, opened and (unless told) closed. */
  upload(
    spec: FlowSpec & { total: number; answer?: number; steps?: number; keepOpen?: boolean },
  ): this {
    const { total, answer = 0, steps = 8, keepOpen = false, ...flow } = spec
    this.flow({ ...flow, state: 'opened' })
    for (let step = 1; step <= steps; step++)
      this.tick(1_000).flow({
        ...flow,
        out: Math.round((total * step) / steps),
        in: Math.round((answer * step) / steps),
      })
    return keepOpen ? this : this.flow({ ...flow, out: total, in: answer, state: 'closed' })
  }
  bytes(): Uint8Array {
    return Buffer.concat(this.records)
  }
}

export type Told = {
  engine: Engine
  baseline: Baseline
  findings: Finding[]
  alerts: Alert[]
  sightings: Sighting[]
  summaries: PairSummary[]
  health: Health[]
}

/** What the engine says of the script. */
export function tell(script: Script, options: Partial<EngineOptions> = {}): Told {
  const baseline = options.baseline ?? openMemoryBaseline()
  const engine = createEngine({ deviceId: 'device-1', ...options, baseline })
  engine.push(copyOf(script.bytes()))
  engine.save(0)
  return sorted(engine, baseline, engine.takeFindings())
}

/** By the points that agents judged by before, of which the evaluation keeps count. */
export const tellByPoints = (script: Script, options: Partial<EngineOptions> = {}): Told =>
  tell(script, { scoring: pointScoring(), ...options })

export function sorted(engine: Engine, baseline: Baseline, findings: Finding[]): Told {
  const told: Told = {
    ...{ engine, baseline, findings },
    ...{ alerts: [], sightings: [], summaries: [], health: [] },
  }
  for (const finding of findings) {
    if (finding.kind === 'alert') told.alerts.push(finding.alert)
    else if (finding.kind === 'sighting') told.sightings.push(finding.sighting)
    else if (finding.kind === 'summary') told.summaries.push(finding.summary)
    else told.health.push(finding.health)
  }
  return told
}

/** Bytes at an offset of 0 in a buffer of their own, as the framer's are aligned. */
export const copyOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

/** Findings as text, for comparison. */
export const asText = (findings: Finding[]): string =>
  JSON.stringify(
    findings,
    (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value),
    1,
  )

/** A machine with a shell, and cron that runs another. */
export const machine = (): Script =>
  new Script().start().system(40, '/usr/sbin/cron').system(50, '/usr/bin/bash', 40)
/** The last alert of an upload by this process. */
export function alertOf(script: Script, total = 300 * MIB, pid = 100): Alert {
  const { alerts } = tell(script.upload({ id: 1, pid, total, steps: 2 }).ticks(7))
  const alert = alerts.at(-1)
  if (alert === undefined) throw new Error('no alert')
  return alert
}
export const identityOf = (spec: ProgramSpec, total?: number) => {
  const { identity, sentence } = alertOf(machine().program({ parent: 50, ...spec }), total)
  return { ...identity, sentence }
}
