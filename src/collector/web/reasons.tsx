// Why an alert opened: each term of the score with what was measured and what it is held against.
import type { AlertDetail, ReasonView } from '../views/page-api.ts'
import { countText, pointsText, valueText } from './format.ts'
import { isWithoutHandshake } from './words.ts'

export function Reasons({ alert }: { alert: AlertDetail }) {
  const most = Math.max(1, ...alert.reasons.map((reason) => Math.abs(reason.points)))
  const total = alert.reasons.reduce((sum, reason) => sum + reason.points, 0)
  return (
    <table class="plain reasons">
      <thead>
        <tr>
          <th scope="col">Reason</th>
          <th scope="col" class="right roomy">
            Measured
          </th>
          <th scope="col" class="right roomy">
            Held against
          </th>
          <th scope="col" class="right">
            Points
          </th>
        </tr>
      </thead>
      <tbody>
        {alert.reasons.map((reason, index) => (
          <Reason key={`${index} ${reason.term}`} reason={reason} most={most} />
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Score</th>
          <td class="roomy" colSpan={2} />
          <td class="right number">
            {countText(alert.score)}
            {Math.abs(total - alert.score) > 0.5 && (
              <span class="quiet"> (sum {pointsText(total)})</span>
            )}
          </td>
        </tr>
      </tfoot>
    </table>
  )
}

function Reason({ reason, most }: { reason: ReasonView; most: number }) {
  const width = `${((Math.abs(reason.points) / most) * 100).toFixed(0)}%`
  // Who signed it, where to, and how it came here: said in words, and in numbers by the points alone.
  const inWords = ['signer', 'destination', 'context'].includes(reason.term)
  const number = (value: number): string => (inWords ? '' : measureText(reason, value))
  return (
    <tr>
      <th scope="row">
        <span class="term">{reason.term.replaceAll('_', ' ')}</span>
        <span class="meta">{reason.text}</span>
        {isWithoutHandshake(reason) && (
          <span class="meta">measured without the bytes that a handshake alone brings back</span>
        )}
        {!inWords && (
          <span class="meta phone">
            {number(reason.value)}, held against {number(reason.threshold)}
          </span>
        )}
      </th>
      <td class="right number roomy">{number(reason.value)}</td>
      <td class="right number roomy">{number(reason.threshold)}</td>
      <td class="right number points">
        {pointsText(reason.points)}
        <span class="bar" aria-hidden="true">
          <span style={{ width }} class={reason.points < 0 ? 'less' : ''} />
        </span>
      </td>
    </tr>
  )
}

/** A volume without a unit is a distance from what is ordinary for the program. */
const measureText = ({ term, unit }: ReasonView, value: number): string =>
  term === 'volume' && unit === '' ? `${valueText(value, unit)} deviations` : valueText(value, unit)
