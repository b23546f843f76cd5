// Which alerts the list has by what people said of them. Closed ones are left out, and counted.
import type { TriageCounts } from '../views/page-api.ts'
import { countText } from './format.ts'
import { type AlertsRoute, changed, STATUS_CHOICES, type StatusChoice } from './route.ts'
import { go } from './state.ts'
import { choiceCounts } from './triage-words.ts'

const NAMES: Record<StatusChoice | 'active', string> = {
  active: 'Not closed',
  open: 'Open',
  acknowledged: 'Acknowledged',
  closed: 'Closed',
  all: 'All',
}

/** `counts`: of what the rest of the filter leaves; undefined while that is asked for. */
export function StatusFilter(props: { at: AlertsRoute; counts: TriageCounts | undefined }) {
  const { at, counts } = props
  const { status } = at
  const numbers = counts && choiceCounts(counts)
  const choose = (value: string): void => {
    go(changed(at, { status: STATUS_CHOICES.find((name) => name === value) }))
  }
  return (
    <label class="status">
      <span class="unseen">Status</span>
      <select value={status ?? 'active'} onChange={(event) => choose(event.currentTarget.value)}>
        {(['active', ...STATUS_CHOICES] as const).map((name) => (
          <option key={name} value={name}>
            {NAMES[name]}
            {numbers && ` (${countText(numbers[name])})`}
          </option>
        ))}
      </select>
      {counts && status === undefined && counts.closed > 0 && (
        <span class="quiet"> {countText(counts.closed)} closed not shown</span>
      )}
    </label>
  )
}
