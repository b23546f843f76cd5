// sense with sources in memory and an engine that is a process: what it was given, in words.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  Mark,
  RecordType,
  readInspected,
  readMark,
  readTick,
  Source,
  writeTick,
} from '../../src/records/record.gen.ts'
import type { SourceKind } from '../../src/sense/addon.ts'
import { runSense } from '../../src/sense/sense.ts'
import { WAIT_MS } from '../waits.ts'
import { createDouble, type Double } from './double.ts'
import { type Behaviour, refusedFile, runFile } from './engine.ts'

const ENGINE = fileURLToPath(new URL('./engine.ts', import.meta.url))
const RING_BYTES = 64 * 1024

/** A record that is known by its number. */
export const tick = (number: number, source: number = Source.linux): Uint8Array =>
  writeTick({ source, atNs: 1n, unixNs: BigInt(number) })
export const TICK_BYTES = tick(0).length

export type Scene = {
  double: Double
  logged: string[]
  status: Promise<number>
  stop(): Promise<number>
  /** Stops it and takes its files away. */
  remove(): Promise<void>
  /** Bytes that a run was given. */
  bytesOf(run: number): Uint8Array
  /** The same as text: the numbers of ticks, the kinds of marks, answers. */
  given(run: number): string[]
  until(what: string, met: () => boolean): Promise<void>
  put(name: string): void
  /** What each run was told of the refusals before it. */
  refusedBefore(): string[]
}

export type SceneOptions = {
  windowBytes?: number | undefined
  /** Sources of the platform; Linux's when none are named. */
  kinds?: SourceKind[]
  /** Names of those that cannot be opened. */
  failing?: string[]
  reopenMs?: number
  execArguments?: boolean
}

export function startScene(behaviours: Behaviour[], options: SceneOptions = {}): Scene {
  const { windowBytes } = options
  const directory = mkdtempSync(join(tmpdir(), 'freshet-sense-'))
  const double = createDouble(RING_BYTES, options.kinds, options.failing)
  const logged: string[] = []
  const controller = new AbortController()
  const status = runSense({
    addon: double.addon,
    engineCommand: [process.execPath, ENGINE, directory, JSON.stringify(behaviours)],
    ...(windowBytes === undefined ? {} : { windowBytes }),
    ...(options.reopenMs === undefined ? {} : { reopenMs: options.reopenMs }),
    ...(options.execArguments === undefined ? {} : { execArguments: options.execArguments }),
    notNowFirstMs: 10,
    signal: controller.signal,
    log: (text) => logged.push(text),
  })
  // A test that waits for its end hears of it; one that does not must not be ended by it.
  status.catch(() => {})
  const bytesOf = (run: number): Uint8Array => {
    try {
      return readFileSync(runFile(directory, run))
    } catch {
      return new Uint8Array()
    }
  }
  const stop = (): Promise<number> => {
    controller.abort()
    return status
  }
  return {
    double,
    logged,
    status,
    stop,
    async remove() {
      await stop().catch(() => {})
      rmSync(directory, { recursive: true, force: true })
    },
    bytesOf,
    given: (run) => textOf(bytesOf(run)),
    until: async (what, met) => {
      const deadline = performance.now() + WAIT_MS
      while (!met()) {
        if (performance.now() > deadline)
          assert.fail(`${what}: not within ${WAIT_MS} ms\n${logged}`)
        await sleep(5)
      }
    },
    put: (name) => writeFileSync(join(directory, name), ''),
    refusedBefore: () => readFileSync(refusedFile(directory), 'utf8').trimEnd().split('\n'),
  }
}

function textOf(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const texts: string[] = []
  const kinds = new Map<number, string>(Object.entries(Mark).map(([name, kind]) => [kind, name]))
  for (let at = 0; at + 8 <= bytes.length; at += view.getUint32(at, true)) {
    if (at + view.getUint32(at, true) > bytes.length) break
    const type = view.getUint16(at + 4, true)
    if (type === RecordType.tick) texts.push(String(readTick(view, at).unixNs))
    else if (type === RecordType.mark) texts.push(kinds.get(readMark(view, at).kind) ?? '?')
    else if (type === RecordType.inspected)
      texts.push(readInspected(view, at).path === '/bin/true' ? 'inspected' : '?')
    else texts.push(`type ${type}`)
  }
  return texts
}
