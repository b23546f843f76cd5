// Pages that listen: server-sent events (html.spec.whatwg.org, 9.2), each with a bounded buffer.
import type { ServerResponse } from 'node:http'
import type { Counters } from '../counters.ts'
import type { Limits } from '../limits.ts'
import type { PageEvent } from '../page-api.ts'

const RECONNECT_MS = 2000
const COMMENT_MS = 15_000

export class Pages {
  readonly #open = new Set<ServerResponse>()
  readonly #limits: Limits
  readonly #counters: Counters
  readonly #comment: NodeJS.Timeout

  constructor(limits: Limits, counters: Counters) {
    this.#limits = limits
    this.#counters = counters
    // Proxies end what is silent.
    this.#comment = setInterval(() => this.#write(':\n\n'), COMMENT_MS).unref()
  }

  /** Whether anybody listens: if not, events need not be made. */
  listening(): boolean {
    return this.#open.size > 0
  }

  /** Begins a stream on a response whose headers are set. False when there are too many. */
  add(response: ServerResponse): boolean {
    if (this.#open.size >= this.#limits.pagesMax) {
      this.#counters.add('pagesRefused')
      return false
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    response.write(`retry: ${RECONNECT_MS}\n\n`)
    response.on('close', () => this.#open.delete(response))
    response.on('error', () => this.#open.delete(response))
    this.#open.add(response)
    return true
  }

  publish(event: PageEvent): void {
    const { type, ...rest } = event
    // JSON has no line breaks, so one data line holds it.
    this.#write(`event: ${type}\ndata: ${JSON.stringify(rest)}\n\n`)
  }

  /** Ends all streams: what they missed cannot be told one by one, they load their lists again. */
  restartAll(): void {
    for (const response of this.#open) this.#drop(response)
  }

  close(): void {
    clearInterval(this.#comment)
    for (const response of this.#open) response.end()
    this.#open.clear()
  }

  #write(text: string): void {
    for (const response of this.#open) {
      response.write(text)
      if (response.writableLength > this.#limits.pageBacklogBytesMax) this.#drop(response)
    }
  }

  #drop(response: ServerResponse): void {
    this.#open.delete(response)
    this.#counters.add('pagesBehind')
    response.destroy()
  }
}
