// Policies as a collector that runs has them: what a device is to have, what it said, and both for people.
import { join } from 'node:path'
import { targetText } from '../../policy/target.ts'
import type { PolicyPush, PolicyReport } from '../../stream/message.ts'
import { createTrouble } from '../../trouble.ts'
import type { UnixNs } from '../../units.ts'
import type { Counters } from '../counters.ts'
import type { PolicyResponse } from '../page-policy.ts'
import { Policies } from './policies.ts'
import { openPoliciesFile, POLICIES_FILE } from './policies-file.ts'
import type { EnrolledDevice, Registry } from './registry.ts'

export type FleetPolicies = {
  source: {
    holdFor(deviceId: string): PolicyPush
    noteSaid(deviceId: string, report: PolicyReport): void
  }
  /** Of at most `limit` devices, by their ids, behind the id `after`. */
  response(limit: number, after?: string): PolicyResponse
  /** Writes what was said, and reads what commands have written. Returns whether something else may hold for a device. */
  look(): boolean
  close(): void
}

/** Throws CollectorError. */
export function openFleetPolicies(
  stateDir: string,
  context: {
    registry: Registry
    counters: Counters
    now: () => UnixNs
    log: (text: string) => void
  },
): FleetPolicies {
  const { registry, counters, now, log } = context
  const policies = new Policies(openPoliciesFile(join(stateDir, POLICIES_FILE), log))
  const trouble = createTrouble(log, () => performance.now())
  let groups = ''
  let isDue = false
  return {
    source: {
      holdFor(deviceId) {
        const group = registry.device(deviceId)?.group ?? ''
        return { group, documents: policies.holdFor({ deviceId, group }) }
      },
      noteSaid(deviceId, report) {
        counters.add('policiesSaid')
        if (report.documents.some(({ state }) => state === 'failed'))
          counters.add('policiesRefused')
        policies.noteSaid({ deviceId, at: now(), report })
      },
    },
    response(limit, after = '') {
      const all = registry
        .devices()
        .filter(({ id }) => id > after)
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const devices = all.slice(0, limit)
      const next = all.length > limit ? devices.at(-1)?.id : undefined
      return { ...responseOf(policies, devices), ...(next === undefined ? {} : { next }) }
    },
    look() {
      try {
        policies.writeSaid()
        trouble.works(() => 'what devices say of policies is written again')
      } catch (error) {
        trouble.failed(`what devices say of policies is not written (${(error as Error).message})`)
      }
      const now = registry
        .devices()
        .map(({ id, group }) => `${id} ${group}`)
        .join('\n')
      // Kept until all of it is done: what fails is tried at the next look.
      isDue = policies.refresh() || now !== groups || isDue
      if (now !== groups) policies.forgetAllBut((id) => registry.device(id) !== undefined)
      groups = now
      const wasDue = isDue
      isDue = false
      return wasDue
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

export function responseOf(policies: Policies, devices: readonly EnrolledDevice[]): PolicyResponse {
  const said = new Map(policies.said().map((one) => [one.deviceId, one]))
  return {
    rootKey: policies.rootKey() ?? '',
    documents: policies.documents().map(({ payload, publishedAt, sharePercent }) => ({
      ...{ kind: payload.kind, version: payload.version, target: targetText(payload.target) },
      ...{ notAfter: `${payload.notAfter}`, publishedAt: `${publishedAt}`, sharePercent },
    })),
    devices: devices.map(({ id, name, group }) => {
      const { report, at } = said.get(id) ?? {}
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
