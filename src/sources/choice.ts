// Which of a Mac's sources run, and which are believed: one table, made anew whenever a source says something else of
// itself. sense asks it what to run, the engine role whose flows to take, the status what is at work and what it
// cannot see.
//
// Apple's own interfaces come first. Each has stand-ins that want no entitlement, no team and no approval:
//   processes   Endpoint Security, else eslogger (root and Full Disk Access), else the list of processes, polled
//   flows       the content filter, else NetworkStatistics, else nettop
import { Capability, Gap, Source } from '../records/record.gen.ts'

export const PROCESS_SOURCES = ['endpoint_security', 'eslogger', 'polling'] as const
export const FLOW_SOURCES = ['filter', 'network_statistics', 'nettop'] as const
export type ProcessSource = (typeof PROCESS_SOURCES)[number]
export type FlowSource = (typeof FLOW_SOURCES)[number]
export type MacSource = ProcessSource | FlowSource

/** Best first, processes before flows. */
export const MAC_SOURCES: readonly MacSource[] = [...PROCESS_SOURCES, ...FLOW_SOURCES]

/** The source byte of their records. */
export const SOURCE_CODE = {
  endpoint_security: Source.endpointSecurity,
  eslogger: Source.eslogger,
  polling: Source.polling,
  filter: Source.filter,
  network_statistics: Source.networkStatistics,
  nettop: Source.nettop,
} as const satisfies Record<MacSource, number>

const NAME_OF = new Map<number, MacSource>(MAC_SOURCES.map((name) => [SOURCE_CODE[name], name]))

/** undefined: it is no source of a Mac. */
export const macSourceOf = (code: number): MacSource | undefined => NAME_OF.get(code)

/** What each is called in a sentence. */
export const SOURCE_NAMES: Record<MacSource | 'none', string> = {
  endpoint_security: 'Endpoint Security',
  eslogger: 'eslogger',
  polling: 'the list of processes',
  filter: 'the network filter',
  network_statistics: 'NetworkStatistics',
  nettop: 'nettop',
  none: 'nobody',
}

/** What a source last said of itself, in a mark; one that stopped lacks nothing. */
export type Said = {
  /** CODE capability, as a sum. */
  capabilities: number
  /** CODE gap, as a sum. */
  gaps: number
}

/** What is known of the sources: those that have said nothing yet are missing. */
export type Heard = ReadonlyMap<MacSource, Said>

export type Choice = {
  processes: ProcessSource | 'none'
  flows: FlowSource | 'none'
  /** Those that stand in, and are to run now; Endpoint Security and the filter always try. */
  runs: readonly MacSource[]
  /** The filter is there and tells nothing: of what another source sees, or not even that it lives. */
  isFilterSilent: boolean
}

/** Whether a source works, by what it said last. */
const WORKS: Record<MacSource, (said: Said) => boolean> = {
  endpoint_security: ({ capabilities }) => (capabilities & Capability.processEvents) !== 0,
  eslogger: ({ capabilities }) => (capabilities & Capability.processEvents) !== 0,
  // Without root it sees this user's alone, and says so.
  polling: ({ capabilities, gaps }) => capabilities !== 0 || (gaps & Gap.notRoot) !== 0,
  // One that is not connected, is switched off or hangs can do nothing.
  filter: ({ capabilities }) => capabilities !== 0,
  network_statistics: ({ capabilities, gaps }) =>
    capabilities !== 0 && (gaps & Gap.networkStatistics) === 0,
  nettop: ({ capabilities, gaps }) => capabilities !== 0 && (gaps & Gap.nettop) === 0,
}

/**
 * `allowed`: what the administrator left to choose from (`agent --sources`); undefined: all. `isFilterSilent`: whoever
 * compares the filter with another source has found it so.
 */
export function chooseSources(
  heard: Heard,
  options: { allowed?: ReadonlySet<MacSource> | undefined; isFilterSilent?: boolean } = {},
): Choice {
  const { allowed, isFilterSilent = false } = options
  const mayRun = (name: MacSource): boolean => allowed === undefined || allowed.has(name)
  const works = (name: MacSource): boolean => {
    const said = heard.get(name)
    return mayRun(name) && said !== undefined && WORKS[name](said)
  }
  const runs: MacSource[] = []
  // Until it has said that it cannot, the better one may yet come: what stands in runs meanwhile, so that nothing is
  // missed, but for those that cost a process of their own.
  if (!works('endpoint_security')) runs.push('eslogger', 'polling')
  // Beside the filter too: that is how one that is silent is found.
  runs.push('network_statistics')
  const statistics = heard.get('network_statistics')
  if (
    !mayRun('network_statistics') ||
    (statistics !== undefined && !WORKS.network_statistics(statistics))
  )
    runs.push('nettop')
  const hangs = mayRun('filter') && ((heard.get('filter')?.gaps ?? 0) & Gap.filterSilent) !== 0
  const flows = FLOW_SOURCES.find((name) => works(name) && !(name === 'filter' && isFilterSilent))
  return {
    processes: PROCESS_SOURCES.find(works) ?? 'none',
    flows: flows ?? (works('filter') ? 'filter' : 'none'),
    runs: runs.filter(mayRun),
    isFilterSilent: hangs || (isFilterSilent && works('filter')),
  }
}

/** Names joined by commas, as a person gives them. Throws RangeError on a name that is none, and on none at all. */
export function parseSources(text: string): Set<MacSource> {
  const names = text.split(',').map((name) => name.trim().replaceAll('-', '_'))
  const unknown = names.find((name) => !(MAC_SOURCES as readonly string[]).includes(name))
  if (unknown !== undefined)
    throw new RangeError(
      `${JSON.stringify(unknown)} is no source: name some of ${MAC_SOURCES.join(', ')}, joined by commas`,
    )
  return new Set(names as MacSource[])
}
