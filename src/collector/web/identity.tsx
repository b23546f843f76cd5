// A program: what identifies it, for whom it acted and since when it is known.
import type { AlertDetail, IdentityInfo } from '../views/page-api.ts'
import { actedForKey, nameOfKey, shortHash } from './identity-key.ts'
import { Clock, Copied, Cut, Signer } from './parts.tsx'
import { routeHash } from './route.ts'
import { identities } from './state.ts'
import { policyText } from './words.ts'

/** The program of an alert. */
export function IdentityPanel({ alert }: { alert: AlertDetail }) {
  const { identity, device } = alert
  return (
    <section class="panel" aria-labelledby="identity">
      <h2 id="identity">The program</h2>
      <dl class="list">
        <IdentityFields identity={identity} deviceId={device.id} />
        <Field name="In doubt" value={alert.doubt} />
        <dt>Policy</dt>
        <dd>{policyText(alert.policyVersion)}</dd>
        <Field name="Reference" value={alert.reference} />
      </dl>
      <p class="rest">
        <a href={routeHash({ page: 'identity', deviceId: device.id, key: identity.key })}>
          All that is known of this program
        </a>
      </p>
    </section>
  )
}

/** Rows of a `dl`. */
export function IdentityFields({
  identity,
  deviceId,
}: {
  identity: IdentityInfo
  deviceId: string
}) {
  return (
    <>
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
      {actedForKey(identity.key) !== undefined && (
        <>
          <dt>Acting for</dt>
          <dd>
            <ActedFor of={identity.key} deviceId={deviceId} linked />
          </dd>
        </>
      )}
      <dt>Key</dt>
      <dd>
        <Cut text={identity.key} max={240} mono />
      </dd>
      <dt>First seen</dt>
      <dd>
        <Clock at={identity.firstSeenAt} />
      </dd>
      <dt>First network use</dt>
      <dd>
        <Clock at={identity.firstNetworkAt} none="not yet" />
      </dd>
    </>
  )
}

type ActedForOf = { of: string; deviceId: string; linked?: boolean }

/** For whom the identity with this key acted, with its hash where that one is known here; nothing for itself. */
export function ActedFor({ of, deviceId, linked = false }: ActedForOf) {
  const key = actedForKey(of)
  if (key === undefined) return null
  const known = identities.value.rows.find((row) => row.key === key && row.device.id === deviceId)
  if (!known) return <Cut text={nameOfKey(key)} max={48} />
  const name = (
    <>
      <Cut text={known.name || nameOfKey(key)} max={40} />
      {known.sha256 !== '' && <span class="mono"> {shortHash(known.sha256)}</span>}
    </>
  )
  return linked ? (
    <a href={routeHash({ page: 'identity', deviceId, key })}>{name}</a>
  ) : (
    <span>{name}</span>
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
