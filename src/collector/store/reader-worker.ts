// The reader's thread: its own connection, so that a slow page query delays neither commits nor sockets.
import type { Query } from './protocol.ts'
import { createReader } from './reader.ts'
import { openForReading } from './schema.ts'
import { failure, serve } from './serve.ts'

serve<Query>((path, say) => {
  const db = openForReading(path)
  const reader = createReader(db)
  return {
    take(ticket, request) {
      try {
        say([{ ticket, ok: true, value: reader.answer(request) }])
      } catch (cause) {
        say([failure(ticket, cause)])
      }
    },
    close() {
      db.close()
    },
  }
})
