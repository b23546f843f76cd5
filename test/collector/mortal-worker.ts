// A thread that answers where its store is, and dies when it is told to.
import { serve } from '../../src/collector/store/serve.ts'

serve<'where' | 'die'>((path, say) => ({
  take(ticket, request) {
    if (request === 'die') process.exit(1)
    say([{ ticket, ok: true, value: path }])
  },
  close() {},
}))
