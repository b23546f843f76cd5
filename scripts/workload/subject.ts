// Of all that a machine's source tells, what is of one process and those that it makes: a recording is of the
// program that it is about, and says nothing of who else runs on the machine. Pure.
import {
  RecordType,
  readCode,
  readExec,
  readExit,
  readFlow,
  readFork,
  readLoss,
  readName,
  readUnseen,
} from '../../src/records/record.gen.ts'

export type Subject = {
  /** From here on the process `pid` and what descends from it are the subject. To be called before its records are read. */
  begin(pid: number): void
  /** Of whole records those of the subject, and those of no process: ticks, marks, losses. */
  of(records: Uint8Array): Uint8Array
  /** Processes of the subject that have not ended. */
  alive(): number
  /** Events that the source lost, whosever they were. */
  lost(): number
}

/** Names of flows that have no owner yet; a source names a flow just before its first counters. */
const NAMES_WAITING_MAX = 4_096

export function createSubject(): Subject {
  let root = 0
  let lost = 0
  const alive = new Set<number>()
  const images = new Set<string>()
  const flows = new Set<bigint>()
  const waiting = new Map<bigint, Uint8Array>()
  const image = ({ pid, pidversion }: { pid: number; pidversion: number }): string =>
    `${pid}.${pidversion}`
  const join = (one: { pid: number; pidversion: number }): boolean => {
    alive.add(one.pid)
    images.add(image(one))
    return true
  }

  /** Whether the record is the subject's; where a flow's name waited for it, that comes before. */
  const take = (view: DataView, at: number, record: Uint8Array, kept: Uint8Array[]): boolean => {
    switch (view.getUint16(at + 4, true)) {
      case RecordType.fork: {
        const fork = readFork(view, at)
        return alive.has(fork.parentPid) && join(fork)
      }
      case RecordType.exec: {
        const exec = readExec(view, at)
        const isOurs = exec.pid === root || alive.has(exec.pid) || alive.has(exec.parentPid)
        return isOurs && join(exec)
      }
      case RecordType.exit: {
        const exit = readExit(view, at)
        if (images.has(image(exit))) alive.delete(exit.pid)
        return images.has(image(exit))
      }
      case RecordType.flow: {
        const flow = readFlow(view, at)
        const isOurs = images.has(image(flow)) || flows.has(flow.flowId)
        const name = waiting.get(flow.flowId)
        waiting.delete(flow.flowId)
        if (!isOurs) return false
        flows.add(flow.flowId)
        if (name) kept.push(name)
        return true
      }
      case RecordType.name: {
        const { flowId } = readName(view, at)
        if (flows.has(flowId)) return true
        waiting.set(flowId, new Uint8Array(record))
        const [oldest] = waiting.keys()
        if (waiting.size > NAMES_WAITING_MAX && oldest !== undefined) waiting.delete(oldest)
        return false
      }
      case RecordType.code:
        return images.has(image(readCode(view, at)))
      case RecordType.unseen:
        return images.has(image(readUnseen(view, at)))
      case RecordType.loss:
        lost += Number(readLoss(view, at).count)
        return true
      case RecordType.tick:
      case RecordType.mark:
        return true
      default:
        return false
    }
  }

  return {
    begin(pid) {
      root = pid
      alive.add(pid)
    },
    of(records) {
      const view = new DataView(records.buffer, records.byteOffset, records.length)
      const kept: Uint8Array[] = []
      for (let at = 0; at < records.length; at += view.getUint32(at, true)) {
        const record = records.subarray(at, at + view.getUint32(at, true))
        if (take(view, at, record, kept)) kept.push(record)
      }
      return new Uint8Array(Buffer.concat(kept))
    },
    alive: () => alive.size,
    lost: () => lost,
  }
}
