// The rows of flows: found by their ends, and forgotten.
import assert from 'node:assert/strict'
import { createFlowBook } from '../../src/intake/flow-book.ts'
import { Source, Teller, type Told } from './flows.ts'

const { filter, networkStatistics: statistics } = Source

function opened() {
  const teller = new Teller()
  const book = createFlowBook()
  const tell = (source: number, told: Told) => book.take(teller.flow(source, told)).row
  const expire = () => book.expire(teller.head(filter).atNs + 1n, () => false)
  return { teller, book, tell, expire }
}

describe('the book of flows', () => {
  it('finds a flow by its process, and by its port as soon as that is known', () => {
    const { book, tell } = opened()
    const row = tell(filter, { id: 1, out: 0, localPort: 0, pid: 7 })
    const ported = tell(statistics, { id: 70, out: 0, localPort: 51, pid: 7 })
    const other = tell(statistics, { id: 71, out: 0, localPort: 52, pid: 7 })
    assert.equal(book.sameFlow.find(other, 'all'), row)
    tell(filter, { id: 1, out: 0, localPort: 51, pid: 7 })
    assert.equal(book.sameFlow.find(ported, 'all'), row)
    assert.equal(book.sameFlow.find(other, 'all'), undefined)
  })

  it('finds none that it has forgotten, whichever ends it had', () => {
    const { book, tell, expire } = opened()
    const told = { id: 1, out: 0, pid: 7 }
    tell(filter, { ...told, localPort: 0 })
    tell(filter, { ...told, localPort: 51 })
    tell(filter, { ...told, localPort: 51, state: 'closed' })
    assert.equal(expire().length, 1)
    const row = tell(statistics, { id: 70, out: 0, localPort: 51, pid: 7 })
    assert.equal(book.sameFlow.find(row, 'all'), undefined)
  })

  it('looks at few rows for each, be there thousands to one peer, from one UDP port or of one process', () => {
    const many = 2_000
    const peer = (index: number) => `198.18.${index >> 8}.${index & 255}`
    const kinds: [string, (index: number) => Partial<Told>][] = [
      ['TCP to one peer', (index) => ({ localPort: 1_024 + index })],
      ['TCP of ports', (index) => ({ localPort: 1_024 + index, to: peer(index) })],
      ['UDP to one peer', (index) => ({ protocol: 17, localPort: 1_024 + index })],
      ['UDP of one port', (index) => ({ protocol: 17, localPort: 5_000, to: peer(index) })],
      ['UDP without ports', (index) => ({ protocol: 17, localPort: 0, to: peer(index) })],
    ]
    for (const [what, of] of kinds) {
      const { book, tell } = opened()
      for (let index = 0; index < many; index++)
        for (const [source, first] of [
          [filter, 1],
          [statistics, 10_000],
        ] as const) {
          const row = tell(source, { id: first + index, out: 1, pid: 7, ...of(index) })
          book.sameFlow.find(row, 'all')
          book.sockets(row)
          book.ofSocket(row)
        }
      const each = book.looked() / (2 * many)
      assert.ok(each < 12, `${what}: ${each}`)
    }
  })

  it('looks at few of thousands without a port to one peer, for what has ended and for whether there is any', () => {
    const many = 2_000
    const { book, tell } = opened()
    for (let index = 0; index < many; index++) {
      const row = tell(filter, { id: 1 + index, out: 1, pid: 7, localPort: 0 })
      if (index % 400 !== 0) continue
      row.ended = {
        ...{ id: row.id, epoch: 1, out: 1, in: 0, baseOut: 0, baseIn: 0 },
        pid: 7,
        pidversion: 1,
      }
      book.touch(row)
    }
    const before = book.looked()
    for (let index = 0; index < many; index++) {
      const row = tell(statistics, { id: 10_000 + index, out: 1, pid: 7, localPort: 1_024 + index })
      assert.ok(book.sameFlow.has(row, 'all'))
      assert.ok(book.sameFlow.find(row, 'ended'))
      assert.equal(book.sameFlow.find(row, 'given'), undefined)
    }
    const each = (book.looked() - before) / many
    assert.ok(each < 12, `${each}`)
  })

  it('forgets what was told as closed, and not what is only lost, until it is told again', () => {
    const { tell, expire } = opened()
    const row = tell(filter, { id: 1, out: 0 })
    Object.assign(row, { isOpen: false, isLost: true })
    assert.equal(expire().length, 0)
    tell(filter, { id: 1, out: 0, state: 'closed' })
    assert.equal(expire().length, 1)
  })
})
