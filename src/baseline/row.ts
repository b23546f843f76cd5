// The baseline a row at a time, and each row as one line of JSON: what a capture begins with.
import { bytes, type UnixNs, unixNs } from '../units.ts'
import {
  type Baseline,
  FACTS,
  type Fact,
  type SignerClass,
  type StoredAlert,
  type StoredDestination,
  type StoredIdentity,
} from './baseline.ts'
import type { CarriedFlow, CarriedPair, CarriedProcess, CarriedScript } from './carried.ts'
import { BaselineError } from './error.ts'
import type { StoredHeld } from './held.ts'
import { hourSumOf, type StoredSum, SUM_HOURS } from './sums.ts'

export type BaselineRow =
  | { kind: 'born'; at: UnixNs }
  | { kind: 'fact'; name: Fact; value: bigint }
  | { kind: 'identity'; identity: StoredIdentity }
  | { kind: 'destination'; destination: StoredDestination }
  | { kind: 'alert'; alert: StoredAlert }
  | { kind: 'held'; held: StoredHeld }
  | { kind: 'sum'; sum: StoredSum }
  | { kind: 'carried_boot'; boot: bigint }
  | { kind: 'carried_flow'; flow: CarriedFlow }
  | { kind: 'carried_pair'; pair: CarriedPair }
  | { kind: 'carried_process'; process: CarriedProcess }

const SIGNERS: Record<SignerClass, true> = {
  platform: true,
  app_store: true,
  notarized: true,
  developer_id: true,
  unknown: true,
  adhoc: true,
  unsigned: true,
  invalid: true,
}

/** A line without its newline. Nanoseconds are decimal strings, as JSON has no integers of 64 bits; no history is none. */
export const rowToJson = (row: BaselineRow): string =>
  JSON.stringify(row, (name, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : name === 'history' && value === '' ? undefined : value,
  )

/** Throws BaselineError ('malformed') on what `rowToJson` does not write. */
export function rowFromJson(line: string): BaselineRow {
  try {
    const row = asFields(JSON.parse(line), 'row')
    switch (row['kind']) {
      case 'born':
        return { kind: 'born', at: time(row, 'at') }
      case 'fact': {
        const name = FACTS.find((known) => known === row['name'])
        if (name === undefined) throw new SyntaxError(`there is no fact ${String(row['name'])}`)
        return { kind: 'fact', name, value: wide(row, 'value') }
      }
      case 'identity':
        return { kind: 'identity', identity: identityFrom(asFields(row['identity'], 'identity')) }
      case 'destination': {
        const given = asFields(row['destination'], 'destination')
        return {
          kind: 'destination',
          destination: {
            identityKey: text(given, 'identityKey'),
            destinationKey: text(given, 'destinationKey'),
            firstAt: time(given, 'firstAt'),
            lastAt: time(given, 'lastAt'),
          },
        }
      }
      case 'alert':
        return { kind: 'alert', alert: alertFrom(asFields(row['alert'], 'alert')) }
      case 'held': {
        const given = asFields(row['held'], 'held')
        return { kind: 'held', held: { pair: text(given, 'pair'), state: text(given, 'state') } }
      }
      case 'sum':
        return { kind: 'sum', sum: sumFrom(asFields(row['sum'], 'sum')) }
      case 'carried_boot':
        return { kind: 'carried_boot', boot: wide(row, 'boot') }
      case 'carried_flow':
        return { kind: 'carried_flow', flow: carriedFlowFrom(asFields(row['flow'], 'flow')) }
      case 'carried_pair':
        return { kind: 'carried_pair', pair: carriedPairFrom(asFields(row['pair'], 'pair')) }
      case 'carried_process':
        return {
          kind: 'carried_process',
          process: processFrom(asFields(row['process'], 'process')),
        }
      default:
        throw new SyntaxError(`there are no rows of kind ${String(row['kind'])}`)
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new BaselineError('malformed', `a row of a baseline: ${why}`, { cause })
  }
}

/** Puts a row; it becomes durable with the baseline's next commit. */
export function putRow(baseline: Baseline, row: BaselineRow): void {
  switch (row.kind) {
    case 'born':
      baseline.setBornAt(row.at)
      return
    case 'fact':
      baseline.putFact(row.name, row.value)
      return
    case 'identity':
      baseline.putIdentity(row.identity)
      return
    case 'destination':
      baseline.putDestination(row.destination)
      return
    case 'alert':
      baseline.putAlert(row.alert)
      return
    case 'held':
      baseline.held.put(row.held)
      return
    case 'sum':
      baseline.sums.put(row.sum)
      return
    case 'carried_boot':
      baseline.carried.setBoot(row.boot)
      return
    case 'carried_flow':
      baseline.carried.putFlow(row.flow)
      return
    case 'carried_pair':
      baseline.carried.putPair(row.pair)
      return
    case 'carried_process':
      baseline.carried.putProcess(row.process)
      return
    default:
      row satisfies never
  }
}

function identityFrom(given: Fields): StoredIdentity {
  const signerClass = text(given, 'signerClass')
  if (!Object.hasOwn(SIGNERS, signerClass))
    throw new SyntaxError(`there is no signer class ${signerClass}`)
  return {
    key: text(given, 'key'),
    signerClass: signerClass as SignerClass,
    name: text(given, 'name'),
    path: text(given, 'path'),
    sha256: text(given, 'sha256'),
    signingId: text(given, 'signingId'),
    teamId: text(given, 'teamId'),
    cdhash: text(given, 'cdhash'),
    firstExecAt: time(given, 'firstExecAt'),
    firstNetworkAt:
      given['firstNetworkAt'] === undefined ? undefined : time(given, 'firstNetworkAt'),
    lastSeenAt: time(given, 'lastSeenAt'),
    daysActive: bytes(number(given, 'daysActive'), 'daysActive'),
    lastActiveDay: number(given, 'lastActiveDay'),
    history: given['history'] === undefined ? '' : text(given, 'history'),
  }
}

function alertFrom(given: Fields): StoredAlert {
  return {
    id: text(given, 'id'),
    identityKey: text(given, 'identityKey'),
    destinationKey: text(given, 'destinationKey'),
    state: text(given, 'state'),
    bytesOut: bytes(number(given, 'bytesOut'), 'bytesOut'),
    bytesIn: bytes(number(given, 'bytesIn'), 'bytesIn'),
    openedAt: time(given, 'openedAt'),
    updatedAt: time(given, 'updatedAt'),
  }
}

function sumFrom(given: Fields): StoredSum {
  const hours = given['hours']
  if (!Array.isArray(hours) || hours.length > SUM_HOURS) throw new SyntaxError('hours is no list')
  return {
    program: text(given, 'program'),
    destination: text(given, 'destination'),
    hours: hours.map((one: unknown) => {
      const { hour, hard, soft } = asFields(one, 'an hour')
      const sum = hourSumOf(hour, hard, soft)
      if (sum === undefined) throw new SyntaxError('an hour is no whole numbers')
      return sum
    }),
  }
}

function carriedFlowFrom(given: Fields): CarriedFlow {
  return {
    idLow: number(given, 'idLow'),
    idHigh: number(given, 'idHigh'),
    epoch: number(given, 'epoch'),
    bytesOut: bytes(number(given, 'bytesOut'), 'bytesOut'),
    bytesIn: bytes(number(given, 'bytesIn'), 'bytesIn'),
    // Exports of earlier versions lack them.
    sinceOut: bytes(number({ sinceOut: 0, ...given }, 'sinceOut'), 'sinceOut'),
    sinceIn: bytes(number({ sinceIn: 0, ...given }, 'sinceIn'), 'sinceIn'),
  }
}

function carriedPairFrom(given: Fields): CarriedPair {
  return {
    identityKey: text(given, 'identityKey'),
    destinationKey: text(given, 'destinationKey'),
    hourAt: time(given, 'hourAt'),
    destination: text(given, 'destination'),
    bytesOut: bytes(number(given, 'bytesOut'), 'bytesOut'),
    bytesIn: bytes(number(given, 'bytesIn'), 'bytesIn'),
    flows: number(given, 'flows'),
    largestFlowOut: bytes(number(given, 'largestFlowOut'), 'largestFlowOut'),
  }
}

const processFrom = (given: Fields): CarriedProcess => ({
  pid: number(given, 'pid'),
  beganNs: wide(given, 'beganNs'),
  dev: wide(given, 'dev'),
  ino: wide(given, 'ino'),
  path: text(given, 'path'),
  doubts: number(given, 'doubts'),
  script: scriptFrom(asFields(given['script'] ?? NOT_KEPT, 'script')),
  madeFor: given['madeFor'] === undefined ? '' : text(given, 'madeFor'),
})

/** Of a version that kept no script. */
const NOT_KEPT: CarriedScript = { path: '', dev: 0n, ino: 0n, from: -1, isClaimed: false }

const scriptFrom = (given: Fields): CarriedScript => ({
  path: text(given, 'path'),
  dev: wide(given, 'dev'),
  ino: wide(given, 'ino'),
  from: number(given, 'from'),
  isClaimed: given['isClaimed'] === true,
})

type Fields = Record<string, unknown>

function asFields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new SyntaxError(`${name} is no object`)
  return value as Fields
}

function text(given: Fields, name: string): string {
  const value = given[name]
  if (typeof value !== 'string') throw new SyntaxError(`${name} is no text`)
  return value
}

function number(given: Fields, name: string): number {
  const value = given[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value))
    throw new SyntaxError(`${name} is no whole number`)
  return value
}

function wide(given: Fields, name: string): bigint {
  const value = given[name]
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value))
    throw new SyntaxError(`${name} is no whole number`)
  return BigInt(value)
}

function time(given: Fields, name: string): UnixNs {
  const value = given[name]
  if (typeof value !== 'string' || !/^\d{1,19}$/.test(value))
    throw new SyntaxError(`${name} is no time in ns`)
  return unixNs(BigInt(value), name)
}
