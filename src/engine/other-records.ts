// What records say beside processes, marks and the counters of flows: names, policies, what was lost and what nobody watches.
import {
  Loss,
  NAME_AT,
  RecordType,
  readGone,
  readLoss,
  readName,
  readPolicy,
  readUnseen,
} from '../records/record.gen.ts'
import type { BootParts } from './boot-parts.ts'
import type { Clock } from './clock.ts'
import type { Lasting } from './lasting.ts'
import { PolicyError, policyFrom } from './policy.ts'

export type OtherRecords = {
  /** Takes the record at `from`, word `w` of `words`. One of a type that is not known is counted. */
  take(type: number, view: DataView, from: number, words: Uint32Array, w: number): void
}

export function createOtherRecords(lasting: Lasting, clock: Clock, boot: BootParts): OtherRecords {
  const { counters } = lasting
  const { health, heard, unseen, ledger, detector } = boot

  const onName = (view: DataView, from: number, words: Uint32Array, w: number): void => {
    const pid = view.getUint32(from + NAME_AT.makerPid, true)
    if (pid === 0 && view.getUint16(from + NAME_AT.hostnameBytes, true) === 0) return
    const { hostname, makerPidversion: pidversion } = readName(view, from)
    const maker = pid === 0 ? undefined : { pid, pidversion }
    const id = [words[w + 4] as number, words[w + 5] as number] as const
    ledger.name(...id, words[w + 6] as number, { hostname, maker })
  }

  const onPolicy = (view: DataView, from: number): void => {
    const record = readPolicy(view, from)
    const next = policyFrom(record, lasting.ownPids)
    if (next instanceof PolicyError) {
      health.say({
        of: 'policy',
        text: `policy ${record.version} was refused (${next.message}); policy ${lasting.policy.version} stays in force`,
        count: 1,
      })
      return
    }
    lasting.policy = next
    ledger.judgeAnew()
    detector.judgeAnew()
  }

  const onLoss = (view: DataView, from: number): void => {
    const { source, what, count: wide } = readLoss(view, from)
    const count = Number(wide)
    // The flows themselves are told, and counted by their flags.
    if (what !== Loss.flowCounters && what !== Loss.flowOwners) counters.lost += count
    const sinceMs = heard.lostSinceMs(source, clock.nowMs)
    health.lost({ source, what, count, sinceMs }, clock.nowMs)
  }

  return {
    take(type, view, from, words, w) {
      switch (type) {
        case RecordType.name:
          onName(view, from, words, w)
          return
        case RecordType.gone:
          ledger.gone(words[w + 4] as number, words[w + 5] as number, readGone(view, from))
          return
        case RecordType.policy:
          onPolicy(view, from)
          return
        case RecordType.loss:
          onLoss(view, from)
          return
        case RecordType.unseen: {
          const record = readUnseen(view, from)
          unseen.note(record, heard.countedSinceMs(record.source, clock.nowMs), clock.nowMs)
          return
        }
        default:
          counters.unknownRecords++
      }
    },
  }
}
