// The thread that moves the write-ahead log: it would keep the writer from committing, or the reader from
// answering, for up to a second.
import { moveLog } from './checkpoint.ts'
import { openForCheckpoints } from './schema.ts'
import { failure, serve } from './serve.ts'

serve<'look' | 'move'>((path, say) => {
  const db = openForCheckpoints(path)
  return {
    take(ticket, request) {
      try {
        say([{ ticket, ok: true, value: moveLog(db, request === 'move' ? 1 : undefined) }])
      } catch (cause) {
        say([failure(ticket, cause)])
      }
    },
    close() {
      db.close()
    },
  }
})
