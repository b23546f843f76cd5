// Server-sent events (html.spec.whatwg.org, 9.2) over fetch: an EventSource cannot send the key in a header.

export type StreamedEvent = { type: string; id: string; data: string }

/** The largest event is an alert, of some KB; the missed ones that come together are 256 KiB. */
const EVENT_CHARS_MAX = 4 * 1024 * 1024
/** The collector says something each 15 s. */
const SILENCE_MS = 45_000

/** Cuts events out of text as it comes, in pieces of any size. */
export class EventCutter {
  #rest = ''

  /** Throws when an event has no end. */
  push(text: string): StreamedEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() as string
    if (this.#rest.length > EVENT_CHARS_MAX)
      throw new Error('An event of the collector is too long.')
    return blocks.flatMap((block) => eventOf(block) ?? [])
  }
}

/** A block without data is a comment, which says that the connection lives. */
function eventOf(block: string): StreamedEvent | undefined {
  const fields = new Map<string, string>()
  for (const line of block.split('\n')) {
    const at = line.indexOf(':')
    if (at > 0) fields.set(line.slice(0, at), line.slice(at + 1).replace(/^ /, ''))
  }
  const data = fields.get('data')
  if (data === undefined) return undefined
  return { type: fields.get('event') ?? 'message', id: fields.get('id') ?? '', data }
}

/** The events of a response, until it ends or is silent for too long; then it throws. */
export async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  silenceMs = SILENCE_MS,
): AsyncGenerator<StreamedEvent, never> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const cutter = new EventCutter()
  try {
    for (;;) {
      const { done, value } = await within(silenceMs, reader.read())
      if (done) throw new Error('The stream of events ended.')
      yield* cutter.push(decoder.decode(value, { stream: true }))
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

async function within<T>(ms: number, wanted: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The collector says nothing any more.')), ms)
  })
  try {
    return await Promise.race([wanted, late])
  } finally {
    clearTimeout(timer)
  }
}
