// What an alert said before, and what it says now.
import type { AlertDetail } from '../page-api.ts'
import { countText } from './format.ts'
import { Bytes, Clock, Severity } from './parts.tsx'
import { revisionText } from './words.ts'

export function Revisions({ alert }: { alert: AlertDetail }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">No.</th>
          <th scope="col">State</th>
          <th scope="col">Severity</th>
          <th scope="col" class="right">
            Score
          </th>
          <th scope="col">At</th>
          <th scope="col">Stored</th>
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
            <td class="number">{revision.revision}</td>
            <td>{revisionText(revision.state, index === alert.revisions.length - 1)}</td>
            <td>
              <Severity of={revision.severity} />
            </td>
            <td class="right number">{countText(revision.score)}</td>
            <td>
              <Clock at={revision.updatedAt} />
            </td>
            <td>
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
