// What a cause is made of, for the tables that hold them.
import type { SensorStatus } from './agent-status.ts'

/** failure: something that Freshet is for does not happen. warning: it happens, but less, or not for much longer. */
export type Level = 'failure' | 'warning'

/** What of Freshet suffers: it sees nothing, sees less, does not report; or none of these. */
export type Concern = 'blind' | 'gap' | 'unsent' | 'other'

/** The words of a cause, and what of a status they need. */
export type WordsOf<Status> = {
  level: Level | ((status: Status) => Level)
  concern: Concern | ((status: Status) => Concern)
  /** Whether it is so. */
  holds: (status: Status) => boolean
  text: string | ((status: Status) => string)
  remedy: string | ((status: Status) => string)
  /** Given: it is for the person at the machine, and their notification shows the remedy: it must not hold figures. */
  url?: (status: Status) => string
}

/** What one of these words is in a status. */
export const said = <Status, Word extends string>(
  word: Word | ((status: Status) => Word),
  status: Status,
): Word => (typeof word === 'string' ? word : word(status))

/** Whether a source says that it lacks this. */
export const lacks = (gap: number) => (status: SensorStatus) =>
  status.sensor.gaps.some(({ gaps }) => (gaps & gap) !== 0)

/** What the source that lacks this says of it; or empty. */
export const noteOf = (status: SensorStatus, gap: number): string =>
  status.sensor.gaps.find(({ gaps }) => (gaps & gap) !== 0)?.note ?? ''

/** As they stand in their table, failures first. */
export const worstFirst = <Status>(
  words: readonly WordsOf<Status>[],
  status: Status,
): WordsOf<Status>[] =>
  (['failure', 'warning'] as const).flatMap((level) =>
    words.filter((one) => said(one.level, status) === level),
  )
