import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EventCutter, eventsOf, type StreamedEvent } from '../../src/collector/web/event-stream.ts'

const TEXT = [
  'id: r-0\nevent: begin\ndata: {"resumed":false}\n\n',
  ':\n\n',
  'id: r-1\nevent: alert\ndata: {"name":"é: \u{1f600}"}\n\n',
  'data:no space\n\n',
].join('')
const EVENTS: StreamedEvent[] = [
  { id: 'r-0', type: 'begin', data: '{"resumed":false}' },
  { id: 'r-1', type: 'alert', data: '{"name":"é: \u{1f600}"}' },
  { id: '', type: 'message', data: 'no space' },
]

const bodyOf = (chunks: readonly Uint8Array[], ends: boolean): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      if (ends) controller.close()
    },
  })

/** What it yields, and what it throws at its end. */
async function read(events: AsyncGenerator<StreamedEvent>): Promise<[StreamedEvent[], string]> {
  const seen: StreamedEvent[] = []
  try {
    for await (const event of events) seen.push(event)
  } catch (error) {
    return [seen, (error as Error).message]
  }
  throw new Error('it ended without a word')
}

describe('page: the stream of events', () => {
  it('is the same however its bytes come', async () => {
    const bytes = new TextEncoder().encode(TEXT)
    const cuts = fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        const ends = [0, ...places.sort((a, b) => a - b), bytes.length]
        const chunks = ends.slice(1).map((end, at) => bytes.slice(ends[at], end))
        const [seen, why] = await read(eventsOf(bodyOf(chunks, true)))
        assert.deepEqual(seen, EVENTS)
        assert.equal(why, 'The stream of events ended.')
      }),
    )
  })

  it('is given up when the collector says nothing any more', async () => {
    const [seen, why] = await read(eventsOf(bodyOf([new TextEncoder().encode(TEXT)], false), 5))
    assert.deepEqual(seen, EVENTS)
    assert.equal(why, 'The collector says nothing any more.')
  })

  it('is given up when an event has no end', () => {
    const cutter = new EventCutter()
    const megabyte = `data: ${'x'.repeat(1024 * 1024)}`
    assert.throws(() => {
      for (let count = 0; count < 5; count++) cutter.push(megabyte)
    }, /too long/)
  })
})
