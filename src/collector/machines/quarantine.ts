// How many devices that nobody has admitted the collector keeps, and what is told of those that give way to others.
import { counted } from '../../engine/sentence.ts'
import { commandThere } from '../../hint.ts'
import { quoted } from '../../printable.ts'
import { shellWord } from '../../shell-word.ts'
import type { Newcomers, Refusal } from '../fleet/fleet.ts'
import { createComplaints } from '../terms/complaint.ts'
import type { Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'

/** `gone` is told which were forgotten, and the row that says so. */
export function quarantineOf(
  options: Pick<Newcomers, 'isHeard' | 'isHere'> & {
    limits: Limits
    counters: Counters
    log: (text: string) => void
    gone: (ids: readonly string[], row: Refusal) => void
  },
): Newcomers {
  const { limits, counters, log, gone, isHeard, isHere } = options
  /** Of each token, of which a person has made a few. */
  const complain = createComplaints(log)
  return {
    ...{ max: limits.quarantinedMax, eachMax: limits.quarantinedEachMax, isHeard, isHere },
    onForgotten(ids, tokenLabel) {
      counters.add('quarantinedForgotten', ids.length)
      const row = forgottenRow(ids, tokenLabel)
      complain(tokenLabel, row.text)
      gone(ids, row)
    },
  }
}

/** Who was forgotten so that another could come, as a row among those who were turned away. */
function forgottenRow(ids: readonly string[], tokenLabel: string): Refusal {
  const are = ids.length === 1 ? 'is' : 'are'
  return {
    ...{ code: 'quarantine-forgotten', deviceId: '', hostname: '', address: 'several' },
    text: `${counted(ids.length, 'quarantined device')} of the token ${quoted(tokenLabel)} not there ${are} forgotten, ${ids[0]} first: too many of that token wait to be admitted. Revoke it where it has got about, then ${commandThere(`collector devices remove --token ${shellWord(tokenLabel)}`)}`,
  }
}
