// Writing the inventory: which identities a device has, which destinations they used, how much an hour.
import type { DatabaseSync } from 'node:sqlite'
import { BoundedMap } from '../terms/bounded-map.ts'
import { type Budget, destinationCharge, HOUR_CHARGE, identityCharge } from './budget.ts'
import type { Over } from './kinds.ts'
import type { StoreItem } from './protocol.ts'
import { prepare } from './statement.ts'

type SightingItem = Extract<StoreItem, { kind: 'sighting' }>
type SummaryItem = Extract<StoreItem, { kind: 'summary' }>

const NAMES_CACHED_MAX = 50_000
/** Longer names are looked up each time: 50,000 of the largest an item may hold would be 6 GB. */
const NAME_CHARS_CACHED_MAX = 512

/** Runs inside the caller's transaction; `forget` on its rollback, since cached rows may be gone. */
export type InventoryWriter = {
  /** `nowNs`: when it was received. Returns what has no room for it, and then nothing was written. */
  sighting(nowNs: bigint, device: number, item: SightingItem): Over | undefined
  summary(nowNs: bigint, device: number, item: SummaryItem): Over | undefined
  /** The device's oldest identities, as they were received, give way with their destinations; at most `rowsMax` rows. Returns how many. */
  yield(device: number, bytes: number, rowsMax: number): number
  forget(): void
}

export function inventoryWriter(db: DatabaseSync, budget: Budget): InventoryWriter {
  const identities = new BoundedMap<string, number>(NAMES_CACHED_MAX)
  const destinations = new BoundedMap<string, number>(NAMES_CACHED_MAX)
  const findIdentity = prepare(db, 'SELECT row FROM identity WHERE key = ?')
  const addIdentity = prepare(
    db,
    'INSERT INTO identity (key, name, path) VALUES (?, ?, ?) RETURNING row',
  )
  const nameIdentity = prepare(
    db,
    "UPDATE identity SET name = ?, path = ? WHERE row = ? AND name = '' AND path = ''",
  )
  const useIdentity = prepare(
    db,
    'UPDATE identity SET uses = uses + ? WHERE row = ? RETURNING uses',
  )
  const dropIdentity = prepare(db, 'DELETE FROM identity WHERE row = ? AND uses = 0')
  const findDestination = prepare(db, 'SELECT row FROM destination WHERE key = ?')
  const addDestination = prepare(db, 'INSERT INTO destination (key) VALUES (?) RETURNING row')
  const useDestination = prepare(
    db,
    'UPDATE destination SET uses = uses + ? WHERE row = ? RETURNING uses, key',
  )
  const dropDestination = prepare(db, 'DELETE FROM destination WHERE row = ? AND uses = 0')
  const hasDestination = prepare(
    db,
    'SELECT 1 FROM pair JOIN destination ON destination.row = pair.destination WHERE pair.pair = ? AND destination.key = ?',
  )
  const oldestPairs = prepare(
    db,
    'SELECT row, identity, bytes FROM identity_device WHERE device = ? ORDER BY row LIMIT 500',
  )
  const dropDestinations = prepare(
    db,
    `DELETE FROM pair WHERE pair = ? AND destination IN
       (SELECT destination FROM pair WHERE pair = ? LIMIT ?) RETURNING destination`,
  )
  const dropPair = prepare(db, 'DELETE FROM identity_device WHERE row = ?')
  const dropBody = prepare(db, 'DELETE FROM sighting WHERE row = ?')
  const weighPair = prepare(db, 'UPDATE identity_device SET bytes = bytes + ? WHERE row = ?')
  const findPair = prepare(
    db,
    'SELECT row, first_seen_at, first_network_at FROM identity_device WHERE identity = ? AND device = ?',
  )
  const addPair = prepare(
    db,
    `INSERT INTO identity_device (identity, device, first_seen_at, first_network_at)
     VALUES (?, ?, ?, ?) RETURNING row`,
  )
  const datePair = prepare(
    db,
    'UPDATE identity_device SET first_seen_at = ?, first_network_at = ? WHERE row = ?',
  )
  const keepBody = prepare(db, 'INSERT OR REPLACE INTO sighting (row, body) VALUES (?, ?)')
  const bodyBytes = prepare(db, 'SELECT length(body) AS bytes FROM sighting WHERE row = ?')
  const addDestinationOfPair = prepare(
    db,
    'INSERT OR IGNORE INTO pair (pair, destination, first_at) VALUES (?, ?, ?)',
  )
  const countDestination = prepare(
    db,
    'UPDATE identity_device SET destinations = destinations + 1 WHERE row = ?',
  )
  const addHour = prepare(
    db,
    `INSERT INTO pair_hour
       (device, hour_at, pair, destination, bytes_out, bytes_in, flows, largest_flow_out)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (device, hour_at, pair, destination) DO NOTHING`,
  )
  const raiseHour = prepare(
    db,
    `UPDATE pair_hour SET
       bytes_out = bytes_out + ?,
       bytes_in = bytes_in + ?,
       flows = flows + ?,
       largest_flow_out = max(largest_flow_out, ?)
     WHERE device = ? AND hour_at = ? AND pair = ? AND destination = ?`,
  )

  function identityRow(key: string, name: string, path: string): number {
    const cached = identities.get(key)
    if (cached !== undefined) return cached
    const known = findIdentity.get(key)
    const row = Number((known ?? addIdentity.get(key, name, path))?.row)
    // A summary may have come before the sighting that carries the name.
    if (known && name !== '') nameIdentity.run(name, path, row)
    if (name !== '' && key.length <= NAME_CHARS_CACHED_MAX) identities.set(key, row)
    return row
  }

  function destinationRow(key: string): number {
    const cached = destinations.get(key)
    if (cached !== undefined) return cached
    const row = Number((findDestination.get(key) ?? addDestination.get(key))?.row)
    if (key.length <= NAME_CHARS_CACHED_MAX) destinations.set(key, row)
    return row
  }

  function use(device: number, pair: number, destination: number, key: string, at: bigint): void {
    if (addDestinationOfPair.run(pair, destination, at).changes === 0n) return
    countDestination.run(pair)
    useDestination.get(1, destination)
    weigh(device, pair, destinationCharge(key))
  }

  function weigh(device: number, pair: number, bytes: number): void {
    if (bytes === 0) return
    weighPair.run(bytes, pair)
    budget.charge(device, 'inventory', bytes)
  }

  function pairOf(identity: number, device: number, key: string, at: bigint, networkAt: bigint) {
    const known = findPair.get(identity, device)
    if (known) return { pair: Number(known.row), known }
    const pair = Number(addPair.get(identity, device, at, networkAt)?.row)
    useIdentity.get(1, identity)
    weigh(device, pair, identityCharge(key))
    return { pair, known: undefined }
  }

  /**
   * Puts the sighting that tells most; its names are those of the identity. Where a longer one has no room the one of
   * before stays: an earlier date is no way past the budget.
   */
  function keep(device: number, pair: number, { identity, body }: SightingItem): void {
    const before = bodyBytes.get(pair)
    const names = before ? 0 : Buffer.byteLength(identity.name) + Buffer.byteLength(identity.path)
    const more = names + body.length - Number(before?.bytes ?? 0)
    if (before && more > 0 && budget.lacks(device, 'inventory', more)) return
    keepBody.run(pair, body)
    weigh(device, pair, more)
  }

  /** Undefined also where there is nothing new to make room for. A summary alone has no body, which a sighting brings. */
  function lacks(
    device: number,
    bytes: number,
    key: string,
    destination: string | undefined,
    hasBody: boolean,
  ): Over | undefined {
    const over = budget.lacks(device, 'inventory', bytes)
    if (!over) return undefined
    const identity = identities.get(key) ?? findIdentity.get(key)?.row
    const known = identity === undefined ? undefined : findPair.get(identity as number, device)
    if (!known || (hasBody && !bodyBytes.get(known.row as bigint))) return over
    const isKnown =
      destination === undefined ||
      hasDestination.get(known.row as bigint, destination) !== undefined
    return isKnown ? undefined : over
  }

  /** Takes up to `max` destinations of a pair; returns how many, and what they weighed. */
  function takeDestinations(pair: number, max: number): { rows: number; bytes: number } {
    let bytes = 0
    const taken = dropDestinations.all(pair, pair, max)
    for (const { destination } of taken) {
      const left = useDestination.get(-1, destination as bigint)
      bytes += destinationCharge(String(left?.key ?? ''))
      if (left?.uses === 0n) dropDestination.run(destination as bigint)
    }
    return { rows: taken.length, bytes }
  }

  return {
    sighting(nowNs, device, item) {
      const { key, name, path } = item.identity
      const texts = Buffer.byteLength(name) + Buffer.byteLength(path) + item.body.length
      const bytes =
        identityCharge(key) +
        texts +
        (item.destination === undefined ? 0 : destinationCharge(item.destination))
      const over = lacks(device, bytes, key, item.destination, true)
      if (over) return over
      const identity = identityRow(key, name, path)
      // Nothing was seen after it was told of: a clock that is ahead does not lead the lists.
      const firstSeenAt = least(item.firstSeenAt, nowNs)
      const firstNetworkAt = least(item.firstNetworkAt, nowNs)
      const { pair, known } = pairOf(identity, device, key, firstSeenAt, firstNetworkAt)
      if (!known) keep(device, pair, item)
      else {
        const seenAt = known.first_seen_at as bigint
        const networkAt = known.first_network_at as bigint
        const earlier = firstSeenAt < seenAt
        const network =
          networkAt === 0n || firstNetworkAt === 0n
            ? networkAt + firstNetworkAt
            : least(networkAt, firstNetworkAt)
        if (earlier || network !== networkAt)
          datePair.run(earlier ? firstSeenAt : seenAt, network, pair)
        if (earlier || !bodyBytes.get(pair)) keep(device, pair, item)
      }
      if (item.destination !== undefined)
        use(device, pair, destinationRow(item.destination), item.destination, least(item.at, nowNs))
      return undefined
    },
    summary(nowNs, device, item) {
      const key = item.identityKey
      const bytes = identityCharge(key) + destinationCharge(item.destination)
      const over =
        budget.lacks(device, 'summaries', HOUR_CHARGE) ??
        lacks(device, bytes, key, item.destination, false)
      if (over) return over
      const identity = identityRow(key, '', '')
      const destination = destinationRow(item.destination)
      const at = least(item.hourAt, nowNs)
      const { pair } = pairOf(identity, device, key, at, at)
      use(device, pair, destination, item.destination, at)
      const { hourAt, bytesOut, bytesIn, flows, largestFlowOut } = item
      const numbers = [bytesOut, bytesIn, flows, largestFlowOut]
      const isNew = addHour.run(device, hourAt, pair, destination, ...numbers).changes > 0n
      if (isNew) budget.charge(device, 'summaries', HOUR_CHARGE)
      else raiseHour.run(...numbers, device, hourAt, pair, destination)
      return undefined
    },
    yield(device, bytes, rowsMax) {
      let rows = 0
      let freed = 0
      for (const oldest of oldestPairs.all(device)) {
        if (rows >= rowsMax || freed >= bytes) break
        const pair = Number(oldest.row)
        const taken = takeDestinations(pair, rowsMax - rows)
        rows += taken.rows + 1
        if (rows > rowsMax) {
          weigh(device, pair, -taken.bytes)
          break
        }
        dropBody.run(pair)
        dropPair.run(pair)
        budget.charge(device, 'inventory', -Number(oldest.bytes))
        freed += Number(oldest.bytes)
        const identity = oldest.identity as bigint
        if (useIdentity.get(-1, identity)?.uses === 0n) dropIdentity.run(identity)
      }
      this.forget()
      return rows
    },
    forget() {
      identities.clear()
      destinations.clear()
    },
  }
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b)
