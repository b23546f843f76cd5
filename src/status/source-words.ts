// Which of a Mac's sources are at work, in words: who tells of programs and of flows, what they cannot see, and what
// another would add.
import type { SourceGaps } from '../engine/counters.ts'
import { Gap } from '../records/record.gen.ts'
import {
  type Choice,
  FLOW_SOURCES,
  type FlowSource,
  type MacSource,
  macSourceOf,
  PROCESS_SOURCES,
  type ProcessSource,
  SOURCE_NAMES,
} from '../sources/choice.ts'

/** The sources of a Mac that are at work. */
export type SourcesAtWork = {
  processes: ProcessSource | 'none'
  flows: FlowSource | 'none'
  /** The network filter runs and tells nothing: of what another source sees, or at all. */
  isFilterSilent: boolean
  /** Those that the administrator left to choose from (`--sources`); empty: all. */
  forced: readonly MacSource[]
}

const PROGRAMS: Record<ProcessSource | 'none', string> = {
  endpoint_security: ', each as it starts and as it ends.',
  eslogger:
    ', each as it starts and as it ends. What it prints is no interface that Apple keeps, so that an update of macOS may end it; Endpoint Security, with its entitlement, is one.',
  polling:
    ', looked at four times a second: what begins and ends between two looks and uses no network is not seen. eslogger, with Full Disk Access, would see it, and so would Endpoint Security, with its entitlement.',
  none: '.',
}
const FLOWS: Record<FlowSource | 'none', string> = {
  filter: ', with the names of hosts that programs asked for.',
  network_statistics:
    ', without names of hosts; where macOS does not keep apart what had to be sent again it counts too, and the figure is marked as at most; a UDP socket without a peer is one flow. The network filter would tell all of it apart.',
  nettop:
    ', once a second: without names of hosts, some per cent low under load, and what opens and closes within a second may be missing. NetworkStatistics would see all of it; the network filter would tell names too.',
  none: '.',
}

/** Sentences: of programs, of flows, and of what the administrator chose. */
export function sourceSentences(sources: SourcesAtWork): string[] {
  const { processes, forced } = sources
  const flows = sources.isFilterSilent && sources.flows === 'filter' ? 'none' : sources.flows
  return [
    `Programs are seen by ${SOURCE_NAMES[processes]}${PROGRAMS[processes]}`,
    `Flows are seen by ${SOURCE_NAMES[flows]}${FLOWS[flows]}`,
    ...(forced.length === 0
      ? []
      : [
          `No other sources are used than ${forced.map((name) => SOURCE_NAMES[name]).join(', ')}, as \`--sources\` says.`,
        ]),
  ]
}

/** undefined on a machine without any. `allowed` is as for chooseSources. */
export function sourcesAtWork(
  { processes, flows, isFilterSilent }: Choice,
  allowed: ReadonlySet<MacSource> | undefined,
  isMac: boolean,
): SourcesAtWork | undefined {
  if (!isMac && processes === 'none' && flows === 'none') return undefined
  return { processes, flows, isFilterSilent, forced: [...(allowed ?? [])] }
}

/**
 * Of what sources said that they lack, what is still so: one that stood in for another and runs no more said it of a
 * time that is over.
 */
export const gapsOfRunning = (gaps: readonly SourceGaps[], { runs }: Choice): SourceGaps[] =>
  gaps.filter(({ source }) => {
    const name = macSourceOf(source)
    return name === undefined || name === 'endpoint_security' || name === 'filter'
      ? true
      : runs.includes(name)
  })

type Sourced = { sources?: SourcesAtWork; sensor: { gaps: readonly SourceGaps[] } }
type Kind = 'processes' | 'flows'
const FIRST: Record<Kind, MacSource> = {
  processes: PROCESS_SOURCES[0],
  flows: FLOW_SOURCES[0],
}
const WHAT: Record<Kind, string> = { processes: 'programs', flows: 'flows' }

/** What stands in for the system's own interface; undefined: nothing does. */
export function standIn({ sources }: Sourced, kind: Kind): MacSource | undefined {
  const name = sources?.[kind]
  return name === undefined || name === 'none' || name === FIRST[kind] ? undefined : name
}

/** ": programs are seen by eslogger instead." REQUIRES: something stands in. */
export const insteadOf = (status: Sourced, kind: Kind): string =>
  `: ${WHAT[kind]} are seen by ${SOURCE_NAMES[standIn(status, kind) ?? 'none']} instead.`

/** What is lacking of a kind blinds where nothing else is at work. */
export const blindWithout = (kind: Kind) => ({
  level: (status: Sourced) =>
    standIn(status, kind) === undefined ? ('failure' as const) : ('warning' as const),
  concern: (status: Sourced) =>
    standIn(status, kind) === undefined ? ('blind' as const) : ('gap' as const),
})

const isNone = ({ sources }: Sourced, kind: Kind): boolean => (sources?.[kind] ?? 'none') === 'none'
const lacks = ({ sensor }: Sourced, gap: number): boolean =>
  sensor.gaps.some(({ gaps }) => (gaps & gap) !== 0)

/** Whether a stand-in that lacks this is, or would be, the one to see: what a better one sees it need not. */
export function isMissed(status: Sourced, gap: number): boolean {
  if (!lacks(status, gap)) return false
  const { processes, flows } = status.sources ?? { processes: 'none', flows: 'none' }
  if (gap === Gap.shortLived) return processes === 'polling' || isNone(status, 'processes')
  if (gap === Gap.eslogger) return processes === 'polling' || isNone(status, 'processes')
  if (gap === Gap.nettopCounts) return flows === 'nettop'
  if (gap === Gap.networkStatistics) return flows === 'nettop' || isNone(status, 'flows')
  return isNone(status, 'flows')
}

/** What `--sources` leaves nobody for. */
export const leftOut = ({ sources }: Sourced): string[] => {
  if (sources === undefined || sources.forced.length === 0) return []
  const has = (of: readonly MacSource[]) => sources.forced.some((name) => of.includes(name))
  return [...(has(PROCESS_SOURCES) ? [] : ['programs']), ...(has(FLOW_SOURCES) ? [] : ['flows'])]
}
