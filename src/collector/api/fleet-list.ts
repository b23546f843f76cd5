// All devices that are enrolled as a list that goes on, those among them that were never connected.
import type { UnixNs } from '../../units.ts'
import { type Devices, deviceSilence } from '../gateway/devices.ts'
import { withinBytes } from '../terms/within-bytes.ts'
import type { EnrolmentInfo, FleetDeviceInfo, FleetResponse } from '../views/page-api.ts'
import { nsText } from '../views/views.ts'
import type { Fleet, FleetMember } from './device-change.ts'

const BYTES_MAX = 1024 * 1024
/** What is counted of all of them holds for so long: 10,000 take some 20 ms, and many pages may ask. */
const COUNTED_MS = 1000

type Counted = {
  /** In the order of their places. */
  members: { place: string; member: FleetMember }[]
  counts: Pick<FleetResponse, 'quarantined' | 'unseen' | 'policy'>
}

export function createFleetList(options: {
  fleet: Fleet
  devices: Devices
  now: () => UnixNs
}): (limit: number, after: string | undefined) => FleetResponse {
  const { fleet, devices, now } = options
  let [counted, countedMs]: [Counted | undefined, number] = [undefined, 0]

  const hostnameOf = ({ id, seen }: FleetMember) =>
    devices.get(id)?.facts.host.hostname ?? seen?.hostname ?? ''

  function count(): Counted {
    const all = fleet.members()
    return {
      members: all
        .map((member) => ({ place: placeOf(member, hostnameOf(member)), member }))
        .sort((a, b) => (a.place < b.place ? -1 : 1)),
      counts: {
        quarantined: all.filter(({ standing }) => standing === 'quarantined').length,
        unseen: all.filter(({ id, seen }) => seen?.at === undefined && !devices.get(id)).length,
        policy: fleet.newestPolicy() ?? null,
      },
    }
  }

  function rowOf(member: FleetMember, enrolment: EnrolmentInfo): FleetDeviceInfo {
    const { id, seen } = member
    const device = devices.get(id)
    const silence = device && deviceSilence(device, now())
    const seenAt = device?.lastSeenAt ?? seen?.at
    return {
      id,
      hostname: hostnameOf(member),
      agentVersion: device?.facts.agentVersion ?? seen?.agentVersion ?? '',
      connected: device?.connected ?? false,
      lastSeenAt: seenAt === undefined ? '' : nsText(seenAt),
      ...(silence && { silence: { of: silence.of, since: nsText(silence.since) } }),
      enrolment,
    }
  }

  return (limit, after = '') => {
    const behind = Buffer.from(after, 'base64url').toString()
    const nowMs = performance.now()
    if (!counted || nowMs - countedMs > COUNTED_MS) [counted, countedMs] = [count(), nowMs]
    const { members, counts } = counted
    const from = members.findIndex(({ place }) => place > behind)
    const part = from === -1 ? [] : members.slice(from, from + limit)
    const rows = part.flatMap(({ place, member }) => {
      // It may have been removed since they were counted.
      const enrolment = fleet.enrolmentOf(member.id)
      return enrolment ? [{ place, row: rowOf(member, enrolment) }] : []
    })
    const fitting = withinBytes(rows, BYTES_MAX)
    const last = fitting.length < rows.length ? fitting.at(-1)?.place : part.at(-1)?.place
    const isEnd = last === undefined || last === members.at(-1)?.place
    return {
      devices: fitting.map(({ row }) => row),
      total: members.length,
      ...counts,
      ...(isEnd ? {} : { next: Buffer.from(last).toString('base64url') }),
    }
  }
}

/** By what people see, and of equal ones by the id. */
const placeOf = ({ id, name }: FleetMember, hostname: string): string =>
  `${(name || hostname || id).toLowerCase().slice(0, 100).toWellFormed()} ${id}`
