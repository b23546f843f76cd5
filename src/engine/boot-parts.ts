// The parts of a boot's engine, each made once and told of the others it needs.

import type { UnixNs } from '../units.ts'
import { createFlowListing } from './alert-flows.ts'
import { processView } from './alert-view.ts'
import { createCarry } from './carry.ts'
import { type Clock, wallNow, wallOfMs } from './clock.ts'
import { createDetector } from './detector.ts'
import { createEarlyRecords } from './early-records.ts'
import type { PairSummary, Sighting } from './finding.ts'
import { createFlowAttribution } from './flow-attribution.ts'
import { createFlowLedger } from './flow-ledger.ts'
import { createFlowMemory } from './flow-memory.ts'
import { createFlowPairing } from './flow-pairing.ts'
import { createFlowRows } from './flow-rows.ts'
import { createFlowTable } from './flow-table.ts'
import { createFlowTraits } from './flow-traits.ts'
import { createGoneProcesses } from './gone-processes.ts'
import { createHealthLog } from './health-log.ts'
import { createHeard } from './heard.ts'
import { createIdentityBook } from './identity-book.ts'
import { createIdentityJoining } from './identity-joining.ts'
import { identityView } from './identity-view.ts'
import { createIdleFlows } from './idle-flows.ts'
import { createInspectRequests } from './inspect-requests.ts'
import type { Lasting } from './lasting.ts'
import { createPairTable } from './pair-table.ts'
import { createProcessTable } from './process-table.ts'
import { createRunning } from './running.ts'
import { createSummarizer } from './summary.ts'
import { createSuppression } from './suppression.ts'
import { createTop } from './top.ts'
import { createUnseenSums } from './unseen.ts'

export type BootParts = ReturnType<typeof createBootParts>

/** Findings go to `lasting`. */
export function createBootParts(lasting: Lasting, clock: Clock) {
  const { deviceId, baseline, limits, counters } = lasting
  const at = (): UnixNs => wallNow(clock)
  const sight = (sighting: Sighting): void => {
    lasting.findings.push({ at: at(), kind: 'sighting', sighting })
  }
  const health = createHealthLog(({ from, ...said }) => {
    const health = from ? { ...said, since: wallOfMs(clock, from.sinceMs) } : said
    lasting.findings.push({
      at: from ? wallOfMs(clock, from.untilMs) : at(),
      kind: 'health',
      health,
    })
  })
  const heard = createHeard()
  const processes = createProcessTable(limits.processes, limits.endedProcessMs, () => {
    counters.evicted.processes++
  })
  const running = createRunning(baseline.carried, processes, clock, limits.processes)
  const unseen = createUnseenSums(health.say, counters, processes.find)
  const flows = createFlowTable(limits.flows)
  const book = createIdentityBook(
    baseline,
    processes,
    limits.identities,
    limits.pairs,
    (identity, process) =>
      sight({
        of: 'identity',
        identity: identityView(identity),
        process: processView(process, clock),
        destination: undefined,
      }),
  )
  const pairs = createPairTable(limits.pairs, (slot) => {
    counters.evicted.pairs++
    summarizer.sayOne(slot)
    detector.pairRemoved(slot)
  })
  const rows = createFlowRows(flows, pairs)
  const top = createTop(flows, rows)
  const memory = createFlowMemory(rows, limits, counters, (idLow, idHigh, epoch) =>
    carry.forgotten(idLow, idHigh, epoch),
  )
  const idle = createIdleFlows()
  const requests = createInspectRequests(counters, () => lasting.streamBytes)
  const early = createEarlyRecords((count) => {
    counters.lost += count
  })
  const say = (summary: PairSummary): void => {
    lasting.findings.push({ at: at(), kind: 'summary', summary })
  }
  const summarizer = createSummarizer(pairs, baseline, book, clock, say, (pair) => carry.said(pair))
  const carry = createCarry({
    baseline,
    clock,
    counters,
    limits,
    rows,
    pairs,
    running,
    isKept: () => lasting.isSaved,
    say(summary) {
      say(summary)
      book.resumeHour(summary.identityKey, summary.hourAt, summary.bytesOut, at())
    },
  })
  const suppression = createSuppression({
    ...{ pairs, clock, baseline, counters },
    heldMax: limits.heldSendings,
    policy: () => lasting.policy,
    byRule: lasting.suppressedByRule,
  })
  const detector = createDetector({
    deviceId,
    baseline,
    clock,
    counters,
    limits,
    pairs,
    flows,
    processes,
    book,
    listing: createFlowListing(rows, clock),
    suppression,
    scorer: lasting.scorer,
    processOf: (flow) => rows.processOf[flow],
    makerOf: (flow) => rows.makerOf[flow],
    isAwaited: idle.has,
    policy: () => lasting.policy,
    emit: (alert) => {
      lasting.findings.push({ at: at(), kind: 'alert', alert })
    },
  })
  const traits = createFlowTraits(rows, pairs, counters)
  const pairing = createFlowPairing({
    baseline,
    clock,
    rows,
    memory,
    pairs,
    book,
    detector,
    idle,
    traits,
    onRecounted: suppression.recounted,
    policy: () => lasting.policy,
    emit: sight,
  })
  const gone = createGoneProcesses(limits.pendingNames)
  const attribution = createFlowAttribution({
    clock,
    counters,
    limits,
    rows,
    processes,
    gone,
    book,
    policy: () => lasting.policy,
    onAwaited: (process) => requests.need(process, processes.parentOf),
    onOwnerChanged: (process) => ledger.ownerChanged(process),
    onSettled: (slot) => ledger.settled(slot),
  })
  const ledger = createFlowLedger({
    clock,
    counters,
    rows,
    memory,
    attribution,
    pairing,
    gone,
    traits,
    book,
    top,
    carry,
  })

  const join = createIdentityJoining({
    book,
    rows,
    pairs,
    summarizer,
    detector,
    suppression,
    onMoved: pairing.introduce,
    onHandedOver: ledger.ownerChanged,
  })

  return {
    health,
    heard,
    unseen,
    processes,
    running,
    flows,
    book,
    pairs,
    top,
    memory,
    requests,
    early,
    summarizer,
    detector,
    pairing,
    attribution,
    ledger,
    carry,
    join,
  }
}
