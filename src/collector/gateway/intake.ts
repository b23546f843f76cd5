// From the items of a frame to what the store takes. An item that cannot be read is refused by its
// number and does not hold up the others.
import type { Alert, Finding } from '../../engine/finding.ts'
import {
  decodeItem,
  type Item,
  itemSequence,
  type Reject,
  refuseBeyondScales,
  StreamError,
} from '../../stream/codec.ts'
import { alertColumns, programText, type StoreItem, severityRank } from '../store/store.ts'
import { boundedReason } from './bounded.ts'

export type Intake = {
  items: StoreItem[]
  /** Of `items`, in the same order. */
  findings: Finding[]
  rejects: Reject[]
  /** Of all, refused ones included. */
  sequences: number[]
  /** The highest of them; 0 when there is none. */
  throughSequence: number
}

/**
 * Reads encoded items; `textOf` is `programText`, or remembers it. Throws StreamError malformed when not even the sequence of one can be read: then
 * there is no number to refuse it by.
 */
export function readItems(
  encoded: readonly Uint8Array[],
  textOf: (alert: Alert) => string = programText,
  deviceId = '',
): Intake {
  const intake: Intake = { items: [], findings: [], rejects: [], sequences: [], throughSequence: 0 }
  for (const body of encoded) {
    let sequence: number | undefined
    try {
      const item = decodeItem(body)
      sequence = item.sequence
      refuseBeyondScales(item.finding)
      intake.items.push(storeItem(item, body, textOf, deviceId))
      intake.findings.push(item.finding)
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      sequence = itemSequence(body)
      if (sequence === undefined)
        throw new StreamError('malformed', `an item without a sequence: ${error.message}`, {
          cause: error,
        })
      intake.rejects.push({ sequence, reason: boundedReason(error.message) })
    }
    intake.sequences.push(sequence)
    intake.throughSequence = Math.max(intake.throughSequence, sequence)
  }
  return intake
}

function storeItem(
  { id, sequence, finding }: Item,
  body: Uint8Array,
  textOf: (alert: Alert) => string,
  deviceId: string,
): StoreItem {
  const common = { uid: id, sequence }
  switch (finding.kind) {
    case 'alert': {
      const { alert } = finding
      return {
        ...common,
        kind: 'alert',
        alertId: alert.id,
        revision: alert.revision,
        severity: severityRank(alert.severity),
        ...alertColumns(alert, textOf, deviceId),
        body,
      }
    }
    case 'sighting': {
      const { of, identity, destination } = finding.sighting
      const networkAt = identity.firstNetworkAt ?? (of === 'network' ? finding.at : 0n)
      return {
        ...common,
        kind: 'sighting',
        identity: { key: identity.key, name: identity.name, path: identity.path },
        firstSeenAt: identity.firstSeenAt,
        firstNetworkAt: networkAt,
        destination: destination?.key,
        at: finding.at,
        body,
      }
    }
    case 'summary': {
      const { summary } = finding
      return {
        ...common,
        kind: 'summary',
        identityKey: summary.identityKey,
        destination: summary.destination.key,
        hourAt: summary.hourAt,
        bytesOut: summary.bytesOut,
        bytesIn: summary.bytesIn,
        flows: summary.flows,
        largestFlowOut: summary.largestFlowOut,
      }
    }
    case 'health': {
      const { of, text, count, since = 0n, about = '', programs = [] } = finding.health
      const apart = programs.length === 0 ? '' : JSON.stringify(programs)
      return { ...common, kind: 'health', at: finding.at, of, text, count, since, about, apart }
    }
    default:
      return finding satisfies never
  }
}
