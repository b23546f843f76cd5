// Policies as a collector that runs has them: what a device is to have, what it said, and both for people.
import { join } from 'node:path'
import { type Addressee, targetText } from '../../policy/target.ts'
import type { PolicyPush, PolicyReport } from '../../stream/message.ts'
import { DOCUMENT_KINDS } from '../../stream/policy-message.ts'
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import type { Counters } from '../terms/counters.ts'
import { withinBytes } from '../terms/within-bytes.ts'
import type { FleetPolicyInfo, PolicyResponse, PolicyStandingInfo } from '../views/page-policy.ts'
import { publishedTexts } from './change-log.ts'
import { Policies } from './policies.ts'
import { openPoliciesFile, POLICIES_FILE } from './policies-file.ts'
import type { EnrolledDevice, Registry } from './registry.ts'

/** Of each kind, the newest. */
const LISTED_MAX = 100
const RESPONSE_BYTES_MAX = 1024 * 1024

export type FleetPolicies = {
  source: {
    holdFor(deviceId: string): { push: PolicyPush; mark: string }
    noteSaid(deviceId: string, report: PolicyReport): void
  }
  /** Of at most `limit` devices, by their ids, behind the id `after`. */
  response(limit: number, after?: string): PolicyResponse
  standingOf(device: EnrolledDevice): PolicyStandingInfo | undefined
  newest(): FleetPolicyInfo | undefined
  /** It has enrolled anew by this id: what was said under it is another's. Throws what SQLite does. */
  forget(deviceId: string): void
  /** Writes what was said, and reads what commands have written. Returns for which devices something else may hold. */
  look(): 'all' | ReadonlySet<string>
  close(): void
}

/** Throws CollectorError. */
export function openFleetPolicies(
  stateDir: string,
  context: {
    registry: Registry
    /** It has connected at some time. */
    isHeard: (deviceId: string) => boolean
    counters: Counters
    now: () => UnixNs
    log: (text: string) => void
  },
): FleetPolicies {
  const { registry, isHeard, counters, now, log } = context
  const policies = new Policies(openPoliciesFile(join(stateDir, POLICIES_FILE), log))
  const dropped = policies.dropLongReports()
  if (dropped > 0)
    log(
      `what ${dropped} ${dropped === 1 ? 'device' : 'devices'} said of policies was more than is kept of one, as an earlier version kept it: it is dropped, and they say it again when they connect`,
    )
  const trouble = createTrouble(log, () => performance.now())
  let groups = new Map<string, string>()
  /** Kept until all of a look is done: what fails is tried at the next. */
  let due: 'all' | Set<string> = new Set()
  return {
    source: {
      holdFor(deviceId) {
        const group = registry.device(deviceId)?.group ?? ''
        const documents = policies.holdFor({ deviceId, group })
        return {
          push: { group, documents: documents.map(({ signed }) => signed) },
          mark: [group, ...documents.map(({ digest }) => digest)].join('\n'),
        }
      },
      noteSaid(deviceId, report) {
        counters.add('policiesSaid')
        // Each once: an agent says all again with each connection.
        const { faults, isCut, isBehind } = policies.noteSaid({ deviceId, at: now(), report })
        if (isCut) counters.add('policyReportsCut')
        for (const { state } of faults)
          counters.add(state === 'failed' ? 'policiesRefused' : 'policiesEnded')
        // Its file is lost, or is one of before: it was sent nothing older than what it had.
        if (isBehind && due !== 'all') due.add(deviceId)
      },
    },
    response(limit, after = '') {
      const all = registry
        .devices()
        .filter(({ id }) => id > after)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const whole = responseOf(policies, all.slice(0, limit), isHeard)
      const devices = withinBytes(whole.devices, RESPONSE_BYTES_MAX)
      const next = all.length > devices.length ? devices.at(-1)?.id : undefined
      const newest = policies.newest(...comers(registry.devices(), isHeard)) ?? null
      return { ...whole, newest, devices, ...(next === undefined ? {} : { next }) }
    },
    standingOf: (device) => policies.standingOf(addresseeOf(device)),
    newest: () => policies.newest(...comers(registry.devices(), isHeard)),
    forget: (deviceId) => policies.forget(deviceId),
    look() {
      try {
        policies.writeSaid()
        trouble.works(() => 'what devices say of policies is written again')
      } catch (error) {
        trouble.failed(`what devices say of policies is not written (${(error as Error).message})`)
      }
      const present = new Map(registry.devices().map(({ id, group }) => [id, group]))
      if (due !== 'all')
        for (const [id, group] of present) if (groups.get(id) !== group) due.add(id)
      const isOneGone = [...groups.keys()].some((id) => !present.has(id))
      const documents = policies.documents()
      if (policies.refresh()) {
        due = 'all'
        for (const text of publishedTexts(documents, policies.documents())) log(text)
      }
      if (isOneGone) policies.forgetAllBut((id) => present.has(id))
      groups = present
      const was = due
      due = new Set()
      return was
    },
    close() {
      try {
        policies.writeSaid()
      } catch (error) {
        log(`what devices said of policies last is not written: ${(error as Error).message}`)
      }
      policies.close()
    },
  }
}

export const addresseeOf = ({ id, group }: EnrolledDevice): Addressee => ({ deviceId: id, group })

/** Those that may come, as policies name them; and apart those of them that nobody has admitted and that never came. */
export function comers(
  devices: readonly EnrolledDevice[],
  isHeard: (deviceId: string) => boolean,
): [known: Addressee[], unheard: Addressee[]] {
  const isKnown = ({ id, standing }: EnrolledDevice) => standing === 'active' || isHeard(id)
  const may = devices.filter(({ standing }) => standing !== 'revoked')
  return [may.filter(isKnown).map(addresseeOf), may.filter((one) => !isKnown(one)).map(addresseeOf)]
}

export function responseOf(
  policies: Policies,
  devices: readonly EnrolledDevice[],
  isHeard: (deviceId: string) => boolean,
): PolicyResponse {
  const all = policies.documents()
  const listed = DOCUMENT_KINDS.flatMap((kind) =>
    all.filter(({ payload }) => payload.kind === kind).slice(0, LISTED_MAX),
  )
  const unlisted = all.length - listed.length
  return {
    rootKey: policies.rootKey() ?? '',
    newest: policies.newest(...comers(devices, isHeard)) ?? null,
    ...(unlisted > 0 && { unlisted }),
    documents: listed.map(({ payload, publishedAt, sharePercent }) => ({
      ...{ kind: payload.kind, version: payload.version, target: targetText(payload.target) },
      ...{ notAfter: `${payload.notAfter}`, publishedAt: `${publishedAt}`, sharePercent },
    })),
    devices: devices.map(({ id, name, group }) => {
      const { report, at } = policies.saidBy(id) ?? {}
      return {
        ...{ id, name, group, source: report?.source ?? '', hasKey: (report?.keyId ?? '') !== '' },
        suppressed: report?.suppressed ?? 0,
        suppressions: report?.suppressions ?? [],
        documents: (report?.documents ?? []).map((one) => ({ ...one, at: `${one.at}` })),
        saidAt: at === undefined ? '' : `${at}`,
      }
    }),
  }
}
