// Pages that listen: server-sent events (html.spec.whatwg.org, 9.2), each with a bounded buffer.
import type { ServerResponse } from 'node:http'
import type { Counters } from '../terms/counters.ts'
import type { Limits } from '../terms/limits.ts'
import type { BeginEvent, PageEvent } from '../views/page-api.ts'
import { RecentEvents } from './recent-events.ts'

const COMMENT_MS = 15_000
/** After the last page has gone, how long events are made for it: pages try again each 10 s at the latest. */
const RESUME_MS = 30_000

export class Pages {
  readonly #open = new Set<ServerResponse>()
  readonly #limits: Limits
  readonly #counters: Counters
  readonly #comment: NodeJS.Timeout
  readonly #recent: RecentEvents
  #leftAtMs = Number.NEGATIVE_INFINITY

  constructor(limits: Limits, counters: Counters) {
    this.#limits = limits
    this.#counters = counters
    this.#recent = new RecentEvents(limits.pageBacklogBytesMax / 4)
    // Proxies end what is silent.
    this.#comment = setInterval(() => this.#write(':\n\n'), COMMENT_MS).unref()
  }

  /** Whether anybody listens, or may come back for what it missed: if not, events need not be made. */
  listening(): boolean {
    return this.#open.size > 0 || performance.now() - this.#leftAtMs < RESUME_MS
  }

  /**
   * Begins a stream on a response whose headers are set, after the event that the page had last. False when there are
   * too many.
   */
  add(response: ServerResponse, lastEventId?: string): boolean {
    if (this.#open.size >= this.#limits.pagesMax) {
      this.#counters.add('pagesRefused')
      return false
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' })
    // While nobody listened no events were made.
    if (!this.listening()) this.#recent.forget()
    const missed = lastEventId === undefined ? undefined : this.#recent.after(lastEventId)
    if (missed) this.#counters.add('pagesResumed')
    const { type, ...rest } = { type: 'begin', resumed: missed !== undefined } satisfies BeginEvent
    response.write(eventText(missed ? lastEventId : this.#recent.id, type, rest))
    for (const text of missed ?? []) response.write(text)
    response.on('close', () => this.#remove(response))
    response.on('error', () => this.#remove(response))
    this.#open.add(response)
    return true
  }

  publish(event: PageEvent): void {
    const { type, ...rest } = event
    this.#write(this.#recent.add((id) => eventText(id, type, rest)))
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
    this.#remove(response)
    this.#counters.add('pagesBehind')
    response.destroy()
  }

  #remove(response: ServerResponse): void {
    if (this.#open.delete(response) && this.#open.size === 0) this.#leftAtMs = performance.now()
  }
}

/** JSON has no line breaks, so one data line holds it. */
const eventText = (id: string | undefined, type: string, rest: object): string =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(rest)}\n\n`
