// How `freshet record` says how far it is, and how it ended.
import type { RecordingCounts } from '../capture/recording.ts'
import { humanBytes } from '../engine/sentence.ts'
import { commandOf } from '../hint.ts'
import { printable } from '../printable.ts'
import { shellWord } from '../shell-word.ts'

/** One line while it runs; at the end a few, the digest among them. */
export function describeRecording(file: string, counts: RecordingCounts, isLast: boolean): string {
  const { recordBytes, gapBytes, fileBytes, alerts, digest } = counts
  const missing =
    gapBytes > 0 ? `; ${humanBytes(gapBytes)} of records could not be written and are missing` : ''
  const line =
    `${humanBytes(recordBytes)} of records in ${humanBytes(fileBytes)}, ` +
    `${alerts} alert ${alerts === 1 ? 'finding' : 'findings'}${missing}`
  if (!isLast) return `recording: ${line}`
  return [
    `recorded ${printable(file)}: ${line}`,
    `digest  ${digest}`,
    `replay  ${printable(commandOf(`replay ${shellWord(file)}`))}`,
  ].join('\n')
}
