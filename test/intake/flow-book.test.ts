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
    assert.equal(
      book.sameFlow(other, () => true),
      row,
    )
    tell(filter, { id: 1, out: 0, localPort: 51, pid: 7 })
    assert.equal(
      book.sameFlow(ported, () => true),
      row,
    )
    assert.equal(
      book.sameFlow(other, () => true),
      undefined,
    )
  })

  it('finds none that it has forgotten, whichever ends it had', () => {
    const { book, tell, expire } = opened()
    const told = { id: 1, out: 0, pid: 7 }
    tell(filter, { ...told, localPort: 0 })
    tell(filter, { ...told, localPort: 51 })
    tell(filter, { ...told, localPort: 51, state: 'closed' })
    assert.equal(expire().length, 1)
    const row = tell(statistics, { id: 70, out: 0, localPort: 51, pid: 7 })
    assert.equal(
      book.sameFlow(row, () => true),
      undefined,
    )
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
          book.sameFlow(row, () => true)
          book.sockets(row)
          book.ofSocket(row)
        }
      const each = book.looked() / (2 * many)
      assert.ok(each < 12, `${what}: ${each}`)
    }
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
