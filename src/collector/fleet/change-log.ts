// What people change of the fleet, a line each in the collector's log: over its page, which says from where, or by a command of
// this machine, which writes to the same files and is seen there.

import { targetText } from '../../policy/target.ts'
import { quoted } from '../../printable.ts'
import type { DocumentKind } from '../../stream/policy-message.ts'
import type { DeviceChangeRequest, DeviceRemovalRequest } from '../views/page-api.ts'
import type { Published } from './policies.ts'
import type { Registry } from './registry.ts'
import type { EnrolledDevice, Token } from './registry-rows.ts'

/** Of one look: a command forgets 20,000 devices at once. */
const LINES_MAX = 20
const BY_COMMAND = 'by a command on this machine'

export type ChangeLog = {
  /** What a command has changed since the last look, or since the page did. */
  look(devices: Iterable<EnrolledDevice>, tokens: Iterable<Token>): void
  /** The page has, for who asked from `address`; empty: not known. */
  changed(device: EnrolledDevice, to: DeviceChangeRequest, address: string): void
  /** The page has forgotten it. */
  removed(device: EnrolledDevice, data: DeviceRemovalRequest['data'], address: string): void
  /** The collector forgot them by itself, and has said so. */
  forgotten(ids: readonly string[]): void
}

/** `devices`, `tokens`: as they are now, of which nothing is said. */
export function createChangeLog(
  log: (text: string) => void,
  devices: Iterable<EnrolledDevice>,
  tokens: Iterable<Token>,
): ChangeLog {
  let known = byId(devices)
  let made = byId(tokens)
  return {
    look(nowDevices, nowTokens) {
      const [before, tokensBefore] = [known, made]
      known = byId(nowDevices)
      made = byId(nowTokens)
      const lines: string[] = []
      for (const device of known.values()) {
        const what = differences(before.get(device.id), device)
        if (what !== '') lines.push(`${deviceText(device)}: ${what}`)
      }
      for (const device of before.values())
        if (!known.has(device.id)) lines.push(`${deviceText(device)}: forgotten`)
      for (const token of made.values()) {
        const old = tokensBefore.get(token.id)
        if (!old)
          lines.push(
            `token ${token.id} ${quoted(token.label)} is made, for the group ${quoted(token.group)}`,
          )
        if (token.revokedAt !== undefined && old?.revokedAt === undefined)
          lines.push(`token ${token.id} ${quoted(token.label)} is revoked`)
      }
      for (const line of lines.slice(0, LINES_MAX)) log(`${line}, ${BY_COMMAND}`)
      if (lines.length > LINES_MAX)
        log(`and ${lines.length - LINES_MAX} more changes of devices and tokens, ${BY_COMMAND}`)
    },
    changed(device, to, address) {
      known.set(device.id, device)
      log(`${deviceText(device)}: ${textOf(to)}, ${overPage(address)}`)
    },
    removed(device, data, address) {
      known.delete(device.id)
      const more = data === 'erased' ? ', and what it sent is to be deleted' : ''
      log(`${deviceText(device)}: forgotten${more}, ${overPage(address)}`)
    },
    forgotten(ids) {
      for (const id of ids) known.delete(id)
    },
  }
}

/** As a person says on the page; `review` ends who may come no more. Returns whether there is such a device. */
export function changeByPage(
  registry: Registry,
  changes: ChangeLog,
  review: (id: string) => void,
  id: string,
  to: DeviceChangeRequest,
  address: string,
): boolean {
  registry.refresh()
  const isThere = registry.change(id, to)
  const device = registry.device(id)
  if (device) changes.changed(device, to, address)
  if (to.standing === 'revoked') review(id)
  return isThere
}

/** As a person removes it on the page; `erase` notes in the same transaction that what it sent goes. Returns whether there was such a device. */
export function removeByPage(
  registry: Registry,
  changes: ChangeLog,
  erase: (id: string) => void,
  id: string,
  data: DeviceRemovalRequest['data'],
  address: string,
): boolean {
  registry.refresh()
  const device = registry.device(id)
  if (!device) return false
  registry.remove(id, data === 'erased' ? () => erase(id) : undefined)
  changes.removed(device, data, address)
  return true
}

const overPage = (address: string): string =>
  `over the page${address === '' ? '' : ` from ${address}`}`

const byId = <Id, Of extends { id: Id }>(all: Iterable<Of>): Map<Id, Of> =>
  new Map(Array.from(all, (one) => [one.id, one]))

const deviceText = ({ id, name }: EnrolledDevice): string =>
  `device ${id}${name === '' ? '' : ` ${quoted(name)}`}`

/** One that came since is what enrolment makes of it: quarantined, without a name. */
function differences(before: EnrolledDevice | undefined, now: EnrolledDevice): string {
  const { standing, name, owner, group, mayEnrolAgain } = now
  const was = before ?? {
    standing: 'quarantined',
    name: '',
    owner: '',
    group,
    mayEnrolAgain: false,
  }
  return [
    textOf({
      // Back into quarantine comes who enrolled anew: nobody's doing here.
      ...(standing !== was.standing && standing !== 'quarantined' ? { standing } : {}),
      ...(name !== was.name ? { name } : {}),
      ...(owner !== was.owner ? { owner } : {}),
      ...(group !== was.group ? { group } : {}),
    }),
    ...(mayEnrolAgain && !was.mayEnrolAgain ? ['may enrol again'] : []),
  ]
    .filter((part) => part !== '')
    .join(', ')
}

const textOf = ({ standing, name, owner, group }: DeviceChangeRequest): string =>
  [
    ...(standing === undefined ? [] : [standing === 'active' ? 'admitted' : 'revoked']),
    ...(name === undefined ? [] : [name === '' ? 'named no more' : `named ${quoted(name)}`]),
    ...(owner === undefined ? [] : [owner === '' ? 'nobody’s' : `of ${quoted(owner)}`]),
    ...(group === undefined ? [] : [`in the group ${quoted(group)}`]),
  ].join(', ')

type Documents = readonly Pick<Published, 'payload' | 'sharePercent'>[]

/** What commands have published, or given to more or fewer, between two looks; a line each. */
export function publishedTexts(before: Documents, now: Documents): string[] {
  const key = ({ payload: { kind, version } }: Documents[number]): `${DocumentKind} ${number}` =>
    `${kind} ${version}`
  const shares = new Map(before.map((one) => [key(one), one.sharePercent]))
  return now.flatMap((one) => {
    const share = shares.get(key(one))
    if (share === one.sharePercent) return []
    const whom = one.sharePercent === 100 ? '' : `, ${one.sharePercent} % of them`
    return [
      share === undefined
        ? `${key(one)} for ${targetText(one.payload.target)}${whom} is published, ${BY_COMMAND}`
        : `${key(one)} goes to ${one.sharePercent} % in place of ${share} %, ${BY_COMMAND}`,
    ]
  })
}
