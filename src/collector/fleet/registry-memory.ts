// The rows of the registry in memory, whole, so that who comes is judged without the disk: read at once, or one by one as
// they change.
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { Waiting } from './newcomers.ts'
import {
  type Certificate,
  certificateOf,
  type DatabaseRow,
  deviceOf,
  type EnrolledDevice,
  type Token,
  tokenOf,
} from './registry-rows.ts'

export class RegistryMemory {
  readonly #db: DatabaseSync
  readonly #devices = new Map<string, EnrolledDevice>()
  readonly #certificates = new Map<string, Certificate>()
  readonly #tokens = new Map<number, Token>()
  readonly #ofDevice = new Map<string, string[]>()
  /** Ids of tokens by their hash, of devices by their hardware. */
  readonly #byHash = new Map<string, number>()
  readonly #byHardware = new Map<string, Set<string>>()
  /** The quarantined, by the token that they came by; 0: by none. */
  readonly #waiting = new Map<number, Map<string, EnrolledDevice>>()
  #waitingSize = 0

  /** `database`: as openRegistryFile opens it. Nothing is read yet. */
  constructor(database: DatabaseSync) {
    this.#db = database
  }

  /** By their ids, in the order in which they enrolled. */
  get devices(): ReadonlyMap<string, EnrolledDevice> {
    return this.#devices
  }

  /** Counted as they come: a look through all of them takes milliseconds. */
  waiting(token: number): Waiting {
    return { size: this.#waitingSize, byToken: this.#waiting.get(token) ?? new Map() }
  }

  /** By their fingerprints. */
  get certificates(): ReadonlyMap<string, Certificate> {
    return this.#certificates
  }

  /** By their ids, in the order in which they were made. */
  get tokens(): ReadonlyMap<number, Token> {
    return this.#tokens
  }

  /** Of one device. */
  *certificatesOf(deviceId: string): Generator<Certificate> {
    for (const fingerprint of this.#ofDevice.get(deviceId) ?? [])
      yield this.#certificates.get(fingerprint) as Certificate
  }

  /** Those that have it; of hardware that has no name nothing is known. */
  *devicesOf(hardware: string): Generator<EnrolledDevice> {
    for (const id of (hardware !== '' && this.#byHardware.get(hardware)) || [])
      yield this.#devices.get(id) as EnrolledDevice
  }

  tokenOf(secret: string): Token | undefined {
    return this.#tokens.get(this.#byHash.get(hashOf(secret)) ?? 0)
  }

  /** All anew. What was known stays where the file cannot be read. */
  load(): void {
    const tokens = this.#rows('SELECT * FROM token ORDER BY id')
    const devices = this.#rows('SELECT * FROM device ORDER BY enrolled_ns')
    const certificates = this.#rows('SELECT * FROM certificate')
    for (const all of [this.#tokens, this.#byHash, this.#devices, this.#byHardware]) all.clear()
    for (const all of [this.#certificates, this.#ofDevice, this.#waiting]) all.clear()
    this.#waitingSize = 0
    for (const row of tokens) this.#takeToken(row)
    for (const row of devices) this.#takeDevice(row)
    for (const row of certificates) this.#takeCertificate(row)
  }

  readToken(id: number): void {
    for (const row of this.#rows('SELECT * FROM token WHERE id = ?', id)) this.#takeToken(row)
  }

  /** As it is in the file now; forgotten where it is there no more. */
  readDevice(id: string): void {
    const before = this.#devices.get(id)
    if (before) this.#leaveHardware(before)
    for (const fingerprint of this.#ofDevice.get(id) ?? []) this.#certificates.delete(fingerprint)
    this.#ofDevice.delete(id)
    const [row] = this.#rows('SELECT * FROM device WHERE id = ?', id)
    if (!row) {
      this.#devices.delete(id)
      if (before) this.#leaveWaiting(before)
      return
    }
    this.#takeDevice(row)
    for (const one of this.#rows('SELECT * FROM certificate WHERE device = ?', id))
      this.#takeCertificate(one)
  }

  #rows(sql: string, ...values: (string | number)[]): DatabaseRow[] {
    const statement = this.#db.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all(...values)
  }

  #takeToken(row: DatabaseRow): void {
    const token = tokenOf(row)
    this.#tokens.set(token.id, token)
    this.#byHash.set(`${row['hash']}`, token.id)
  }

  /** Who invents devices names other hardware each time: what nobody has is not kept. */
  #leaveHardware({ id, hardware }: EnrolledDevice): void {
    const beside = this.#byHardware.get(hardware)
    beside?.delete(id)
    if (beside?.size === 0) this.#byHardware.delete(hardware)
  }

  /** Where it is there already it stays in its place. */
  #joinWaiting(device: EnrolledDevice): void {
    const beside = this.#waiting.get(device.token ?? 0) ?? new Map<string, EnrolledDevice>()
    if (!beside.has(device.id)) this.#waitingSize++
    this.#waiting.set(device.token ?? 0, beside.set(device.id, device))
  }

  #leaveWaiting({ id, token = 0 }: EnrolledDevice): void {
    const beside = this.#waiting.get(token)
    if (beside?.delete(id)) this.#waitingSize--
    if (beside?.size === 0) this.#waiting.delete(token)
  }

  #takeDevice(row: DatabaseRow): void {
    const device = deviceOf(row)
    const before = this.#devices.get(device.id)
    if (before && (before.standing !== device.standing || before.token !== device.token))
      this.#leaveWaiting(before)
    this.#devices.set(device.id, device)
    if (device.standing === 'quarantined') this.#joinWaiting(device)
    const beside = this.#byHardware.get(device.hardware)
    if (beside) beside.add(device.id)
    else this.#byHardware.set(device.hardware, new Set([device.id]))
  }

  #takeCertificate(row: DatabaseRow): void {
    const certificate = certificateOf(row)
    this.#certificates.set(certificate.fingerprint, certificate)
    const beside = this.#ofDevice.get(certificate.deviceId)
    if (beside) beside.push(certificate.fingerprint)
    else this.#ofDevice.set(certificate.deviceId, [certificate.fingerprint])
  }
}

/** As the registry keeps a token. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
