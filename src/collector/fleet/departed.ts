// Devices that were forgotten for newer ones, as long as the store has not heard of it: kept in the registry's file, so that a
// collector that ends meanwhile tells it afterwards.
import type { DatabaseSync } from 'node:sqlite'
import { transaction } from '../../baseline/sqlite-file.ts'

/** `token`: by which it had come. */
export type Departed = { id: string; token: number }

/** Of one look: what is not told now is told with the next. */
const AT_ONCE_MAX = 10_000

/**
 * Forgets devices that came by a token, and returns their ids. REQUIRES: a transaction. Noted is who has connected: the store knows of
 * nobody else, and while that takes nothing nobody new can connect.
 */
export function depart(
  database: DatabaseSync,
  ids: readonly string[],
  token: number,
  isHeard: (id: string) => boolean,
): readonly string[] {
  const forget = database.prepare('DELETE FROM device WHERE id = ?')
  for (const id of ids) forget.run(id)
  noteDeparted(database, ids.filter(isHeard), token)
  return ids
}

/** Devices that a person has forgotten, all of one token, which nobody had admitted. REQUIRES: a transaction. */
export function noteDeparted(database: DatabaseSync, ids: readonly string[], token: number): void {
  const note = database.prepare('INSERT OR REPLACE INTO departed VALUES (?, ?)')
  for (const id of ids) note.run(id, token)
}

/** It is back: nothing of it goes. */
export function noteReturned(database: DatabaseSync, id: string): void {
  database.prepare('DELETE FROM departed WHERE device = ?').run(id)
}

export type DepartedNews = { due(): Departed[]; told(departed: readonly Departed[]): void }

export const createDeparted = (database: DatabaseSync): DepartedNews => ({
  due: () =>
    database
      .prepare('SELECT device, token FROM departed LIMIT ?')
      .all(AT_ONCE_MAX)
      .map(({ device, token }) => ({ id: `${device}`, token: Number(token) })),
  told(departed) {
    transaction(database, () => {
      for (const { id } of departed) noteReturned(database, id)
    })
  },
})
