// Writing the inventory: which identities a device has, which destinations they used, how much an hour.
import type { DatabaseSync } from 'node:sqlite'
import { BoundedMap } from './bounded-map.ts'
import type { StoreItem } from './protocol.ts'
import { prepare } from './statement.ts'

type SightingItem = Extract<StoreItem, { kind: 'sighting' }>
type SummaryItem = Extract<StoreItem, { kind: 'summary' }>

const NAMES_CACHED_MAX = 50_000
/** Longer names are looked up each time: 50,000 of the largest an item may hold would be 6 GB. */
const NAME_CHARS_CACHED_MAX = 512

/** Runs inside the caller's transaction; `forget` on its rollback, since cached rows may be gone. */
export type InventoryWriter = {
  sighting(device: number, item: SightingItem): void
  summary(device: number, item: SummaryItem): void
  forget(): void
}

export function inventoryWriter(db: DatabaseSync): InventoryWriter {
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
  const findDestination = prepare(db, 'SELECT row FROM destination WHERE key = ?')
  const addDestination = prepare(db, 'INSERT INTO destination (key) VALUES (?) RETURNING row')
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
  const hasBody = prepare(db, 'SELECT 1 FROM sighting WHERE row = ?')
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
    `INSERT INTO pair_hour (hour_at, pair, destination, bytes_out, bytes_in, flows, largest_flow_out)
     VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (hour_at, pair, destination) DO UPDATE SET
       bytes_out = bytes_out + excluded.bytes_out,
       bytes_in = bytes_in + excluded.bytes_in,
       flows = flows + excluded.flows,
       largest_flow_out = max(largest_flow_out, excluded.largest_flow_out)`,
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

  function use(pair: number, destination: number, at: bigint): void {
    if (addDestinationOfPair.run(pair, destination, at).changes > 0n) countDestination.run(pair)
  }

  return {
    sighting(device, item) {
      const { key, name, path } = item.identity
      const identity = identityRow(key, name, path)
      const known = findPair.get(identity, device)
      let pair: number
      if (!known) {
        const made = addPair.get(identity, device, item.firstSeenAt, item.firstNetworkAt)
        pair = Number(made?.row)
        keepBody.run(pair, item.body)
      } else {
        pair = Number(known.row)
        const seenAt = known.first_seen_at as bigint
        const networkAt = known.first_network_at as bigint
        const earlier = item.firstSeenAt < seenAt
        const network =
          networkAt === 0n || item.firstNetworkAt === 0n
            ? networkAt + item.firstNetworkAt
            : networkAt < item.firstNetworkAt
              ? networkAt
              : item.firstNetworkAt
        if (earlier || network !== networkAt)
          datePair.run(earlier ? item.firstSeenAt : seenAt, network, pair)
        if (earlier || !hasBody.get(pair)) keepBody.run(pair, item.body)
      }
      if (item.destination !== undefined) use(pair, destinationRow(item.destination), item.at)
    },
    summary(device, item) {
      const identity = identityRow(item.identityKey, '', '')
      const destination = destinationRow(item.destination)
      const known = findPair.get(identity, device)
      const pair = Number((known ?? addPair.get(identity, device, item.hourAt, item.hourAt))?.row)
      use(pair, destination, item.hourAt)
      const { bytesOut, bytesIn, flows, largestFlowOut } = item
      addHour.run(item.hourAt, pair, destination, bytesOut, bytesIn, flows, largestFlowOut)
    },
    forget() {
      identities.clear()
      destinations.clear()
    },
  }
}
