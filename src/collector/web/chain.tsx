// The process chain as a tree, from the oldest ancestor down to the program.
import type { ChainInfo } from '../views/page-api.ts'
import { argumentsText, fileName, userText } from './format.ts'
import { shortHash } from './identity-key.ts'
import { Clock, Cut, Signer } from './parts.tsx'
import { routeHash } from './route.ts'
import { aboveText, foreignText, scriptNote } from './words.ts'

/** `chain`: the process, its parent, and so on. */
export function Chain({ chain, deviceId }: { chain: readonly ChainInfo[]; deviceId: string }) {
  if (chain.length === 0) return <p class="quiet">The process was not known.</p>
  const above = aboveText(chain)
  return (
    <>
      {above !== '' && <p class="quiet">{above}</p>}
      <Branch processes={chain.toReversed()} deviceId={deviceId} />
    </>
  )
}

function Branch(props: { processes: readonly ChainInfo[]; deviceId: string }) {
  const { processes, deviceId } = props
  const [first, ...rest] = processes
  if (!first) return null
  return (
    <ul class="chain">
      <li>
        <Process process={first} deviceId={deviceId} last={rest.length === 0} />
        {rest.length > 0 && <Branch processes={rest} deviceId={deviceId} />}
      </li>
    </ul>
  )
}

function Process(props: { process: ChainInfo; deviceId: string; last: boolean }) {
  const { process, deviceId, last } = props
  return (
    <div class={last ? 'process last' : 'process'}>
      <p>
        <strong>
          <Cut text={fileName(process.path) || 'unknown program'} max={40} />
        </strong>{' '}
        <span class="quiet">
          pid {process.pid} · <Cut text={userText(process.user, process.uid)} max={40} />
          {process.startedAt !== '0' && (
            <>
              {' · '}
              <Clock at={process.startedAt} />
            </>
          )}
        </span>
      </p>
      <p class="meta">
        <Cut text={process.path} max={64} mono />
        <Program of={process} deviceId={deviceId} />
        {process.script !== '' && (
          <span>
            script <Cut text={process.script} max={48} mono />
            {process.scriptSha256 !== '' && (
              <span class="mono" title={`SHA-256 ${process.scriptSha256}`}>
                {' '}
                {shortHash(process.scriptSha256)}
              </span>
            )}
          </span>
        )}
        {scriptNote(process.scriptFrom) !== '' && <span>{scriptNote(process.scriptFrom)}</span>}
        {process.alsoAt.map((path) => (
          <span key={path}>
            also as <Cut text={path} max={48} mono />
          </span>
        ))}
        {(process.foreignCode.length > 0 || process.foreignCodeMore) && (
          <span>
            with foreign code{' '}
            <Cut text={foreignText(process.foreignCode, process.foreignCodeMore)} max={160} mono />
          </span>
        )}
        {process.arguments && (
          <span>
            arguments <Cut text={argumentsText(process.arguments)} max={160} mono />
          </span>
        )}
        {process.socketsBy !== '' && (
          <span>
            connected through <Cut text={process.socketsBy} max={48} mono />
          </span>
        )}
      </p>
    </div>
  )
}

/** Who vouches for the file that ran, and its hash. */
function Program({ of, deviceId }: { of: ChainInfo; deviceId: string }) {
  const { program, identityKey } = of
  if (!program)
    return (
      <span class="quiet">
        {identityKey === '' ? 'its file was not looked at' : 'signer and hash not told'}
      </span>
    )
  const hash = program.sha256 || program.cdhash
  return (
    <>
      <Signer of={program.signerClass} />
      <a href={routeHash({ page: 'identity', deviceId, key: identityKey })}>
        {hash === '' ? (
          'hash not known'
        ) : (
          <span class="mono" title={`${program.sha256 === '' ? 'code hash' : 'SHA-256'} ${hash}`}>
            {shortHash(hash)}
          </span>
        )}
      </a>
    </>
  )
}
