// The writer's thread. Group commit without a timer: what arrives while one commit runs is the next
// one; when idle, a single item is committed at once.

import type { Answer, Work } from './protocol.ts'
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

  function takeGroup() {
    let items = 0
    let count = 0
    while (count < waiting.length && items < ITEMS_A_COMMIT_MAX) {
      const work = waiting[count++]?.request
      items += work?.op === 'append' ? work.batch.items.length : 1
    }
    return waiting.splice(0, count)
  }

  function commitGroup(): void {
    const group = takeGroup()
    try {
      const done = writer.commit(group.map(({ request }) => request))
      say(group.map(({ ticket }, index) => answer(ticket, done[index] as Done)))
    } catch (cause) {
      say(group.map(({ ticket }) => failure(ticket, cause)))
    }
    scheduled = waiting.length > 0
    if (scheduled) setImmediate(commitGroup)
  }

  return {
    take(ticket, request) {
      waiting.push({ ticket, request })
      if (!scheduled) setImmediate(commitGroup)
      scheduled = true
    },
    close() {
      while (waiting.length > 0) commitGroup()
      db.close()
    },
  }
})

function answer(ticket: number, done: Done): Answer {
  if (done.op === 'refused') return failure(ticket, new StoreError('unavailable', done.reason))
  return { ticket, ok: true, value: done.op === 'append' ? done.stored : done.enrolled }
}
