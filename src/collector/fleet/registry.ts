// Which devices may come, by which certificates, and the tokens that let new ones in. Kept in memory whole, written through
// to its file, and read again when a command of this machine has written to it.
import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'
import { counted } from '../../engine/sentence.ts'
import { commandThere } from '../../hint.ts'
import { ENROLMENT_TOKEN_PREFIX } from '../../stream/message.ts'
import type { UnixNs } from '../../units.ts'
import { depart, noteReturned } from './departed.ts'
import { judgeCertificate } from './judge.ts'
import { forgetLocal, isLocal, ofThisMachine } from './local-ids.ts'
import { type Comer, givingWay, NEWCOMERS, type Newcomers } from './newcomers.ts'
import { enrolledAlready, isRefused, QUARANTINE_FULL, type Refused, refused } from './refusal.ts'
import { hashOf, RegistryMemory } from './registry-memory.ts'
import {
  type Candidate,
  type DeviceChange,
  type EnrolledDevice,
  type GivenCertificate,
  mayComeAgain,
  standingOnReturn,
  type Token,
  type TokenWanted,
} from './registry-rows.ts'

export { isRefused, type RefusalCode, type Refused } from './refusal.ts'
export type { Candidate, DeviceChange, EnrolledDevice, Standing, Token } from './registry-rows.ts'

const TOKEN_BYTES = 24
/** Of one key those given last are good: an answer that was lost is asked for again, not for ever. */
const OF_ONE_KEY_MAX = 4
/**
 * Rows of one device, of certificates that are good and of those that were replaced: each enrolment reads them. The agent has two
 * of them, each copy of its disk as many.
 */
const OF_ONE_DEVICE_MAX = 16

export class Registry {
  readonly #db: DatabaseSync
  #dataVersion = -1
  #revision = 0
  readonly #known: RegistryMemory
  readonly #newcomers: Newcomers

  /** `database` is open, as openRegistryFile opens it; it is closed by `close`. */
  constructor(database: DatabaseSync, newcomers: Newcomers = NEWCOMERS) {
    this.#db = database
    this.#newcomers = newcomers
    this.#known = new RegistryMemory(database)
    this.refresh()
  }

  /** Reads what another process has written since. Returns whether there was anything. */
  refresh(): boolean {
    const version = Number(this.#db.prepare('PRAGMA data_version').get()?.['data_version'])
    if (version === this.#dataVersion) return false
    this.#known.load()
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
    return [...this.#known.tokens.values()].reverse()
  }

  devices(): EnrolledDevice[] {
    return [...this.#known.devices.values()]
  }

  device(id: string): EnrolledDevice | undefined {
    return this.#known.devices.get(id)
  }

  /** The secret is told once: only its hash is kept. */
  makeToken(wanted: TokenWanted, now: UnixNs): { token: Token; secret: string } {
    const secret = ENROLMENT_TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
    const { label, group, usesMax = null, expiresAt = null } = wanted
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO token VALUES (NULL, ?, ?, ?, ?, 0, ?, ?, NULL)')
      .run(hashOf(secret), label, group, usesMax, now, expiresAt)
    this.#known.load()
    return { token: this.#known.tokens.get(Number(lastInsertRowid)) as Token, secret }
  }

  /** Returns whether there is such a token. What came in by it stays. */
  revokeToken(id: number, now: UnixNs): boolean {
    const { changes } = this.#db
      .prepare('UPDATE token SET revoked_ns = ifnull(revoked_ns, ?) WHERE id = ?')
      .run(now, id)
    this.#known.readToken(id)
    return changes > 0
  }

  /**
   * Whether a device may be given a certificate for a token: asked before one is made, and again by `enrol`. Of a hardware
   * that is known nobody may come as another, or again, by a token alone: a token in a profile is everybody's on that machine.
   */
  mayEnrol(secret: string, candidate: Candidate, now: UnixNs): Refused | undefined {
    const token = this.#known.tokenOf(secret)
    if (!token)
      return refused('token-unknown', 'the collector has made no such token, or has removed it')
    const { deviceId, hardware } = candidate
    const known = this.#known.devices.get(deviceId)
    const holdsKey = this.#holdsKey(candidate, now)
    const provenId = this.#provenId(candidate, now)
    const isAgain = known !== undefined && mayComeAgain(known, candidate, provenId)
    // It was let in by this very token, and only the answer did not come: what becomes of a token changes nothing of that.
    const isRepeated = isAgain && holdsKey && known.token === token.id
    if (!isRepeated && token.revokedAt !== undefined)
      return refused('token-revoked', `the token "${token.label}" was revoked`)
    if (!isRepeated && token.expiresAt !== undefined && token.expiresAt <= now)
      return refused('token-expired', `the token "${token.label}" has expired`)
    if (known && !isAgain) return enrolledAlready(known, hardware)
    if (isLocal(this.#db, deviceId)) return refused('device-known', ofThisMachine(deviceId))
    // Of twins, told apart by their boots, each comes again as itself.
    const isOnItsOwn = isAgain && known.hardware === hardware
    const holder = isOnItsOwn ? undefined : this.standsAgainst(hardware, deviceId, provenId)
    if (holder !== undefined)
      return {
        code: 'hardware-known',
        error: `this hardware is enrolled as another device: it comes with that one’s key, or as ${commandThere('collector refusals')} tells an administrator`,
        holder,
      }
    if (!isAgain && token.usesMax !== undefined && token.uses >= token.usesMax)
      return refused(
        'token-used-up',
        `the token "${token.label}" was for ${counted(token.usesMax, 'device')}, and as many came`,
      )
    return known || this.#givingWay(token.id, candidate) ? undefined : QUARANTINE_FULL
  }

  #depart(token: number, ids: readonly string[]): readonly string[] {
    return depart(this.#db, ids, token, this.#newcomers.isHeard)
  }

  #givingWay(token: number, comer: Comer): readonly string[] | undefined {
    return givingWay(this.#known.waiting(token), this.#newcomers, comer)
  }

  /** Makes the device known with its first certificate, in one durable transaction; or says why not. */
  enrol(
    secret: string,
    candidate: Candidate,
    certificate: Omit<GivenCertificate, 'key'>,
    now: UnixNs,
  ): EnrolledDevice | Refused {
    let no: Refused | undefined
    let changed: string[] = []
    let gone: readonly string[] = []
    const token = () => this.#known.tokenOf(secret) as Token
    transaction(this.#db, () => {
      this.refresh()
      no = this.mayEnrol(secret, candidate, now)
      if (no) return
      if (!this.#known.devices.has(candidate.deviceId))
        gone = this.#depart(token().id, this.#givingWay(token().id, candidate) ?? [])
      changed = this.#write(secret, candidate, certificate, now)
    })
    if (no) return no
    for (const id of changed) this.#known.readDevice(id)
    this.#tellGone(gone, token())
    this.#known.readToken(token().id)
    return this.#known.devices.get(candidate.deviceId) as EnrolledDevice
  }

  /**
   * Another certificate of the device that has the one with the fingerprint `by`, which holds until it ends by itself; or why
   * that one brings none.
   */
  noteCertificate(by: string, certificate: GivenCertificate, now: UnixNs): Refused | undefined {
    return this.#whileGood(by, now, ({ id }) => {
      this.#insertCertificate(id, certificate, now, by)
      return id
    })
  }

  /** Says since when more than one machine has its certificate; undefined: none has any more. */
  share(id: string, at: UnixNs | undefined): void {
    this.#db.prepare('UPDATE device SET shared_ns = ? WHERE id = ?').run(at ?? null, id)
    this.#known.readDevice(id)
  }

  /** A device but `ids` that has this hardware, and is neither revoked nor allowed to enrol again. */
  standsAgainst(hardware: string, ...ids: (string | undefined)[]): string | undefined {
    for (const { id, standing, mayEnrolAgain } of this.#known.devicesOf(hardware))
      if (!ids.includes(id) && standing !== 'revoked' && !mayEnrolAgain) return id
    return undefined
  }

  /**
   * Another device into the group of the one that has the certificate `by`, quarantined; known already, it has one certificate
   * more. Where that one waits to be admitted itself, both are of its token, and count there. `also` is of the same transaction, and first in it. Or why that certificate brings none.
   */
  addBeside(
    by: string,
    added: { id: string; hardware: string },
    certificate: GivenCertificate,
    now: UnixNs,
    also: () => void,
  ): Refused | undefined {
    let gone: readonly string[] = []
    let token: number | undefined
    const no = this.#whileGood(by, now, (of) => {
      token = of.standing === 'quarantined' ? of.token : undefined
      const isBound = token !== undefined && !this.#known.devices.has(added.id)
      const comer = { source: of.source, beside: of.id }
      const way = isBound ? this.#givingWay(token as number, comer) : []
      if (!way) return QUARANTINE_FULL
      also()
      gone = this.#depart(token ?? 0, way)
      this.#db
        .prepare(
          "INSERT OR IGNORE INTO device VALUES (?, ?, ?, '', '', 'quarantined', ?, ?, 0, NULL, ?, 0)",
        )
        .run(added.id, added.hardware, of.group, now, token ?? null, of.source)
      noteReturned(this.#db, added.id)
      this.#insertCertificate(added.id, certificate, now)
      return added.id
    })
    if (!no) this.#tellGone(gone, token === undefined ? undefined : this.#known.tokens.get(token))
    return no
  }

  /** Whose certificate it is; or why it does not open. Reads nothing from the disk. */
  judge(fingerprint: string | undefined, now: UnixNs): EnrolledDevice | Refused {
    return judgeCertificate(this.#known, fingerprint, now)
  }

  /**
   * Returns whether there is such a device. `mayEnrolAgain`: once, by any token, on its hardware; `hardware`: which that is, where
   * what it last enrolled on is not it.
   */
  change(id: string, to: DeviceChange): boolean {
    const { group, name, owner, standing, mayEnrolAgain, hardware } = to
    // What is not to be changed may be another by now, by a command or the page: a rename takes no revocation back.
    const { changes } = this.#db
      .prepare(
        `UPDATE device SET device_group = ifnull(?, device_group), name = ifnull(?, name), owner = ifnull(?, owner),
          standing = ifnull(?, standing), may_enrol_again = ifnull(?, may_enrol_again), hardware = ifnull(?, hardware), noticed = 1 WHERE id = ?`,
      )
      .run(
        ...[group ?? null, name ?? null, owner ?? null, standing ?? null],
        mayEnrolAgain === undefined ? null : Number(mayEnrolAgain),
        ...[hardware ?? null, id],
      )
    this.#known.readDevice(id)
    return changes > 0
  }

  /** Forgets the device and its certificates, or that it is of this machine. Returns whether there was such a device. */
  remove(id: string, also?: () => void): boolean {
    return [this.removeAll([id], also) > 0, forgetLocal(this.#db, id)].includes(true)
  }

  /** As `remove`, in one transaction, in which `also` is. Returns how many there were. */
  removeAll(ids: readonly string[], also?: () => void): number {
    let gone = 0
    transaction(this.#db, () => {
      const forget = this.#db.prepare('DELETE FROM device WHERE id = ?')
      for (const id of ids) gone += Number(forget.run(id).changes)
      also?.()
    })
    for (const id of ids) this.#known.readDevice(id)
    return gone
  }

  #tellGone(ids: readonly string[], token: Token | undefined): void {
    for (const id of ids) this.#known.readDevice(id)
    if (ids.length > 0) this.#newcomers.onForgotten(ids, token?.label ?? '')
  }

  /**
   * Its request is signed by the key of a certificate of the device that it wants to be, as of one whose answer was lost and
   * who asks again. A certificate that was revoked or has ended proves nothing here either.
   */
  #holdsKey({ deviceId, key }: Candidate, now: UnixNs): boolean {
    if (key === '') return false
    for (const one of this.#known.certificatesOf(deviceId))
      if (one.key === key && one.revokedAt === undefined && one.notAfter > now) return true
    return false
  }

  /** The device that it has shown to be, by its key or by a certificate that is good still; undefined: none. */
  #provenId(candidate: Candidate, now: UnixNs): string | undefined {
    if (this.#holdsKey(candidate, now)) return candidate.deviceId
    if (candidate.shown === undefined) return undefined
    const shown = this.judge(candidate.shown, now)
    return isRefused(shown) ? undefined : shown.id
  }

  /**
   * Does `work`, which returns the device that it changed, in a transaction in which the certificate opens; or says why it does
   * not: whoever asked may have been thrown out, or replaced, since, by another process too.
   */
  #whileGood(
    fingerprint: string,
    now: UnixNs,
    work: (device: EnrolledDevice) => string | Refused,
  ): Refused | undefined {
    let no: Refused | undefined
    let changed = ''
    transaction(this.#db, () => {
      this.refresh()
      const judged = this.judge(fingerprint, now)
      const done = isRefused(judged) ? judged : work(judged)
      if (typeof done === 'string') changed = done
      else no = done
    })
    if (!no) this.#known.readDevice(changed)
    return no
  }

  /** Ids of the devices that it changed. REQUIRES: a transaction, and that it may. */
  #write(
    secret: string,
    candidate: Candidate,
    certificate: Omit<GivenCertificate, 'key'>,
    now: UnixNs,
  ): string[] {
    const { deviceId, hardware, key, source = '' } = candidate
    const provenId = this.#provenId(candidate, now)
    const token = this.#known.tokenOf(secret) as Token
    const known = this.#known.devices.get(deviceId)
    const changed = [deviceId]
    if (known) {
      // Whoever held another key holds it no more, or is this very device. Of this key it may have any: it asks again.
      this.#db
        .prepare(
          "UPDATE certificate SET revoked_ns = ? WHERE device = ? AND revoked_ns IS NULL AND (key_hash <> ? OR key_hash = '')",
        )
        .run(now, deviceId, key)
      this.#db
        .prepare(
          'DELETE FROM certificate WHERE fingerprint IN (SELECT fingerprint FROM certificate WHERE device = ? AND key_hash = ? ORDER BY rowid DESC LIMIT -1 OFFSET ?)',
        )
        .run(deviceId, key, OF_ONE_KEY_MAX - 1)
      this.#db
        .prepare(
          'UPDATE device SET hardware = ?, standing = ?, may_enrol_again = 0, source = ? WHERE id = ?',
        )
        .run(
          hardware === '' ? known.hardware : hardware,
          standingOnReturn(known, hardware, provenId),
          source,
          deviceId,
        )
    } else {
      this.#db
        .prepare("INSERT INTO device VALUES (?, ?, ?, '', '', ?, ?, ?, 0, NULL, ?, 0)")
        .run(deviceId, hardware, token.group, 'quarantined', now, token.id, source)
      noteReturned(this.#db, deviceId)
      this.#db.prepare('UPDATE token SET uses = uses + 1 WHERE id = ?').run(token.id)
      // A person allowed this hardware to come again, once.
      for (const { id } of this.#known.devicesOf(hardware)) {
        if (id === provenId) continue
        this.#db.prepare('UPDATE device SET may_enrol_again = 0 WHERE id = ?').run(id)
        changed.push(id)
      }
    }
    this.#insertCertificate(deviceId, { ...certificate, key }, now)
    return changed
  }

  /** `used`: one that the device comes by, and may have no later one. */
  #insertCertificate(
    deviceId: string,
    { fingerprint, notAfter, key }: GivenCertificate,
    now: UnixNs,
    used = '',
  ): void {
    // Those that have ended let nobody in any more; of those that were replaced the last ones are told so.
    this.#db
      .prepare('DELETE FROM certificate WHERE device = ? AND not_after_ns <= ?')
      .run(deviceId, now)
    this.#db
      .prepare('INSERT INTO certificate VALUES (?, ?, ?, ?, NULL, ?)')
      .run(fingerprint, deviceId, now, notAfter, key)
    for (const which of ['IS NULL', 'IS NOT NULL'])
      this.#db
        .prepare(
          `DELETE FROM certificate WHERE fingerprint IN (SELECT fingerprint FROM certificate
            WHERE device = ? AND fingerprint <> ? AND revoked_ns ${which} ORDER BY rowid DESC LIMIT -1 OFFSET ?)`,
        )
        .run(deviceId, used, OF_ONE_DEVICE_MAX)
  }
}
