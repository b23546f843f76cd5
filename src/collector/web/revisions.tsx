// What an alert said before, and what it says now.
import type { AlertDetail } from '../views/page-api.ts'
import { countText } from './format.ts'
import { Bytes, Clock, Severity } from './parts.tsx'
import { revisionText } from './words.ts'

export function Revisions({ alert }: { alert: AlertDetail }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col" class="roomy">
            No.
          </th>
          <th scope="col">State</th>
          <th scope="col">Severity</th>
          <th scope="col" class="right roomy">
            Score
          </th>
          <th scope="col">At</th>
          <th scope="col" class="roomy">
            Stored
          </th>
          <th scope="col" class="right">
            Out
          </th>
          <th scope="col" class="right">
            In
          </th>
        </tr>
      </thead>
      <tbody>
        {alert.revisions.map((revision, index) => (
          <tr key={revision.revision}>
            <td class="number roomy">{revision.revision}</td>
            <td>
              <span class="phone">{revision.revision}: </span>
              {revisionText(revision.state, index === alert.revisions.length - 1)}
            </td>
            <td>
              <Severity of={revision.severity} />
              <p class="meta phone">score {countText(revision.score)}</p>
            </td>
            <td class="right number roomy">{countText(revision.score)}</td>
            <td>
              <Clock at={revision.updatedAt} />
            </td>
            <td class="roomy">
              <Clock at={revision.storedAt} />
            </td>
            <td class="right number">
              <Bytes of={revision.bytesOut} />
            </td>
            <td class="right number">
              <Bytes of={revision.bytesIn} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
