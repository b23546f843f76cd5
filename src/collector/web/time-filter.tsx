// Of which time the list is: when alerts were opened.
import { type AlertsRoute, changed } from './route.ts'
import { go, nowMs } from './state.ts'
import { localText, momentOf, momentOfLocal, PRESETS, presetOf } from './time-range.ts'

const DAY_MS = 86_400_000

export function TimeFilter({ at }: { at: AlertsRoute }) {
  const preset = presetOf(at)
  const choose = (value: string): void => {
    // A range of one's own begins with the last day.
    const from = value === 'custom' ? momentOf(Date.now() - DAY_MS) : value
    go(changed(at, { from: from === '' ? undefined : from, to: undefined }))
  }
  return (
    <>
      <label>
        <span class="unseen">Opened</span>
        <select value={preset} onChange={(event) => choose(event.currentTarget.value)}>
          {PRESETS.map(([from, name]) => (
            <option key={name} value={from ?? ''}>
              {name}
            </option>
          ))}
          <option value="custom">From … to …</option>
        </select>
      </label>
      {preset === 'custom' && (
        <fieldset class="range">
          <legend class="unseen">Opened between, in this browser’s time zone</legend>
          <Moment name="from" at={at} />
          <Moment name="to" at={at} />
        </fieldset>
      )}
    </>
  )
}

/** One end of the range; empty: without end. */
function Moment({ name, at }: { name: 'from' | 'to'; at: AlertsRoute }) {
  return (
    <label>
      {name}{' '}
      <input
        type="datetime-local"
        value={localText(at[name], nowMs.peek())}
        onChange={(event) => go(changed(at, { [name]: momentOfLocal(event.currentTarget.value) }))}
      />
    </label>
  )
}
