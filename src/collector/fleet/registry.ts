// Which devices may come, by which certificates, and the tokens that let new ones in. Kept in memory whole, written through
// to its file, and read again when a command of this machine has written to it.
import { createHash, randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { counted } from '../../engine/sentence.ts'
import { commandThere } from '../../hint.ts'
import { ENROLMENT_TOKEN_PREFIX } from '../../stream/message.ts'
import type { UnixNs } from '../../units.ts'
import { forgetLocal, isLocal, ofThisMachine } from './local-ids.ts'
import {
  type Candidate,
  type Certificate,
  certificateOf,
  type DatabaseRow,
  deviceOf,
  type EnrolledDevice,
  mayComeAgain,
  type Token,
  type TokenWanted,
  tokenOf,
} from './registry-rows.ts'

export type { Candidate, EnrolledDevice, Standing, Token } from './registry-rows.ts'

/** Why somebody may not come in or enrol: `code` is part of the protocol. */
export type RefusalCode =
  | 'token-unknown'
  | 'token-revoked'
  | 'token-expired'
  | 'token-used-up'
  | 'hardware-known'
  | 'device-known'
  | 'certificate-missing'
  | 'certificate-unknown'
  | 'certificate-expired'
  | 'certificate-early'
  | 'certificate-revoked'
  | 'device-revoked'

export type Refused = { code: RefusalCode; error: string }
export const isRefused = (value: object): value is Refused => 'code' in value && 'error' in value

const refused = (code: RefusalCode, error: string): Refused => ({ code, error })

const TOKEN_BYTES = 24

export class Registry {
  readonly #db: DatabaseSync
  #dataVersion = -1
  #revision = 0
  readonly #devices = new Map<string, EnrolledDevice>()
  readonly #certificates = new Map<string, Certificate>()
  readonly #tokens = new Map<number, Token>()
  readonly #ofDevice = new Map<string, string[]>()
  /** Ids of tokens by their hash, of devices by their hardware. */
  readonly #byHash = new Map<string, number>()
  readonly #byHardware = new Map<string, Set<string>>()

  /** `database` is open, as openRegistryFile opens it; it is closed by `close`. */
  constructor(database: DatabaseSync) {
    this.#db = database
    this.refresh()
  }

  /** Reads what another process has written since. Returns whether there was anything. */
  refresh(): boolean {
    const version = Number(this.#db.prepare('PRAGMA data_version').get()?.['data_version'])
    if (version === this.#dataVersion) return false
    this.#load()
    this.#dataVersion = version
    this.#revision++
    return true
  }

  /** Another number where `refresh`, whoever called it, has read something since. */
  get revision(): number {
    return this.#revision
  }

  close(): void {
    this.#db.close()
  }

  /** The newest first. */
  tokens(): Token[] {
    return [...this.#tokens.values()].reverse()
  }

  devices(): EnrolledDevice[] {
    return [...this.#devices.values()]
  }

  device(id: string): EnrolledDevice | undefined {
    return this.#devices.get(id)
  }

  /** The secret is told once: only its hash is kept. */
  makeToken(wanted: TokenWanted, now: UnixNs): { token: Token; secret: string } {
    const secret = ENROLMENT_TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO token VALUES (NULL, ?, ?, ?, ?, 0, ?, ?, NULL)')
      .run(
        hashOf(secret),
        wanted.label,
        wanted.group,
        wanted.usesMax ?? null,
        now,
        wanted.expiresAt ?? null,
      )
    this.#load()
    return {
      token: this.tokens().find(({ id }) => id === Number(lastInsertRowid)) as Token,
      secret,
    }
  }

  /** Returns whether there is such a token. What came in by it stays. */
  revokeToken(id: number, now: UnixNs): boolean {
    const { changes } = this.#db
      .prepare('UPDATE token SET revoked_ns = ifnull(revoked_ns, ?) WHERE id = ?')
      .run(now, id)
    this.#readToken(id)
    return changes > 0
  }

  /**
   * Whether a device may be given a certificate for a token: asked before one is made, and again by `enrol`. Of a hardware
   * that is known nobody may come as another, or again, by a token alone: a token in a profile is everybody's on that machine.
   */
  mayEnrol(secret: string, candidate: Candidate, now: UnixNs): Refused | undefined {
    const token = this.#tokenOf(secret)
    if (!token)
      return refused('token-unknown', 'the collector has made no such token, or has removed it')
    if (token.revokedAt !== undefined)
      return refused('token-revoked', `the token "${token.label}" was revoked`)
    if (token.expiresAt !== undefined && token.expiresAt <= now)
      return refused('token-expired', `the token "${token.label}" has expired`)
    const { deviceId, hardware, provenId } = candidate
    const known = this.#devices.get(deviceId)
    const isAgain = known !== undefined && mayComeAgain(known, candidate)
    if (known && !isAgain)
      return refused(
        'device-known',
        `this device is enrolled: it comes again with its old key, or an administrator says ${commandThere('collector devices allow')}`,
      )
    if (isLocal(this.#db, deviceId)) return refused('device-known', ofThisMachine(deviceId))
    if (this.standsAgainst(hardware, deviceId, provenId) !== undefined)
      return refused(
        'hardware-known',
        `this hardware is enrolled as another device: it comes with that one’s key, or an administrator says ${commandThere('collector devices allow')}`,
      )
    if (!isAgain && token.usesMax !== undefined && token.uses >= token.usesMax)
      return refused(
        'token-used-up',
        `the token "${token.label}" was for ${counted(token.usesMax, 'device')}, and as many came`,
      )
    return undefined
  }

  /** Makes the device known with its first certificate, in one durable transaction; or says why not. */
  enrol(
    secret: string,
    candidate: Candidate,
    certificate: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
  ): EnrolledDevice | Refused {
    let no: Refused | undefined
    let changed: string[] = []
    transaction(this.#db, () => {
      this.refresh()
      no = this.mayEnrol(secret, candidate, now)
      if (!no) changed = this.#write(secret, candidate, certificate, now)
    })
    if (no) return no
    for (const id of changed) this.#readDevice(id)
    this.#readToken(this.#tokenOf(secret)?.id ?? 0)
    return this.#devices.get(candidate.deviceId) as EnrolledDevice
  }

  /** Another certificate of a device that is there; the old one holds until it ends by itself. */
  noteCertificate(
    deviceId: string,
    certificate: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
  ): void {
    transaction(this.#db, () => {
      // Those that have ended let nobody in any more.
      this.#db
        .prepare('DELETE FROM certificate WHERE device = ? AND not_after_ns <= ?')
        .run(deviceId, now)
      this.#insertCertificate(deviceId, certificate, now)
    })
    this.#readDevice(deviceId)
  }

  /** Says since when more than one machine has its certificate; undefined: none has any more. */
  share(id: string, at: UnixNs | undefined): void {
    this.#db.prepare('UPDATE device SET shared_ns = ? WHERE id = ?').run(at ?? null, id)
    this.#readDevice(id)
  }

  /** A device but `ids` that has this hardware, and is neither revoked nor allowed to enrol again. */
  standsAgainst(hardware: string, ...ids: (string | undefined)[]): string | undefined {
    // Of hardware that has no name nothing is known.
    for (const other of (hardware !== '' && this.#byHardware.get(hardware)) || []) {
      const { standing, mayEnrolAgain } = this.#devices.get(other) as EnrolledDevice
      if (!ids.includes(other) && standing !== 'revoked' && !mayEnrolAgain) return other
    }
    return undefined
  }

  /** Another device into the group of `id`, quarantined; known already, it has one certificate more. `also` is of the same transaction. */
  addBeside(
    id: string,
    added: { id: string; hardware: string },
    certificate: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
    also: () => void,
  ): void {
    transaction(this.#db, () => {
      this.#db
        .prepare(
          "INSERT OR IGNORE INTO device SELECT ?, ?, device_group, '', '', 'quarantined', ?, NULL, 0, NULL FROM device WHERE id = ?",
        )
        .run(added.id, added.hardware, now, id)
      this.#insertCertificate(added.id, certificate, now)
      also()
    })
    this.#readDevice(added.id)
  }

  /** Whose certificate it is; or why it does not open. Reads nothing from the disk. */
  judge(fingerprint: string | undefined, now: UnixNs): EnrolledDevice | Refused {
    if (fingerprint === undefined)
      return refused(
        'certificate-missing',
        `agents show a certificate: ${commandThere('enroll')} gets one for a token`,
      )
    const certificate = this.#certificates.get(fingerprint)
    const device = certificate && this.#devices.get(certificate.deviceId)
    if (!certificate || !device)
      return refused(
        'certificate-unknown',
        `this collector has given no such certificate, or has forgotten the device: ${commandThere('enroll')} gets one for a token`,
      )
    if (device.standing === 'revoked')
      return refused('device-revoked', 'this device was revoked by an administrator')
    if (certificate.revokedAt !== undefined)
      return refused('certificate-revoked', 'this certificate was revoked')
    if (certificate.notAfter <= now)
      return refused(
        'certificate-expired',
        `this certificate has expired: ${commandThere('enroll')} gets another for a token`,
      )
    return device
  }

  /** Returns whether there is such a device. `mayEnrolAgain`: once, by any token. */
  change(
    id: string,
    to: Partial<Pick<EnrolledDevice, 'group' | 'name' | 'owner' | 'standing' | 'mayEnrolAgain'>>,
  ): boolean {
    const device = this.#devices.get(id)
    if (!device) return false
    const { group, name, owner, standing, mayEnrolAgain } = { ...device, ...to }
    this.#db
      .prepare(
        'UPDATE device SET device_group = ?, name = ?, owner = ?, standing = ?, may_enrol_again = ? WHERE id = ?',
      )
      .run(group, name, owner, standing, mayEnrolAgain ? 1 : 0, id)
    this.#readDevice(id)
    return true
  }

  /** Forgets the device and its certificates, or that it is of this machine. Returns whether there was such a device. */
  remove(id: string): boolean {
    const { changes } = this.#db.prepare('DELETE FROM device WHERE id = ?').run(id)
    this.#readDevice(id)
    return forgetLocal(this.#db, id) || changes > 0
  }

  #tokenOf(secret: string): Token | undefined {
    return this.#tokens.get(this.#byHash.get(hashOf(secret)) ?? 0)
  }

  /** Ids of the devices that it changed. REQUIRES: a transaction, and that it may. */
  #write(
    secret: string,
    { deviceId, hardware, provenId }: Candidate,
    certificate: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
  ): string[] {
    const token = this.#tokenOf(secret) as Token
    const known = this.#devices.get(deviceId)
    const changed = [deviceId]
    if (known) {
      // Whoever held the old key holds it no more, or is this very device.
      this.#db
        .prepare('UPDATE certificate SET revoked_ns = ? WHERE device = ? AND revoked_ns IS NULL')
        .run(now, deviceId)
      this.#db
        .prepare('UPDATE device SET hardware = ?, standing = ?, may_enrol_again = 0 WHERE id = ?')
        // Who comes by a token alone is to be looked at: it may have the id from somewhere.
        .run(hardware, provenId === deviceId ? known.standing : 'quarantined', deviceId)
    } else {
      this.#db
        .prepare("INSERT INTO device VALUES (?, ?, ?, '', '', ?, ?, ?, 0, NULL)")
        .run(deviceId, hardware, token.group, 'quarantined', now, token.id)
      this.#db.prepare('UPDATE token SET uses = uses + 1 WHERE id = ?').run(token.id)
      // A person allowed this hardware to come again, once.
      for (const id of this.#byHardware.get(hardware) ?? []) {
        if (hardware === '' || id === provenId) continue
        this.#db.prepare('UPDATE device SET may_enrol_again = 0 WHERE id = ?').run(id)
        changed.push(id)
      }
    }
    this.#insertCertificate(deviceId, certificate, now)
    return changed
  }

  #insertCertificate(
    deviceId: string,
    { fingerprint, notAfter }: { fingerprint: string; notAfter: UnixNs },
    now: UnixNs,
  ): void {
    this.#db
      .prepare('INSERT INTO certificate VALUES (?, ?, ?, ?, NULL)')
      .run(fingerprint, deviceId, now, notAfter)
  }

  /** What was known stays where the file cannot be read. */
  #load(): void {
    const tokens = this.#rows('SELECT * FROM token ORDER BY id')
    const devices = this.#rows('SELECT * FROM device ORDER BY enrolled_ns')
    const certificates = this.#rows('SELECT * FROM certificate')
    for (const all of [this.#tokens, this.#byHash, this.#devices, this.#byHardware]) all.clear()
    for (const all of [this.#certificates, this.#ofDevice]) all.clear()
    for (const row of tokens) this.#takeToken(row)
    for (const row of devices) this.#takeDevice(row)
    for (const row of certificates) this.#takeCertificate(row)
  }

  #readToken(id: number): Token | undefined {
    for (const row of this.#rows('SELECT * FROM token WHERE id = ?', id)) this.#takeToken(row)
    return this.#tokens.get(id)
  }

  /** As it is in the file now; forgotten where it is there no more. */
  #readDevice(id: string): void {
    const before = this.#devices.get(id)
    if (before) this.#byHardware.get(before.hardware)?.delete(id)
    for (const fingerprint of this.#ofDevice.get(id) ?? []) this.#certificates.delete(fingerprint)
    this.#ofDevice.delete(id)
    const [row] = this.#rows('SELECT * FROM device WHERE id = ?', id)
    if (!row) {
      this.#devices.delete(id)
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

  #takeDevice(row: DatabaseRow): void {
    const device = deviceOf(row)
    this.#devices.set(device.id, device)
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

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
