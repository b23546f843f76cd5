// The JSON bodies of a capture: what it is of, what is missing in it, how it ended.
import type { HostFacts } from '../host/machine.ts'
import { type UnixNs, unixNs } from '../units.ts'

/** Begins a segment: one run of an engine, on the baseline that follows. */
export type CaptureHeader = {
  /** Version of the program that wrote it. */
  version: string
  /** LAYOUT of its records. */
  layout: number
  /** REFERENCE_HASH of the engine that ran live. Absent in captures of earlier versions, and where none ran. */
  reference?: string
  /** Part of every alert's id. UUID in lower case. */
  deviceId: string
  host: HostFacts
  startedAt: UnixNs
  /** Empty, or who made it up and how: no machine ever did what is in it. */
  synthetic: string
  /** Rows of the baseline blocks that follow. */
  baseline: { identities: number; destinations: number; alerts: number }
}

/** Records that the recorder had and could not write. */
export type CaptureGap = { bytes: number; reason: string }

/** Ends a segment in good order. */
export type CaptureEnd = {
  endedAt: UnixNs
  /** Bytes of records, those of gaps left out. */
  recordBytes: number
  gapBytes: number
  /** Alert findings, revisions included. */
  alerts: number
  /** Of all of them, as alert-digest makes it: what a replay must find too. Empty when there was no live run. */
  digest: string
}

/** A body that is not what its kind says; the message says what is wrong. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError'
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })

export const documentBytes = (document: CaptureHeader | CaptureGap | CaptureEnd): Uint8Array =>
  encoder.encode(
    JSON.stringify(document, (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}` : value,
    ),
  )

/** Throws DocumentError. */
export function readHeader(body: Uint8Array): CaptureHeader {
  const given = parse(body)
  const host = fields(given['host'], 'host')
  const baseline = fields(given['baseline'], 'baseline')
  const deviceId = text(given, 'deviceId')
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(deviceId))
    throw new DocumentError('deviceId is no UUID in lower case')
  return {
    version: text(given, 'version'),
    layout: whole(given, 'layout'),
    ...(given['reference'] === undefined ? {} : { reference: text(given, 'reference') }),
    deviceId,
    host: {
      hostname: text(host, 'hostname'),
      os: text(host, 'os'),
      osVersion: text(host, 'osVersion'),
      osBuild: text(host, 'osBuild'),
      hardware: text(host, 'hardware'),
      arch: text(host, 'arch'),
      bootId: text(host, 'bootId'),
    },
    startedAt: time(given, 'startedAt'),
    synthetic: text(given, 'synthetic'),
    baseline: {
      identities: whole(baseline, 'identities'),
      destinations: whole(baseline, 'destinations'),
      alerts: whole(baseline, 'alerts'),
    },
  }
}

/** Throws DocumentError. */
export function readGap(body: Uint8Array): CaptureGap {
  const given = parse(body)
  return { bytes: whole(given, 'bytes'), reason: text(given, 'reason') }
}

/** Throws DocumentError. */
export function readEnd(body: Uint8Array): CaptureEnd {
  const given = parse(body)
  return {
    endedAt: time(given, 'endedAt'),
    recordBytes: whole(given, 'recordBytes'),
    gapBytes: whole(given, 'gapBytes'),
    alerts: whole(given, 'alerts'),
    digest: text(given, 'digest'),
  }
}

type Fields = Record<string, unknown>
const TEXT_CHARS_MAX = 4096

function parse(body: Uint8Array): Fields {
  try {
    return fields(JSON.parse(decoder.decode(body)), 'the document')
  } catch (cause) {
    if (cause instanceof DocumentError) throw cause
    throw new DocumentError('it is no JSON', { cause })
  }
}

function fields(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DocumentError(`${name} is no object`)
  return value as Fields
}

function text(given: Fields, name: string): string {
  const value = given[name]
  if (typeof value !== 'string' || value.length > TEXT_CHARS_MAX)
    throw new DocumentError(`${name} is no text of at most ${TEXT_CHARS_MAX} characters`)
  return value
}

function whole(given: Fields, name: string): number {
  const value = given[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new DocumentError(`${name} is no whole number`)
  return value
}

function time(given: Fields, name: string): UnixNs {
  const value = given[name]
  try {
    if (typeof value === 'string' && /^\d{1,19}$/.test(value)) return unixNs(BigInt(value), name)
  } catch {
    // Above 2^63.
  }
  throw new DocumentError(`${name} is no time in ns`)
}
