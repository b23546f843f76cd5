// The parts of a boot's engine, each made once and told of the others it needs.

import type { UnixNs } from '../units.ts'
import { type Clock, wallNow, wallOfMs } from './clock.ts'
import { createFlowListing } from './detection/alert-flows.ts'
import { createDetector } from './detection/detector.ts'
import { createSuppression } from './detection/suppression.ts'
import { createEarlyRecords } from './early-records.ts'
import type { Alert, PairSummary, Sighting } from './finding.ts'
import { createFlowAttribution } from './flow/flow-attribution.ts'
import { createFlowLedger } from './flow/flow-ledger.ts'
import { createFlowMemory } from './flow/flow-memory.ts'
import { createFlowRows } from './flow/flow-rows.ts'
import { createFlowTable } from './flow/flow-table.ts'
import { createFlowTraits } from './flow/flow-traits.ts'
import { createTop } from './flow/top.ts'
import { createHealthLog } from './health-log.ts'
import { createHeard } from './heard.ts'
import { createIdentityBook } from './identity/identity-book.ts'
import { identityView } from './identity/identity-view.ts'
import { processView } from './identity/process-view.ts'
import { createRunning } from './identity/running.ts'
import type { Lasting } from './lasting.ts'
import { createCarry } from './pair/carry.ts'
import { createFlowPairing } from './pair/flow-pairing.ts'
import { createIdentityJoining } from './pair/identity-joining.ts'
import { createIdleFlows } from './pair/idle-flows.ts'
import { createPairTable } from './pair/pair-table.ts'
import { createSummarizer } from './pair/summary.ts'
import { createTraitCounts } from './pair/trait-counts.ts'
import { createGoneProcesses } from './process/gone-processes.ts'
import { createInspectRequests } from './process/inspect-requests.ts'
import { createProcessTable } from './process/process-table.ts'
import { createUnseenSums } from './unseen.ts'

export type BootParts = ReturnType<typeof createBootParts>

/** What is said goes to `lasting`, in the order in which it is found. */
function createVoice(lasting: Lasting, clock: Clock) {
  const at = (): UnixNs => wallNow(clock)
  const health = createHealthLog(({ from, ...said }) => {
    const health = from ? { ...said, since: wallOfMs(clock, from.sinceMs) } : said
    lasting.findings.push({
      at: from ? wallOfMs(clock, from.untilMs) : at(),
      kind: 'health',
      health,
    })
  })
  return {
    health,
    sight: (sighting: Sighting): void => {
      lasting.findings.push({ at: at(), kind: 'sighting', sighting })
    },
    say: (summary: PairSummary): void => {
      lasting.findings.push({ at: at(), kind: 'summary', summary })
    },
    alert: (alert: Alert): void => {
      lasting.findings.push({ at: at(), kind: 'alert', alert })
    },
  }
}

/** Findings go to `lasting`. */
export function createBootParts(lasting: Lasting, clock: Clock) {
  const { deviceId, baseline, limits, counters } = lasting
  const { sight, health, say, alert } = createVoice(lasting, clock)
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
  const rows = createFlowRows(flows, pairs.generationOf)
  const top = createTop(flows, rows)
  const memory = createFlowMemory(rows, limits, counters, (idLow, idHigh, epoch) =>
    carry.forgotten(idLow, idHigh, epoch),
  )
  const idle = createIdleFlows()
  const requests = createInspectRequests(counters, () => lasting.streamBytes)
  const early = createEarlyRecords((count) => {
    counters.lost += count
  })
  const summarizer = createSummarizer(pairs, baseline, book, clock, say, (pair) => carry.said(pair))
  const carry = createCarry({
    ...{ baseline, clock, counters, limits },
    ...{ rows, pairs, running },
    isKept: () => lasting.isSaved,
    say(summary) {
      say(summary)
      book.resumeHour(summary.identityKey, summary.hourAt, summary.bytesOut, wallNow(clock))
    },
  })
  const suppression = createSuppression({
    ...{ pairs, clock, baseline, counters },
    heldMax: limits.heldSendings,
    policy: () => lasting.policy,
    byRule: lasting.suppressedByRule,
  })
  const detector = createDetector({
    ...{ deviceId, baseline, clock, counters, limits },
    ...{ pairs, flows, processes, book, suppression },
    listing: createFlowListing(rows, clock),
    makeScoring: lasting.makeScoring,
    rows,
    processOf: (flow) => rows.processOf[flow],
    makerOf: (flow) => rows.makerOf[flow],
    isAwaited: idle.has,
    policy: () => lasting.policy,
    emit: alert,
    onCrowded: (what) => health.crowded(what, clock.nowMs),
  })
  const pairing = createFlowPairing({
    baseline,
    clock,
    rows,
    memory,
    pairs,
    book,
    judged: detector,
    idle,
    traits: createTraitCounts(rows, pairs),
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
    counted: pairing,
    gone,
    traits: createFlowTraits(rows, counters, pairing),
    book,
    top,
    told: carry,
  })

  const join = createIdentityJoining({
    book,
    rows,
    pairs,
    summarizer,
    judged: detector,
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
