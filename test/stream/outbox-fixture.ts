// What the outbox's tests share: outboxes on one file in a temporary directory, with a clock that the test moves.
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Outbox, type OutboxOptions, openOutbox } from '../../src/stream/outbox.ts'
import type { UnixNs } from '../../src/units.ts'

export const HOUR_MS = 3_600_000

export class OutboxFile {
  readonly directory = mkdtempSync(join(tmpdir(), 'freshet-outbox-'))
  readonly path = join(this.directory, 'outbox.db')
  nowMs = Date.UTC(2026, 0)
  readonly #open: Outbox[] = []

  /** Opened, or made; closed with the rest. */
  start(options: Partial<OutboxOptions> = {}): Outbox {
    const outbox = openOutbox(this.path, {
      bytesMax: 1 << 20,
      ageMaxMs: HOUR_MS,
      now: () => (BigInt(this.nowMs) * 1_000_000n) as UnixNs,
      elapsedMs: () => this.nowMs,
      ...options,
    })
    this.#open.push(outbox)
    return outbox
  }

  restart(outbox: Outbox, options: Partial<OutboxOptions> = {}): Outbox {
    outbox.close()
    return this.start(options)
  }

  /** As another process that writes to it; until it is closed the outbox cannot. */
  hold(): DatabaseSync {
    const holder = new DatabaseSync(this.path)
    holder.exec('BEGIN IMMEDIATE')
    return holder
  }

  remove(): void {
    for (const outbox of this.#open) outbox.close()
    rmSync(this.directory, { recursive: true })
  }
}

export const sequences = (items: { sequence: number }[]): number[] =>
  items.map(({ sequence }) => sequence)

/** Overwrites every page but the first. */
export function damage(path: string): void {
  const { size } = statSync(path)
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096)
  closeSync(file)
}
