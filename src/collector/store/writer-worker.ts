// The writer's thread. Group commit without a timer: what arrives while one commit runs is the next
// one; when idle, a single item is committed at once.

import { emptyLog, moveRest } from './checkpoint.ts'
import { halfErased } from './erasing.ts'
import type { Answer, Change, Housework, Work } from './protocol.ts'
import { openForWriting } from './schema.ts'
import { failure, serve } from './serve.ts'
import { StoreError } from './store-error.ts'
import { createWriter, type Done } from './writer.ts'

/** Bounds one transaction, and with it the wait of its first item for its last: some 20 ms of work. */
const ITEMS_A_COMMIT_MAX = 1024

serve<Work>((path, say) => {
  const db = openForWriting(path)
  const writer = createWriter(db)
  const waiting: { ticket: number; request: Work }[] = []
  let scheduled = false

  function takeGroup(): { ticket: number; request: Change }[] {
    const group: { ticket: number; request: Change }[] = []
    let items = 0
    for (const { ticket, request } of waiting) {
      if (isHousework(request) || items >= ITEMS_A_COMMIT_MAX) break
      items += request.op === 'append' ? request.batch.items.length : 1
      group.push({ ticket, request })
    }
    waiting.splice(0, group.length)
    return group
  }

  function doHousework({ ticket, request }: { ticket: number; request: Work }): void {
    if (!isHousework(request)) return
    try {
      say([{ ticket, ok: true, value: carryOut(request) }])
    } catch (cause) {
      say([failure(ticket, cause)])
    }
  }

  function carryOut(work: Housework): unknown {
    switch (work.op) {
      case 'settle':
        return moveRest(db)
      case 'clean':
        return emptyLog(db)
      case 'standings':
        return writer.noteStandings(work.standings)
      case 'retain':
        return writer.retain(work.nowNs, work.keep)
      case 'half-erased':
        return halfErased(db)
      case 'erase':
        return writer.erase(work.nowNs, work.deviceId, work.before)
      default:
        return work satisfies never
    }
  }

  function commitGroup(): void {
    const group = takeGroup()
    if (group.length === 0) {
      const next = waiting.shift()
      if (next) doHousework(next)
    } else commit(group)
    scheduled = waiting.length > 0
    if (scheduled) setImmediate(commitGroup)
  }

  function commit(group: { ticket: number; request: Change }[]): void {
    try {
      const done = writer.commit(group.map(({ request }) => request))
      say(group.map(({ ticket }, index) => answer(ticket, done[index] as Done)))
    } catch (cause) {
      say(group.map(({ ticket }) => failure(ticket, cause)))
    }
  }

  return {
    take(ticket, request) {
      waiting.push({ ticket, request })
      if (!scheduled) setImmediate(commitGroup)
      scheduled = true
    },
    close() {
      while (waiting.length > 0) commitGroup()
      try {
        writer.sayRest()
      } finally {
        db.close()
      }
    },
  }
})

const isHousework = (work: Work): work is Housework =>
  work.op !== 'append' && work.op !== 'enroll' && work.op !== 'triage'

function answer(ticket: number, done: Done): Answer {
  if (done.op === 'refused') return failure(ticket, new StoreError('unavailable', done.reason))
  const value =
    done.op === 'append' ? done.stored : done.op === 'enroll' ? done.enrolled : done.outcome
  return { ticket, ok: true, value }
}
