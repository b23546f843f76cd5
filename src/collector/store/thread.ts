// One worker thread that answers requests.
import { Worker } from 'node:worker_threads'
import type { Message, ToThread } from './protocol.ts'
import { StoreError } from './store-error.ts'

const RESTART_MS = 1000

export type Thread<R> = {
  /** Opens the store in it. Rejects with StoreError. Once. */
  open(path: string): Promise<void>
  /** Rejects with StoreError. What is in `transfer` is gone afterwards. */
  call(request: R, transfer?: ArrayBuffer[]): Promise<unknown>
  /** Answers what was asked, then ends. Idempotent. */
  close(): Promise<void>
}

type Pending = { resolve: (value: unknown) => void; reject: (error: StoreError) => void }

/**
 * Loads `file` in a thread and resolves once its code is there, so that privileges can be dropped
 * before the store is opened. A thread that dies later fails what it was asked and is started again
 * by the next request, at most once a second.
 */
export async function loadThread<R>(file: URL, log: (text: string) => void): Promise<Thread<R>> {
  const pending = new Map<number, Pending>()
  let ticket = 0
  let closed = false
  let path: string | undefined
  let worker: Worker | undefined
  let ended: Promise<void> = Promise.resolve()
  let loadedAtMs = 0

  function failAll(error: StoreError): void {
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  }

  function load(): Promise<void> {
    loadedAtMs = performance.now()
    const started = new Worker(file)
    worker = started
    ended = new Promise((resolve) => started.once('exit', () => resolve()))
    return new Promise((loaded, refuse) => {
      const die = (error: StoreError) => {
        if (worker !== started) return
        worker = undefined
        refuse(error)
        failAll(error)
      }
      started.on('message', (message: Message) => {
        if (message.kind === 'loaded') loaded()
        else for (const answer of message.answers) settle(answer)
      })
      started.on('error', (cause) => {
        log(`the store's thread failed: ${cause}`)
        die(new StoreError('unavailable', `the store's thread failed: ${cause}`, { cause }))
      })
      started.on('exit', () => die(new StoreError('unavailable', "the store's thread ended")))
    })
  }

  function settle(answer: Extract<Message, { kind: 'answers' }>['answers'][number]): void {
    const asked = pending.get(answer.ticket)
    pending.delete(answer.ticket)
    if (answer.ok) asked?.resolve(answer.value)
    else asked?.reject(new StoreError(answer.code, answer.message))
  }

  function ask(message: { open: string } | { request: R }, transfer: ArrayBuffer[]) {
    return new Promise<unknown>((resolve, reject) => {
      ticket += 1
      pending.set(ticket, { resolve, reject })
      const sent: ToThread<R> = { ticket, ...message }
      worker?.postMessage(sent, transfer)
    })
  }

  /** Its failures reach the callers through their own requests, which wait behind. */
  function restart(): void {
    load().catch(() => {})
    if (path !== undefined) ask({ open: path }, []).catch((error) => log(`${error}`))
  }

  await load()
  return {
    async open(at) {
      path = at
      await ask({ open: at }, [])
    },
    async call(request, transfer = []) {
      if (closed) throw new StoreError('closed', 'the store is closed')
      if (!worker) {
        if (performance.now() - loadedAtMs < RESTART_MS)
          throw new StoreError('unavailable', "the store's thread is down")
        restart()
      }
      return ask({ request }, transfer)
    },
    async close() {
      closed = true
      worker?.postMessage('close')
      await ended
      failAll(new StoreError('closed', 'the store is closed'))
    },
  }
}
