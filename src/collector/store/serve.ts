// The other end of thread.ts: what both of the store's threads do with what they are sent.
import { type MessagePort, parentPort } from 'node:worker_threads'
import type { Answer, Message, ToThread } from './protocol.ts'
import { StoreError } from './store-error.ts'

export type Served<R> = {
  /** Called for each request once the store is open; says its answers in its own time. */
  take(ticket: number, request: R): void
  /** Answers what waits, then closes. */
  close(): void
}

/** Sends answers to the main thread. */
export type Say = (answers: Answer[]) => void

/** Serves the main thread; `open` is called with the store's path, before any request. */
export function serve<R>(open: (path: string, say: Say) => Served<R>): void {
  const port = parentPort as MessagePort
  const send = (message: Message) => port.postMessage(message)
  const say: Say = (answers) => send({ kind: 'answers', answers })
  let served: Served<R> | undefined

  port.on('message', (message: ToThread<R>) => {
    if (message === 'close') {
      served?.close()
      port.close()
      return
    }
    const { ticket } = message
    try {
      if ('open' in message) {
        served = open(message.open, say)
        say([{ ticket, ok: true, value: undefined }])
      } else if (served) served.take(ticket, message.request)
      else throw new StoreError('unavailable', 'the store is not open')
    } catch (cause) {
      say([failure(ticket, cause)])
    }
  })
  send({ kind: 'loaded' })
}

export function failure(ticket: number, cause: unknown): Answer {
  const code = cause instanceof StoreError ? cause.code : 'failed'
  return { ticket, ok: false, code, message: (cause as Error).message }
}
