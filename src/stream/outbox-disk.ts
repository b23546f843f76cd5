// The outbox's file and its totals, over what the disk does: what it refuses is said and tried again, what it damages is set
// aside and begun anew.
import {
  diskTrouble,
  forgetAside,
  type SetAside,
  transaction,
  UnusableFile,
} from '../baseline/sqlite-file.ts'
import type { UnixNs } from '../units.ts'
import { OutboxError, type OutboxErrorCode, orDiskError } from './outbox-error.ts'
import { OutboxFile, replaceOutboxFile, type Totals } from './outbox-file.ts'
import { lastCount, sayLastCount } from './outbox-last-count.ts'
import { OutboxOwed } from './outbox-owed.ts'
import type { OutboxRefusals } from './outbox-refusals.ts'
import { giveReserve, makeReserve } from './outbox-reserve.ts'

/** How long another process may hold the file up: at first, and while it is known to. */
const PATIENCE_MS = 2000
const PATIENCE_IN_TROUBLE_MS = 20

export type OutboxDiskOptions = {
  now: () => UnixNs
  fileBytesMax: number
  patienceMs?: number
  reserveBytes?: number
  log?: (text: string) => void
  mayStandIn?: boolean
  refusals: OutboxRefusals
  /** Of a file that was begun anew: called in its first transaction. */
  onNew: (totals: Totals) => void
}

export class OutboxDisk {
  readonly #path: string
  readonly #options: OutboxDiskOptions
  #file: OutboxFile
  #totals: Totals
  #setAside: SetAside | undefined
  /** Of the file as it was last read. */
  #id = ''
  /** Of the totals, what the file has. */
  #written = { notKept: 0, told: 0 }
  readonly owed = new OutboxOwed()
  #patienceMs: number
  /** Of what waits, what was said to be lost should this process be killed. */
  #foretold = 0
  /** The file was begun by this process, and nothing of it has stood the disk since. */
  #isUnproven = false

  /** Throws what node:sqlite throws. */
  constructor(path: string, options: OutboxDiskOptions) {
    this.#path = path
    this.#options = options
    this.#patienceMs = options.patienceMs ?? PATIENCE_MS
    this.#file = this.#open(options.mayStandIn)
    this.#totals = this.#file.totals()
    this.#written = { ...this.#totals }
    const { own, before } = lastCount(path, this.#file.id())
    this.#totals.notKept = Math.max(this.#totals.notKept, own.notKept) + before.notKept
    this.#totals.told = Math.max(this.#totals.told, own.told) + before.told
    if (before.notKept > 0) this.sayNotKept(0)
    this.#setAside = this.#file.setAside
    if (options.reserveBytes) makeReserve(path, options.reserveBytes)
  }

  get file(): OutboxFile {
    return this.#file
  }

  /** Its file is damaged, and could not be replaced so far. */
  get isWithout(): boolean {
    return this.#file.isClosed
  }

  /** Of the file, or of the last one that could be read. */
  get id(): string {
    try {
      if (!this.isWithout) this.#id = this.#file.id()
    } catch (error) {
      if (!(error instanceof UnusableFile) && !diskTrouble(error)) throw error
    }
    return this.#id
  }

  /** Of the last change that was committed; what is counted here is written with the next. */
  get totals(): Totals {
    return this.#totals
  }

  /** The last file of this path that could not be read, since this was opened. */
  get setAside(): SetAside | undefined {
    return this.#setAside
  }

  /** Highest sequence acknowledged; 0 when none. */
  acknowledged(): number {
    return Math.max(this.#totals.acknowledged, this.owed.through)
  }

  /** False: the disk refused it. */
  tries(what: string, work: () => void): boolean {
    return this.attempt(what, work) === undefined
  }

  /** Why the disk refused it; undefined: it did not. */
  attempt(what: string, work: () => void): OutboxErrorCode | undefined {
    try {
      this.#surviving(what, work)
      return undefined
    } catch (error) {
      if (!(error instanceof OutboxError)) throw error
      this.#options.refusals.add(error)
      this.#file.patience(PATIENCE_IN_TROUBLE_MS)
      return error.code
    }
  }

  /** The room of the reserve, and of the file's log as far as it can be, is the disk's again. */
  giveRoom(): void {
    giveReserve(this.#path)
    this.#file.giveRoom()
  }

  /** Whoever holds the file is waited for as long as at first, though it is known to be held. */
  patient(): void {
    this.#file.patience(this.#patienceMs)
  }

  /** From now on; while the file is known to be held no longer than before. */
  patience(ms: number): void {
    this.#patienceMs = ms
    if (!this.#options.refusals.isOn()) this.patient()
  }

  /**
   * What was not kept so far, and so many more, to the next outbox of this file, which did not take it. Where it is without a file,
   * or finds it damaged as it ends, the next one may find that, or set it aside: it is told what is not in it.
   */
  sayNotKept(more: number, isMore = this.isWithout): void {
    const id = this.#file.standsIn || isMore ? undefined : this.id
    const { notKept, told } = this.#totals
    const { notKept: before, told: toldBefore } = isMore ? this.#written : { notKept: 0, told: 0 }
    this.#foretold = more
    try {
      sayLastCount(this.#path, id, { notKept: notKept + more - before, told: told - toldBefore })
    } catch (error) {
      this.#options.refusals.uncounted(error as Error)
    }
  }

  /**
   * One transaction over the tables and their totals, with what is acknowledged; the totals here change only when it has
   * committed. `unsynchronised`: as OutboxFile's.
   */
  change(work: (totals: Totals) => void, { unsynchronised = false } = {}): void {
    this.#standInNoMore()
    const totals = { ...this.#totals }
    const commit = () =>
      transaction(this.#file.database, () => {
        this.owed.settle(this.#file, totals)
        work(totals)
        this.#file.writeTotals(totals)
      })
    if (unsynchronised) this.#file.unsynchronised(commit)
    else commit()
    this.#totals = totals
    this.#written = { ...totals }
    this.owed.clear()
    if (totals.items > 0) this.#isUnproven = false
    const { refusals } = this.#options
    if (!refusals.isOn()) return
    refusals.none()
    this.patient()
  }

  /**
   * Runs `work`; when the file turns out damaged it is set aside, and `work` runs once more on the new one. Throws OutboxError
   * for what the disk refuses: then the file is the one before.
   */
  #surviving<T>(what: string, work: () => T): T {
    try {
      if (this.isWithout) this.#openAgain()
      return work()
    } catch (error) {
      if (!(error instanceof UnusableFile) && diskTrouble(error) !== 'corrupt')
        throw orDiskError(error, this.#path, what)
      try {
        this.#beginAnew((error as Error).message)
        return work()
      } catch (again) {
        // Twice in a row: what is written to this disk does not stand there.
        throw orDiskError(again, this.#path, what, 'io')
      }
    }
  }

  #beginAnew(reason: string): void {
    const aside = replaceOutboxFile(this.#path, reason, this.#options.now(), () =>
      this.#file.close(),
    )
    this.#countAside(aside)
    this.#file = this.#open()
    this.change(this.#options.onNew)
  }

  /** What could not be set aside before is now, or is in order after all. */
  #openAgain(): void {
    this.#file = this.#open()
    const { setAside } = this.#file
    if (!setAside) return
    this.#countAside(setAside)
    this.change(this.#options.onNew)
  }

  #countAside(aside: SetAside): void {
    // Of a disk that damages all that is written, one that never held anything would push those aside that did.
    if (this.#isUnproven) forgetAside(aside)
    else this.#setAside = aside
    this.#isUnproven = true
    const lost = this.#totals
    const { size, rejected } = this.owed
    // Numbering and counts go on where they were known to be, so the collector need not be asked.
    this.#totals = {
      ...lost,
      items: 0,
      bytes: 0,
      acknowledged: this.acknowledged(),
      rejected: lost.rejected + rejected,
      notKept: lost.notKept + lost.items - size.items,
    }
    this.#written = { notKept: 0, told: 0 }
    this.owed.clear()
  }

  /** What was counted in memory goes into the file that there is room for now. */
  #standInNoMore(): void {
    if (!this.#file.standsIn) return
    const standIn = this.#file
    this.#file = this.#open()
    standIn.close()
    // Its own from now on, before it is in it: a kill in between counts nothing twice.
    if (this.#totals.notKept + this.#foretold > 0) this.sayNotKept(this.#foretold)
    if (this.#options.reserveBytes) makeReserve(this.#path, this.#options.reserveBytes)
  }

  #open(mayStandIn = false): OutboxFile {
    const { now, fileBytesMax, log } = this.#options
    const file = new OutboxFile(this.#path, { now: now(), fileBytesMax, log, mayStandIn })
    file.patience(this.#patienceMs)
    this.#id = file.id()
    return file
  }
}
