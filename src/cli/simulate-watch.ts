// The watching half of `freshet simulate`: asks the collector's API what became of the upload, and when
// nothing came of it, how far along the way it got.

import { basename } from 'node:path'
import type {
  AlertDetail,
  AlertsResponse,
  DeviceInfo,
  DevicesResponse,
  ErrorResponse,
  IdentitiesResponse,
  IdentitySummary,
} from '../collector/views/page-api.ts'
import { counted } from '../engine/sentence.ts'

/** The collector's API refused or is not there. */
export class CollectorUnreachable extends Error {
  override name = 'CollectorUnreachable'
}

export type CollectorApi = {
  devices(): Promise<DeviceInfo[]>
  /** The identity with this path and hash, whichever device saw it; undefined when none did. */
  identity(path: string, sha256: string): Promise<IdentitySummary | undefined>
  /** The alert on the program with this path and hash; undefined while there is none. */
  alert(path: string, sha256: string): Promise<AlertDetail | undefined>
  /** The alert as it is now. */
  newestOf(alert: Pick<AlertDetail, 'id' | 'device'>): Promise<AlertDetail>
}

/** Commands of this program in backticks, each as it has to be written for the installation that it is of. */
export type Commands = {
  /** What the agent of this machine says. */
  status: string
  /** Starts the collector that it reports to. */
  collector: string
  /** Starts both; undefined: beside the agent that runs it would be refused. */
  up: string | undefined
  /** Starts an agent for that collector, which counts what is sent within the machine. */
  agent: string
}

const ANSWER_TIMEOUT_MS = 5000

/** Calls of the JSON API with the page's key. Each throws CollectorUnreachable, with what to do. */
export function collectorApi(
  url: string,
  pageKey: string,
  signal: AbortSignal,
  { collector, up }: Pick<Commands, 'collector' | 'up'>,
): CollectorApi {
  const get = async <T>(path: string): Promise<T> => {
    let response: Response
    try {
      response = await fetch(new URL(path, url), {
        headers: { authorization: `Bearer ${pageKey}` },
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      })
    } catch (cause) {
      signal.throwIfAborted()
      throw new CollectorUnreachable(
        `no collector answers at ${url}: start one with ${collector}${up === undefined ? '' : `, or with ${up} where no agent runs either`}`,
        { cause },
      )
    }
    if (response.ok) return (await response.json()) as T
    const refusal = (await response.json().catch(() => undefined)) as ErrorResponse | undefined
    throw new CollectorUnreachable(
      `the collector at ${url} refused ${path} with ${response.status}${refusal ? `: ${refusal.error}` : ''}` +
        (response.status === 401 ? ' (is --state the directory that the collector uses?)' : ''),
    )
  }
  const newestOf: CollectorApi['newestOf'] = ({ id, device }) =>
    get<AlertDetail>(`/api/alerts/${id}?device=${device.id}`)
  return {
    newestOf,
    devices: async () => {
      const devices: DevicesResponse['devices'] = []
      let after: string | undefined = ''
      while (after !== undefined) {
        const part: DevicesResponse = await get(
          after ? `/api/devices?after=${after}` : '/api/devices',
        )
        devices.push(...part.devices)
        after = part.next
      }
      return devices
    },
    identity: async (path, sha256) => {
      const query = `/api/identities?limit=200&q=${encodeURIComponent(basename(path))}`
      const { identities } = await get<IdentitiesResponse>(query)
      return identities.find((one) => one.sha256 === sha256 || one.path === path)
    },
    alert: async (path, sha256) => {
      // Each run is at a path of its own, so this finds it among whatever else is told meanwhile.
      const query = `limit=100&q=${encodeURIComponent(`path:"${path}"`)}`
      const { alerts } = await get<AlertsResponse>(`/api/alerts?${query}`)
      const found = alerts.find(
        ({ application }) => application.path === path || application.key.includes(sha256),
      )
      return found ? await newestOf(found) : undefined
    },
  }
}

/** Where on the way from the program to the alert it stopped. */
export type Stop = {
  at: 'collector' | 'agent' | 'records' | 'flows' | 'sighting' | 'network' | 'gate'
  /** What is the matter and what to do. */
  sentence: string
}

/** What the agents had counted before the upload. */
export type Before = { records: number; flows: number; unattributed: number }

/** Sums over connected agents. */
export function countersOf(devices: readonly DeviceInfo[]): Before {
  const live = devices.filter((one) => one.connected).flatMap((one) => one.live ?? [])
  return {
    records: live.reduce((sum, one) => sum + one.records, 0),
    flows: live.reduce((sum, one) => sum + one.flows, 0),
    unattributed: live.reduce((sum, one) => sum + one.unattributedFlows, 0),
  }
}

const MIB = 2 ** 20
/** Out of a pair before an unsigned or ad-hoc program can raise an alert, unless nothing came back. */
const FLOOR_BYTES = MIB

/** Why no alert came, from what is there to be seen: the first link of the chain that is missing. */
export function whereItStopped(
  devices: readonly DeviceInfo[],
  before: Before,
  identity: IdentitySummary | undefined,
  sent: {
    bytes: number
    silent: boolean
    loopback: boolean
    /** Why this machine's agent reports nothing, as it says itself; undefined: it does, or nobody answers. */
    unsent: string | undefined
    commands: Pick<Commands, 'status' | 'agent'>
  },
): Stop {
  const connected = devices.filter((one) => one.connected)
  // It comes and goes while its collector stores nothing.
  if (!identity && sent.unsent !== undefined)
    return {
      at: 'collector',
      sentence: `the agent of this machine says: ${sent.unsent.replace(/\.$/, '')}`,
    }
  if (connected.length === 0)
    return {
      at: 'agent',
      sentence: `no agent is connected to the collector: ${sent.commands.status} says why one that runs is not; where none runs, start ${sent.commands.agent}`,
    }
  const degraded = connected.map((one) => one.live?.degraded ?? '').find((text) => text !== '')
  const also = degraded ? ` The agent says: ${degraded}` : ''
  const now = countersOf(connected)
  if (now.records <= before.records && !identity)
    return {
      at: 'records',
      sentence: `the agent is connected but has read no record since the upload began (${now.records} in all): its sense process does not run, or is still starting.${also}`,
    }
  if (now.flows <= before.flows && !identity)
    return {
      at: 'flows',
      sentence: `the agent sees this machine's processes but no new flow (${now.flows} in all): its flow source does not work.${also}`,
    }
  if (!identity)
    return {
      at: 'sighting',
      sentence: `the agent counted ${counted(now.flows - before.flows, 'flow')} meanwhile but never reported this program: its start was not seen, or its file not inspected.${also}`,
    }
  const unattributed = now.unattributed - before.unattributed
  if (identity.firstNetworkAt === '0' && unattributed > 0)
    return {
      at: 'network',
      sentence: `the program was seen, and so ${unattributed === 1 ? 'was a flow' : `were ${unattributed} flows`} whose program this agent could not tell: who made a flow is known in full only to an agent that runs as root.${also}`,
    }
  if (identity.firstNetworkAt === '0')
    return {
      at: 'network',
      sentence: sent.loopback
        ? `the program was seen but its flow was left out: loopback counts only where the policy includes it: stop the agent and start ${sent.commands.agent}, or send elsewhere with \`--to\`.${also}`
        : `the program was seen but no flow was attributed to it.${also}`,
    }
  const small =
    sent.bytes < FLOOR_BYTES && !sent.silent
      ? `; ${sent.bytes} B are under the floor of ${FLOOR_BYTES} B for a program without a signature`
      : ''
  return {
    at: 'gate',
    sentence: `the program and its flow were seen, but the gate was not crossed: it wants novelty, one-sidedness (out against in) or no response, and volume${small}. An exception of the policy would also hold it back.${also}`,
  }
}
