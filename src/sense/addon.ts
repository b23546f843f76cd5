// The native addon as TypeScript sees it. native/addon.cc makes exactly this.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { loadNativeModule, NativeModuleError } from '../native-module.ts'
import { PLACE } from '../place.ts'

/** Options of a source. */
export type OpenOptions = {
  /** Name of one of `Addon.sources`. */
  source: string
  /** Bytes of the ring, a power of two in [64 KiB, 1 GiB]. */
  ringBytes: number
  /** Interval between dumps of the socket counters, and between ticks. At least 10. */
  intervalMs: number
  /** Whether what a program was executed with is told too (the arguments record). Default: no. */
  execArguments?: boolean
  /** Linux: whether the source loads its own programs into the kernel (BPF), where that lets it. Default: yes. */
  kernelPrograms?: boolean
  /**
   * Called on the JavaScript thread when records wait, once per burst: not again until a drain has
   * found the ring empty.
   */
  onReadable: () => void
}

export type SourceKind = {
  /** As record.def has it: linux, endpoint_security, filter, ... */
  name: string
  /** Source of record.gen.ts: the source byte of its records. */
  code: number
}

/** Counts since the source was opened. */
export type SourceCounters = {
  records: number
  bytes: number
  /** Records that found the ring full. */
  dropped: number
  /** Bytes waiting in the ring. */
  waitingBytes: number
  /** Size of the ring. */
  capacityBytes: number
}

/** A running source, with a ring of its own. */
export type NativeSource = {
  /**
   * Copies whole records into `into` (length at least RECORD_BYTES_MAX) until it or the ring is exhausted.
   * Returns the bytes copied, 0 when the ring is empty; `into` is never partly a record.
   */
  drain(into: Uint8Array): number
  counters(): SourceCounters
  /**
   * Asks for everything to be said anew: mark(start), one exec record a live process, one flow (and name)
   * record a live flow, mark(enumerated). For an engine that has just started. Returns at once.
   */
  enumerate(): void
  /** Has the processes that run now looked at at once by the source that lists them, where one does. Returns at once. */
  look?(): void
  /** Stops the source's threads and returns when they have ended. What waits in the ring can still be drained. Idempotent. */
  close(): void
}

export type InspectRequest = {
  path: string
  pid: number
  dev: bigint
  ino: bigint
  /** 20 bytes: the slice that runs, where the file has several; zeros when not known. */
  cdhash: Uint8Array
  /** CODE subject: a program is looked for by its process, other files by their path in its root directory. */
  subject: number
}

/** How a file came here, as something here says: see the origin record. */
export type FileOrigin = {
  /** CODE origin. */
  kind: number
  /** 0 when not known. */
  installedUnixNs: bigint
  /** Who can write what says so: 0 root alone; 4294967295 others too, or not known. */
  keeperUid: number
  name: string
}

/** What a program file is. */
export type Inspection = {
  dev: bigint
  ino: bigint
  fileBytes: bigint
  /**
   * UTC: when it was last changed in any way (its ctime), or a link or directory on the way to it was put there, if that
   * is later; 0 when not known, or when its file system may lie.
   */
  changedNs: bigint
  /** 4294967295 when not known. */
  ownerUid: number
  /** st_mode; 0 when the owner is not known. */
  mode: number
  /** InspectedFlag bits. */
  flags: number
  /** errno, 0 when all is well. With an error the rest is told as far as it is known. */
  error: number
  /** 32 bytes; zeros on error. */
  sha256: Uint8Array
  /** CODE signature. */
  signature: number
  /** OSStatus as two's complement: why the signature is invalid or unknown. */
  signatureStatus: number
  /** 20 bytes; zeros when the file has none. */
  cdhash: Uint8Array
  signingId: string
  teamId: string
  /** Names of the certificates that signed, the signer's own first, joined by one NUL; empty when none did. */
  authorities: string
  /**
   * Of a look: in turn with whose files the rest is to be had, as it takes time: `system` (root alone can change it),
   * `owner:UID`, or `mount:NAME` (reading may hang). Empty when this is all.
   */
  lane: string
  /** Absent: nothing says, or it was not read. */
  origin?: FileOrigin
}

export type Addon = {
  /** Layout hash of the records it writes; must equal LAYOUT of record.gen.ts. */
  readonly layout: number
  /** This platform's, in the order in which they are to be opened. */
  readonly sources: readonly SourceKind[]
  /**
   * Opens a source. Never throws for missing rights: the source runs on what is left and its mark(start) says so.
   * Throws when its thread cannot be made, and TypeError or RangeError for other options.
   */
  open(options: OpenOptions): NativeSource
  /**
   * Off the JavaScript thread, one after the other; answers in the order of the requests: all that is known at once,
   * and in `lane` whether `inspect` has more to tell. Rejects never for a file's own sake: see `error`. On Linux a
   * program that an open source saw executed within the last two seconds is found although its file is gone.
   */
  look(requests: readonly InspectRequest[]): Promise<Inspection[]>
  /**
   * The same with hash and signature, in two seconds a file at most. Remembers by (dev, ino, size, mtime, ctime).
   */
  inspect(requests: readonly InspectRequest[]): Promise<Inspection[]>
  /** Nanoseconds since boot, sleep included: the clock that records are stamped with. */
  bootNs(): bigint
  /** UUID of this boot, 16 bytes, as marks have it; zeros when it cannot be had. */
  bootId(): Uint8Array
}

/** The addon is not there, or is of another system; the message says what to do, `what` does not. */
export class AddonError extends Error {
  override readonly name = 'AddonError'
  readonly what: string
  /** `remedy` is what to do, where `what` does not say so itself. */
  constructor(what: string, remedy: string | undefined, options: ErrorOptions) {
    super(remedy === undefined ? what : `${what}: ${remedy}`, options)
    this.what = what
  }
}

/** Loads the addon that set-up built, or the one beside the executable. Throws AddonError. */
export function loadAddon(given?: string): Addon {
  if (given === undefined && PLACE.isExecutable) return checkedAddon()
  const path = given ?? PLACE.addon
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (cause) {
    const why = existsSync(path) ? firstLine(cause) : 'it is not there'
    throw new AddonError(
      `the native addon ${path} cannot be loaded (${why})`,
      'run `node scripts/setup.mjs`',
      { cause },
    )
  }
}

function checkedAddon(): Addon {
  try {
    return loadNativeModule('freshet.node') as Addon
  } catch (cause) {
    if (!(cause instanceof NativeModuleError)) throw cause
    throw new AddonError(cause.message, undefined, { cause })
  }
}

/** Below the first, Node lists who wanted it, and the loader where else it looked. */
const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
