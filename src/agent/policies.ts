// Which policy this agent goes by: what its collector sent and the root key has signed, what stands in a file of its command
// line, or what is built in. What it takes is on the disk before it holds; what it refuses it says.
import type { ExceptionDocument } from '../engine/exception.ts'
import type { PolicyDocument } from '../engine/policy.ts'
import { type Clamped, clampPolicy, refuseCrowd, withoutHoldingBack } from '../policy/clamp.ts'
import { type Delegation, parseDelegation } from '../policy/delegation.ts'
import { boundedExceptions, carried, type Exceptions } from '../policy/exceptions.ts'
import { PolicyFault, type PolicyFaultCode } from '../policy/fault.ts'
import { dateOf, judge } from '../policy/judge.ts'
import { keyIdOf } from '../policy/keys.ts'
import { digestOf, peek, verifySigned } from '../policy/signed.ts'
import type { Addressee } from '../policy/target.ts'
import {
  DOCUMENT_KINDS,
  type DocumentKind,
  type PolicyPayload,
  type PolicyPush,
  type PolicyReport,
  type PolicySource,
} from '../stream/policy-message.ts'
import type { UnixNs } from '../units.ts'
import {
  type KeptDocument,
  type KeptPolicies,
  pastOf,
  pastWith,
  readKept,
  writeKept,
} from './policy-file.ts'
import {
  type Came,
  CROWDED,
  cameIn,
  NO_KEY,
  policyStatus,
  type Refusal,
  refusalText,
  refusedRow,
  rowsOf,
  type Standing,
  TOO_LARGE,
  takenRow,
  UNTIMELY,
} from './policy-rows.ts'
import { withUids } from './user-numbers.ts'

export type PoliciesOptions = {
  /** Of the file that keeps what was taken. */
  path: string
  /** The root key, 64 hex digits; undefined: the agent was given none, and takes nothing. */
  rootKey: string | undefined
  own: Addressee
  agentVersion: string
  /** A file of the command line: it wins over all that is sent. */
  local: PolicyDocument | undefined
  /** In every policy, whosever it is. */
  always: PolicyDocument
  now: () => UnixNs
  /** The number of a user of this machine; undefined: there is none of that name. */
  uidOf: (name: string) => number | undefined
  /** Puts a policy in force. */
  apply: (document: PolicyDocument) => void
  /** For the collector's page and the log. */
  tell: (text: string) => void
}

export type Policies = {
  take(push: PolicyPush): void
  /** As PolicyTaker has it. */
  refuseLarge(): void
  /** Time passed: what has ended holds no more, and what the disk refused is tried again. */
  pass(): void
  report(): Omit<PolicyReport, 'suppressed' | 'suppressions'>
  /** For who asks here; undefined: the built-in policy, and nothing was refused. */
  status(): ReturnType<typeof policyStatus>
  /** Whether connections within the machine count. */
  countsLoopback(): boolean
  hidesUserNames(): boolean
  /** Of the programs that a team has decided about. */
  standings(): Exceptions['standings']
}

type Held = {
  payload: PolicyPayload
  policy?: Clamped
  delegation?: Delegation
  exceptions?: Exceptions
}
const RETRY_NS = 30_000_000_000n
const COMPLAINT_NS = 60_000_000_000n

/** Puts what was kept in force before it returns. Throws StateFileError where the file's place holds something else. */
export function createPolicies(options: PoliciesOptions): Policies {
  const { path, rootKey, agentVersion, local, always, now, apply, tell } = options
  const rootId = rootKey === undefined ? '' : keyIdOf(rootKey)
  const held: Partial<Record<DocumentKind, Held>> = {}
  const standing: Partial<Record<DocumentKind, Standing>> = {}
  /** What came last, where it was not taken. */
  const refused: Partial<Record<DocumentKind, Refusal>> = {}
  let kept: KeptPolicies = { keyId: rootId, group: undefined, documents: {}, past: {} }
  /** When a refusal was last told; each is in the report. */
  const complainedAt: Partial<Record<DocumentKind, bigint>> = {}
  let waiting: PolicyPush | undefined
  let waitingSince = 0n
  let [inForce, applied]: [string, PolicyDocument] = ['', {}]

  const own = (): Addressee => ({ ...options.own, group: kept.group ?? options.own.group })
  const isOver = ({ payload }: Held): boolean => payload.notAfter <= now()

  /** The key that a document has to be signed with, and what that one may sign. Throws PolicyFault delegation-missing. */
  const signerOf = (bytes: Uint8Array): { key: string; kinds: DocumentKind[] } => {
    const { signed, payload } = peek(bytes)
    const online = held.delegation?.delegation?.onlineKey
    if (signed?.keyId !== rootId) {
      if (online !== undefined && signed?.keyId === keyIdOf(online))
        return { key: online, kinds: ['exceptions'] }
      if (payload?.kind === 'exceptions' && online === undefined)
        throw new PolicyFault('delegation-missing', 'no delegation says whose exceptions count')
    }
    return { key: rootKey as string, kinds: ['policy', 'delegation'] }
  }

  /** Throws PolicyFault. */
  const open = (payload: PolicyPayload, takenAt: UnixNs | undefined): Held => {
    const { kind, content, version, madeAt } = payload
    if (kind === 'policy') return { payload, policy: clampPolicy(content, version) }
    if (kind === 'delegation')
      return { payload, delegation: parseDelegation(content, rootKey as string) }
    const by = held.delegation?.delegation
    if (!by)
      throw new PolicyFault('delegation-missing', 'no delegation says whose exceptions count')
    // Of a signer's clock that is ahead the days are counted from when its document was taken.
    const from = takenAt !== undefined && takenAt < madeAt ? takenAt : madeAt
    const madeAtMs = Number(from / 1_000_000n)
    return { payload, exceptions: boundedExceptions(content, by.bounds, madeAtMs) }
  }

  const clampedOf = (of: Held): string[] => (of.policy ?? of.exceptions)?.clamped ?? []

  /** Why it holds back nothing any more; undefined: it does. Exceptions last no longer than whose they are may sign. */
  const endOf = (kind: DocumentKind, of: Held): string | undefined => {
    if (isOver(of)) return `its time was over at ${dateOf(of.payload.notAfter)}`
    const { delegation } = held
    return kind === 'exceptions' && delegation && isOver(delegation)
      ? `the time of its delegation was over at ${dateOf(delegation.payload.notAfter)}`
      : undefined
  }

  const stands = (kind: DocumentKind, of: Held): void => {
    delete refused[kind]
    standing[kind] = takenRow(of.payload, clampedOf(of), endOf(kind, of), now())
  }

  const standsBeside = (kind: DocumentKind, refusal: Refusal, end: string | undefined): void => {
    refused[kind] = refusal
    const clamped = standing[kind]?.clamped ?? 0
    standing[kind] = refusedRow(refusal, held[kind]?.payload, end, { clamped, at: now() })
  }

  /** Returns whether it is to be told. */
  const notes = (kind: DocumentKind, received: number, code: PolicyFaultCode, text: string) => {
    const before = standing[kind]
    if (before?.code === code && before.receivedVersion === received) return false
    const of = held[kind]
    // That it ended is told first: `refresh`.
    const end = of && before?.state === 'expired' ? endOf(kind, of) : undefined
    standsBeside(kind, { received, code, text }, end)
    // A collector that sends one wrong thing after another is not to fill the outbox with our complaints.
    if (isWithin(complainedAt[kind] ?? 0n, COMPLAINT_NS)) return false
    complainedAt[kind] = now()
    return true
  }

  /** What is the same of several is told once. */
  const refusesAll = (came: readonly Came[], code: PolicyFaultCode, text: string) => {
    const told = came.filter(({ kind, version }) => notes(kind, version, code, text))
    if (told.length > 0) tell(refusalText(told, code, text))
  }
  const refuses = (kind: DocumentKind, version: number, code: PolicyFaultCode, text: string) =>
    refusesAll([{ kind, version }], code, text)

  /** Not longer ago than this; a clock that was put back since makes nothing recent for long. */
  const isWithin = (since: bigint, ns: bigint): boolean => now() >= since && now() < since + ns

  /** Whether it is to be tried again. Throws PolicyFault not-kept. */
  const takeOne = (bytes: Uint8Array): boolean => {
    const { payload: said } = peek(bytes)
    const kind = said?.kind ?? 'policy'
    try {
      const { key, kinds } = signerOf(bytes)
      const payload = verifySigned(bytes, key)
      const digest = digestOf(bytes)
      const highest = kept.documents[kind]?.highest ?? kept.past[pastOf(kind, keyIdOf(key))]
      const present = held[kind]
      if (present && highest?.digest === digest) {
        if (refused[kind]) stands(kind, present)
        return false
      }
      const takenAt = now()
      judge(payload, { kinds, highest, digest, own: own(), agentVersion, now: takenAt })
      const { delegation } = held
      if (kind === 'exceptions' && delegation && isOver(delegation))
        throw new PolicyFault(
          'delegation-missing',
          `the delegation that says whose exceptions count ended at ${dateOf(delegation.payload.notAfter)}`,
        )
      const next = open(payload, takenAt)
      keep(kind, { highest: { version: payload.version, digest }, takenAt, signed: bytes }, next)
      held[kind] = next
      stands(kind, next)
      tell(
        `${kind} ${payload.version} is taken${clampedOf(next).length > 0 ? `, but not all of it: ${clampedOf(next).slice(0, 3).join('; ')}` : ''}`,
      )
      if (kind === 'delegation') openExceptions()
      return false
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error
      refuses(kind, said?.version ?? 0, error.code, error.message)
      if (error.code === 'not-kept') throw error
      return UNTIMELY.includes(error.code)
    }
  }

  /** Throws PolicyFault not-kept. */
  const keep = (
    kind: DocumentKind,
    document: KeptPolicies['documents'][DocumentKind],
    next: Held,
  ) => {
    const documents = { ...kept.documents, [kind]: document }
    let { past } = kept
    // Another key signs under versions of its own, and nothing of the one before counts any more.
    const online = held.delegation?.delegation?.onlineKey
    if (next.delegation && next.delegation.onlineKey !== online) {
      past = pastWith(past, { exceptions: documents.exceptions })
      delete documents.exceptions
    }
    write({ ...kept, documents, past })
  }

  /** Throws PolicyFault not-kept. */
  const write = (next: KeptPolicies): void => {
    try {
      writeKept(path, next)
    } catch (cause) {
      throw new PolicyFault(
        'not-kept',
        `it cannot be kept (${(cause as Error).message}), so it is not taken; it is tried again`,
        { cause },
      )
    }
    kept = next
  }

  /** Exceptions that were kept, as the delegation in force has them. */
  const openExceptions = (): void => {
    const document = kept.documents.exceptions
    delete held.exceptions
    if (document) reopen('exceptions', document)
    else {
      delete standing.exceptions
      delete refused.exceptions
    }
  }

  const reopen = (kind: DocumentKind, { signed, takenAt }: KeptDocument): void => {
    try {
      const next = open(verifySigned(signed, signerOf(signed).key), takenAt)
      held[kind] = next
      stands(kind, next)
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error
      refuses(kind, kept.documents[kind]?.highest.version ?? 0, error.code, error.message)
    }
  }

  const sourceOf = (): PolicySource =>
    local ? 'local' : held.policy || held.exceptions ? 'pushed' : 'built-in'

  /** What holds now, with the exceptions for which there is room. */
  const present = (): PolicyDocument => {
    if (local) return { ...local, ...always }
    const { policy } = held
    const document = policy?.policy?.document ?? {}
    const base = policy && isOver(policy) ? withoutHoldingBack(document) : document
    const whole = { ...base, ...always }
    const added = exceptionsInForce()
    const exceptions = [...(base.exceptions ?? []), ...added]
    if (added.length === 0) return whole
    const more = { ...whole, exceptions }
    const version = held.exceptions?.payload.version ?? 0
    try {
      refuseCrowd(more)
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error
      refuses('exceptions', version, error.code, error.message)
      return whole
    }
    // The policy that they had no room beside is gone.
    const { code = '', receivedVersion } = standing.exceptions ?? {}
    if (held.exceptions && receivedVersion === version && CROWDED.includes(code))
      stands('exceptions', held.exceptions)
    return more
  }

  const exceptionsInForce = (): ExceptionDocument[] => {
    const { delegation, exceptions } = held
    if (!delegation || !exceptions || isOver(delegation) || isOver(exceptions)) return []
    return carried(exceptions.exceptions?.exceptions ?? [])
  }

  const refresh = (): void => {
    for (const kind of DOCUMENT_KINDS) {
      const of = held[kind]
      const end = of && endOf(kind, of)
      if (!of || (end !== undefined) === (standing[kind]?.state === 'expired')) continue
      const refusal = refused[kind]
      if (refusal) standsBeside(kind, refusal, end)
      else stands(kind, of)
      tell(
        end !== undefined
          ? `the time of ${kind} ${of.payload.version} is over: it holds back nothing any more`
          : `the time of ${kind} ${of.payload.version} is not over by the clock as it was set: it holds again`,
      )
    }
    const document = present()
    const text = JSON.stringify(document)
    if (text === inForce) return
    inForce = text
    applied = document
    apply(withUids(document, options.uidOf, tell))
  }

  /** Throws PolicyFault not-kept, which is said of each document. */
  const joinGroup = (push: PolicyPush): void => {
    try {
      write({ ...kept, group: push.group })
    } catch (error) {
      const { code, message } = error as PolicyFault
      refusesAll(cameIn(push), code, message)
      throw error
    }
  }

  const take = (push: PolicyPush): void => {
    waiting = undefined
    if (rootKey === undefined) {
      refusesAll(cameIn(push), ...NO_KEY)
      return
    }
    try {
      if (push.group !== own().group) joinGroup(push)
      for (const bytes of push.documents) if (takeOne(bytes)) waiting = push
    } catch (error) {
      if (!(error instanceof PolicyFault)) throw error
      waiting = push
    }
    waitingSince = now()
    refresh()
  }

  if (rootKey !== undefined) {
    const found = readKept(path, () =>
      tell(`${path} cannot be read: policies that were sent are taken anew from the collector`),
    )
    if (found && found.keyId === rootId) kept = found
    else if (found) {
      kept = { ...kept, past: pastWith(found.past, found.documents) }
      tell(
        'the root key is another than before: what the one before it signed is not used any more',
      )
    }
    for (const kind of DOCUMENT_KINDS) {
      const document = kept.documents[kind]
      if (document) reopen(kind, document)
    }
  }
  refresh()

  return {
    take,
    refuseLarge: () => refuses('policy', 0, ...(rootKey === undefined ? NO_KEY : TOO_LARGE)),
    pass() {
      if (waiting && !isWithin(waitingSince, RETRY_NS)) take(waiting)
      else refresh()
    },
    report: () => ({
      ...{ keyId: rootId, source: sourceOf(), group: own().group },
      documents: rowsOf(standing),
    }),
    status() {
      const version = (local ? local.version : held.policy?.payload.version) ?? 0
      return policyStatus(sourceOf(), version, standing)
    },
    countsLoopback: () => applied.includeLoopback === true,
    hidesUserNames: () => applied.hashUserNames === true,
    standings: () => held.exceptions?.exceptions?.standings ?? [],
  }
}
