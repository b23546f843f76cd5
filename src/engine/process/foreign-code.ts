// Code that runs in a process beside its program, from places that others than root can change.
import { quoted } from '../../printable.ts'
import { CodeFlag, type CodeRecord } from '../../records/record.gen.ts'

/** Files that are named; the rest is counted. */
export const FOREIGN_NAMED_MAX = 8
/** Characters of a path that are told: an alert has to fit an item of the wire, 128 KiB. */
const NAME_MAX = 512
/** Paths that are told apart. A source tells no more than this of an image. */
const PATHS_MAX = 32

export type ForeignCode = {
  /** In the order they were told. */
  paths: Set<string>
  /** There are more than are in `paths`. */
  hasMore: boolean
  /** Nothing was seen to be mapped: its environment asked for all of them (macOS). */
  onlyAskedFor: boolean
}

/** What is known with this record too. */
export function noteForeign(known: ForeignCode | undefined, record: CodeRecord): ForeignCode {
  const foreign = known ?? { paths: new Set(), hasMore: false, onlyAskedFor: true }
  // Without a path it says only that there is some.
  if (record.path === '') foreign.hasMore = true
  else if (foreign.paths.has(record.path) || foreign.paths.size < PATHS_MAX)
    foreign.paths.add(record.path)
  else foreign.hasMore = true
  if ((record.flags & CodeFlag.more) !== 0) foreign.hasMore = true
  if ((record.flags & CodeFlag.askedFor) === 0) foreign.onlyAskedFor = false
  return foreign
}

/** A child runs what its parent had mapped when it was forked, and maps the rest for itself. */
export const copyForeign = (foreign: ForeignCode | undefined): ForeignCode | undefined =>
  foreign && { ...foreign, paths: new Set(foreign.paths) }

const cut = (path: string): string =>
  path.length <= NAME_MAX ? path : `${path.slice(0, NAME_MAX - 1)}…`

/** The files that are named. */
export const namedForeign = (foreign: ForeignCode | undefined): string[] =>
  foreign ? [...foreign.paths].slice(0, FOREIGN_NAMED_MAX).map(cut) : []

/** Whether there are more than are named. */
export const hasMoreForeign = (foreign: ForeignCode | undefined): boolean =>
  foreign !== undefined && (foreign.hasMore || foreign.paths.size > FOREIGN_NAMED_MAX)

/** One clause for a person. */
export function foreignText(foreign: ForeignCode): string {
  const did = foreign.onlyAskedFor ? 'asked to load' : 'running'
  return `${did} code from ${filesText(foreign)}, which others can change`
}

function filesText(foreign: ForeignCode): string {
  const [first] = namedForeign(foreign)
  if (first === undefined) return 'files that were not told'
  const others = foreign.paths.size - 1
  const known = others === 0 ? '' : ` and ${others} more ${others === 1 ? 'file' : 'files'}`
  return `${quoted(first)}${known}${foreign.hasMore ? ' and others that were not told' : ''}`
}
