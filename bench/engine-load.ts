// A machine at work, as records. Half of the programs are strangers whose flows get more than they send; the
// other half belong to the system and upload, so much to each destination that points score each of their reports whole,
// and so little in all that rarity, which adds it up, tells none. None ends in an alert.
import {
  Direction,
  FLOW_FIXED_BYTES,
  FlowState,
  LAYOUT,
  Mark,
  Source,
  Subject,
  writeExec,
  writeFlow,
  writeInspected,
  writeMark,
} from '../src/records/record.gen.ts'
import { NO_SCRIPT } from '../src/records/script.ts'
import { NO_SIGNATURE_ASKED } from '../src/records/signature.ts'

export type Load = { flows: number; programs: number; destinations: number; rounds: number }

/** Pairs that the load has. */
export const pairsOf = (load: Load): number =>
  Math.min(load.flows, load.programs * load.destinations)

const BOOT_NS = 1_772_445_600_000_000_000n
const FIRST_AT_NS = 60_000_000_000n
const FIRST_PID = 1_000
const STEP_NS = 500n
/** Per report of a flow: bytes out and in. */
const moreOf = (load: Load, flow: number): [number, number] =>
  (flow % load.programs) % 2 === 0 ? [10, 0] : [1_400, 4_200]
/** Bytes to each destination of what uploads as it begins: more than points score from, so that the first round costs what the last does. */
const UPLOADED = 270_000
/** Bytes out and in of a flow after so many reports. */
function bytesOf(load: Load, flow: number, times: number): [number, number] {
  const [out, bytesIn] = moreOf(load, flow)
  const isUpload = bytesIn === 0
  const begun = isUpload ? Math.ceil((UPLOADED * pairsOf(load)) / load.flows) : 100 * out
  return [begun + times * out, isUpload ? 0 : 3 * begun + times * bytesIn]
}
/** Bytes out of all flows after so many reports of each. */
export const sentAfter = (load: Load, times: number): number => {
  let sum = 0
  for (let flow = 0; flow < load.flows; flow++) sum += bytesOf(load, flow, times)[0]
  return sum
}
const WORDS = FLOW_FIXED_BYTES / 4

/** The start of the stream: a mark, the programs, and each flow once. */
export function opening(load: Load): Uint8Array {
  const head = { source: Source.linux, atNs: FIRST_AT_NS }
  const mark = (kind: number) =>
    writeMark({
      ...head,
      kind,
      capabilities: 15,
      gaps: 0,
      unixNs: BOOT_NS + FIRST_AT_NS,
      bootId: new Uint8Array(16).fill(1),
      layout: LAYOUT,
      note: '',
    })
  const records = [mark(Mark.start), mark(Mark.enumerated)]
  for (let program = 0; program < load.programs; program++) {
    const pid = FIRST_PID + program
    const isSystem = program % 2 === 0
    const path = isSystem ? `/usr/lib/p${program}` : `/opt/programs/p${program}`
    const file = { dev: 1n, ino: BigInt(pid), pid, pidversion: 1, path }
    records.push(
      writeExec({
        ...head,
        ...file,
        flags: 0,
        parentPid: 1,
        parentPidversion: 1,
        responsiblePid: 0,
        responsiblePidversion: 0,
        uid: 0,
        codesignFlags: 0,
        cdhash: new Uint8Array(20),
        ...NO_SCRIPT,
        signingId: '',
        teamId: '',
      }),
      writeInspected({
        ...head,
        ...file,
        fileBytes: 1n,
        ownerUid: isSystem ? 0 : 1000,
        mode: 0o755,
        flags: 0,
        error: 0,
        sha256: new Uint8Array(32).fill(program & 255).fill(program >> 8, 0, 1),
        subject: Subject.program,
        ...NO_SIGNATURE_ASKED,
      }),
    )
  }
  for (let flow = 0; flow < load.flows; flow++)
    records.push(flowRecord(load, flow, FIRST_AT_NS, ...bytesOf(load, flow, 0), FlowState.opened))
  return new Uint8Array(Buffer.concat(records))
}

function flowRecord(
  load: Load,
  flow: number,
  atNs: bigint,
  out: number,
  bytesIn: number,
  state: number,
): Uint8Array {
  // Every pair of program and destination in turn: all are in use.
  const pair = flow % (load.programs * load.destinations)
  const destination = Math.floor(pair / load.programs)
  const remoteAddr = new Uint8Array(16)
  remoteAddr.set([0xff, 0xff, 198, 18 + (destination >> 8), destination & 255, 9], 10)
  return writeFlow({
    source: Source.linux,
    atNs,
    flowId: BigInt(flow + 1) * 0x1_0000_0051n,
    bytesOut: BigInt(out),
    bytesIn: BigInt(bytesIn),
    epoch: 0,
    pid: FIRST_PID + (pair % load.programs),
    pidversion: 1,
    flags: 0,
    remoteAddr,
    remotePort: 443,
    localPort: 40_000,
    protocol: 6,
    direction: Direction.outbound,
    state,
  })
}

/** Reports of flows in a mixed order, `rounds` of each; `again` makes the next ones of them in place. */
export type Reports = { records: Uint8Array; count: number; again(): void }

export function reports(load: Load): Reports {
  const count = load.flows * load.rounds
  const words = new Uint32Array(count * WORDS)
  const records = new Uint8Array(words.buffer)
  const written = new Uint32Array(load.flows)
  // A stride that shares no factor with the count visits every flow, far apart in memory.
  const stride = 7_919
  for (let i = 0; i < count; i++) {
    const flow = (i * stride) % load.flows
    records.set(flowRecord(load, flow, 0n, 0, 0, FlowState.report), i * FLOW_FIXED_BYTES)
  }
  let atNs = FIRST_AT_NS
  const again = (): void => {
    for (let i = 0; i < count; i++) {
      const w = i * WORDS
      const flow = (i * stride) % load.flows
      const times = (written[flow] as number) + 1
      written[flow] = times
      atNs += STEP_NS
      words[w + 2] = Number(atNs & 0xffffffffn)
      words[w + 3] = Number(atNs >> 32n)
      const [out, bytesIn] = bytesOf(load, flow, times)
      words[w + 6] = out
      words[w + 8] = bytesIn
    }
  }
  again()
  return { records, count, again }
}
