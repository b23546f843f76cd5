// The order of the list of alerts, over all that the collector keeps.
import { type AlertsRoute, changed, SORT_CHOICES } from './route.ts'
import { go } from './state.ts'

const NAMES = {
  newest: 'Latest opened first',
  score: 'Highest score first',
  bytes: 'Most bytes out first',
}

export function SortChooser({ at }: { at: AlertsRoute }) {
  const choose = (value: string): void =>
    go(changed(at, { sort: SORT_CHOICES.find((name) => name === value) }))
  return (
    <label>
      <span class="unseen">Order</span>
      <select value={at.sort ?? 'newest'} onChange={(event) => choose(event.currentTarget.value)}>
        {(['newest', ...SORT_CHOICES] as const).map((name) => (
          <option key={name} value={name}>
            {NAMES[name]}
          </option>
        ))}
      </select>
    </label>
  )
}
