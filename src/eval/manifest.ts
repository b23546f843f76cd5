// What an evaluation is told of its captures and logs: which flows are attacks, and what was tuned on. Pure.

export type Label = 'benign' | 'attack'

/** Classes that an evaluation may give to the programs of a row, as a Mac would; `acting`: for another, by its parent. */
export const ASSIGNED_SIGNERS = [
  'unsigned',
  'adhoc',
  'developer-id',
  'notarized',
  'app-store',
  'platform',
  'acting',
] as const
export type AssignedSigner = (typeof ASSIGNED_SIGNERS)[number]

export type Manifest = { version: 1; about: string; rows: ManifestRow[] }

export type ManifestRow = {
  /** Unique in its manifest: small letters, digits, dashes. */
  name: string
  /** From the manifest's folder. */
  file: string
  source: 'capture' | 'zeek'
  /** Of a Zeek log: the address of the host that it is about, and its ssl log. */
  host?: string
  ssl?: string
  /** attack where a group of `flows` is one. */
  label: Label
  /** What was done; rows of one share it. */
  workload: string
  /** What sort of doing that is: backup, chat, drip. */
  kind: string
  about: string
  /** Whether its program was first executed in the file, or long before by the baseline in it. */
  novelty: 'new' | 'known'
  /** Whether numbers of a detector were chosen by it. */
  tunedOn: boolean
  /** Empty: the class is what the file says. */
  signers: AssignedSigner[]
  /** By address, what the programs called it: sources without host names have none in their records. */
  names: Record<string, string>
  /** The truth, complete: every flow is of the first group that matches it. */
  flows: FlowGroup[]
}

export type FlowGroup = {
  label: Label
  /** Path of the program that had the flow last; empty: any. */
  program: string
  /** Path of the script that it ran; empty: none. */
  script: string
  direction: 'outbound' | 'inbound' | 'unknown'
  protocol: 'tcp' | 'udp'
  /** An address, or a range as 198.18.0.0/15; empty: sums of what was sent without flows that are told (`unseen` records). */
  remote: string
  /** First and last: of the remote side, where it was connected to, else of this one. */
  ports: [number, number]
  flowCount: number
  bytesOut: number
  bytesIn: number
}

/** A manifest that cannot be used; the message names the row and the field. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
}

/** Throws ManifestError. What it does not know is refused, so that a field that is misspelt is found. */
export function readManifest(text: string): Manifest {
  const given = fields(parsed(text), 'the manifest', ['version', 'about', 'rows'])
  if (given['version'] !== 1) throw new ManifestError('the manifest: version is not 1')
  const rows = list(given, 'rows', 'the manifest').map(rowFrom)
  const names = new Set<string>()
  for (const { name } of rows) {
    if (names.has(name)) throw new ManifestError(`two rows are called ${name}`)
    names.add(name)
  }
  return { version: 1, about: string(given, 'about', 'the manifest'), rows }
}

const ROW_FIELDS = [
  ...['name', 'file', 'source', 'host', 'ssl', 'label', 'workload', 'kind', 'about'],
  ...['novelty', 'tunedOn', 'signers', 'names', 'flows'],
]
const GROUP_FIELDS = [
  ...['label', 'program', 'script', 'direction', 'protocol', 'remote', 'ports'],
  ...['flowCount', 'bytesOut', 'bytesIn'],
]

function rowFrom(value: unknown, index: number): ManifestRow {
  const unnamed = `row ${index + 1}`
  const given = fields(value, unnamed, ROW_FIELDS)
  const name = string(given, 'name', unnamed)
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name))
    throw new ManifestError(`${unnamed}: name is not of small letters, digits and dashes`)
  const where = `row ${name}`
  const row: ManifestRow = {
    name,
    file: string(given, 'file', where),
    source: oneOf(given, 'source', where, ['capture', 'zeek']),
    label: oneOf(given, 'label', where, ['benign', 'attack']),
    workload: string(given, 'workload', where),
    kind: string(given, 'kind', where),
    about: string(given, 'about', where),
    novelty: oneOf(given, 'novelty', where, ['new', 'known']),
    tunedOn: given['tunedOn'] === true,
    signers: list(given, 'signers', where).map((signer) =>
      oneOf({ signer }, 'signer', where, ASSIGNED_SIGNERS),
    ),
    names: namesFrom(given['names'], where),
    flows: list(given, 'flows', where).map((group, at) =>
      groupFrom(group, `${where}, flows ${at}`),
    ),
  }
  if (typeof given['tunedOn'] !== 'boolean')
    throw new ManifestError(`${where}: tunedOn is neither true nor false`)
  if (/^\/|(^|\/)\.\.(\/|$)/.test(row.file) && row.source === 'capture')
    throw new ManifestError(`${where}: file leads out of the manifest's folder`)
  if (given['host'] !== undefined) row.host = string(given, 'host', where)
  if (given['ssl'] !== undefined) row.ssl = string(given, 'ssl', where)
  const isAttack = row.flows.some(({ label }) => label === 'attack')
  if (isAttack !== (row.label === 'attack'))
    throw new ManifestError(`${where}: label is ${row.label}, its flows say otherwise`)
  return row
}

function groupFrom(value: unknown, where: string): FlowGroup {
  const given = fields(value, where, GROUP_FIELDS)
  const [first, last, ...more] = list(given, 'ports', where)
  const ports: [number, number] = [
    whole({ first }, 'first', `${where}: ports`),
    whole({ last }, 'last', `${where}: ports`),
  ]
  if (more.length > 0 || ports[0] > ports[1] || ports[1] > 65_535)
    throw new ManifestError(`${where}: ports are not a first and a last one`)
  return {
    label: oneOf(given, 'label', where, ['benign', 'attack']),
    program: string(given, 'program', where),
    script: string(given, 'script', where),
    direction: oneOf(given, 'direction', where, ['outbound', 'inbound', 'unknown']),
    protocol: oneOf(given, 'protocol', where, ['tcp', 'udp']),
    remote: string(given, 'remote', where),
    ports,
    flowCount: whole(given, 'flowCount', where),
    bytesOut: whole(given, 'bytesOut', where),
    bytesIn: whole(given, 'bytesIn', where),
  }
}

function namesFrom(value: unknown, where: string): Record<string, string> {
  const given = fields(value, `${where}: names`)
  return Object.fromEntries(
    Object.keys(given).map((address) => [address, string(given, address, `${where}: names`)]),
  )
}

type Fields = Record<string, unknown>

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ManifestError('the manifest is no JSON', { cause })
  }
}

function fields(value: unknown, where: string, known?: readonly string[]): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ManifestError(`${where} is no object`)
  const stranger = known && Object.keys(value).find((name) => !known.includes(name))
  if (stranger !== undefined)
    throw new ManifestError(`${where}: there is no field ${JSON.stringify(stranger)}`)
  return value as Fields
}

function list(given: Fields, name: string, where: string): unknown[] {
  const value = given[name]
  if (!Array.isArray(value)) throw new ManifestError(`${where}: ${name} is no list`)
  return value
}

function string(given: Fields, name: string, where: string): string {
  const value = given[name]
  if (typeof value !== 'string') throw new ManifestError(`${where}: ${name} is no text`)
  return value
}

function oneOf<T extends string>(
  given: Fields,
  name: string,
  where: string,
  known: readonly T[],
): T {
  const value = known.find((one) => one === given[name])
  if (value === undefined)
    throw new ManifestError(`${where}: ${name} is none of ${known.join(', ')}`)
  return value
}

function whole(given: Fields, name: string, where: string): number {
  const value = given[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new ManifestError(`${where}: ${name} is no whole number`)
  return value
}
