// The program of an alert: what identifies it and since when it is known.
import type { AlertDetail } from '../page-api.ts'
import { Clock, Copied, Cut, Signer } from './parts.tsx'

export function IdentityPanel({ alert }: { alert: AlertDetail }) {
  const { identity } = alert
  return (
    <section class="panel" aria-labelledby="identity">
      <h2 id="identity">The program</h2>
      <dl class="list">
        <dt>Name</dt>
        <dd>
          <Cut text={identity.name} max={60} />
        </dd>
        <dt>Path</dt>
        <dd>
          <Cut text={identity.path} max={120} mono />
        </dd>
        <dt>Signer</dt>
        <dd>
          <Signer of={identity.signerClass} />
        </dd>
        <Field name="Signing id" value={identity.signingId} />
        <Field name="Team" value={identity.teamId} />
        <dt>SHA-256</dt>
        <dd>
          {identity.sha256 === '' ? (
            <span class="quiet">not known: the file could not be read</span>
          ) : (
            <Copied text={identity.sha256} />
          )}
        </dd>
        <Field name="Code hash" value={identity.cdhash} />
        <dt>Identity</dt>
        <dd>
          <Cut text={identity.key} max={120} mono />
        </dd>
        {alert.responsibleKey !== '' && (
          <>
            <dt>Acted for</dt>
            <dd>
              <Cut text={alert.responsibleKey} max={120} mono />
            </dd>
          </>
        )}
        <dt>First seen</dt>
        <dd>
          <Clock at={identity.firstSeenAt} />
        </dd>
        <dt>First network use</dt>
        <dd>
          <Clock at={identity.firstNetworkAt} none="not before this" />
        </dd>
        <dt>Policy</dt>
        <dd>version {alert.policyVersion}</dd>
      </dl>
    </section>
  )
}

/** Left out when there is nothing to say. */
function Field({ name, value }: { name: string; value: string }) {
  if (value === '') return null
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Cut text={value} max={120} mono />
      </dd>
    </>
  )
}
