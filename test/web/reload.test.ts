// A list that is loaded anew: nothing that is told meanwhile is left out, and a load that failed is tried again.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { createReload } from '../../src/collector/web/reload.ts'

type Asked = { resolve(rows: string[]): void; reject(why: Error): void }

function stage() {
  const asked: Asked[] = []
  const put: string[][] = []
  const waits: { act: () => void; ms: number }[] = []
  const list = createReload<string[], string>({
    get: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    put: (rows, meanwhile) => void put.push([...rows, ...meanwhile]),
    later: (act, ms) => waits.push({ act, ms }),
  })
  return { list, asked, put, waits }
}

describe('page: a list that is loaded anew', () => {
  it('asks once more for what came while it was asked, however often, with what was told', async () => {
    const { list, asked, put } = stage()
    list.told('before it')
    list.ask()
    list.told('a')
    list.ask()
    list.ask()
    assert.equal(asked.length, 1)
    asked[0]?.resolve(['x'])
    await turn()
    assert.deepEqual(put, [['x', 'a']])
    assert.equal(asked.length, 2)
    asked[1]?.resolve(['y'])
    await turn()
    assert.deepEqual(put.at(-1), ['y'])
    assert.equal(asked.length, 2)
  })

  it('tries again what failed, less and less often, and not when it was loaded otherwise', async () => {
    const { list, asked, put, waits } = stage()
    list.ask()
    for (let n = 0; n < 7; n++) {
      asked.at(-1)?.reject(new Error('busy'))
      await turn()
      list.ask()
      assert.equal(asked.length, n + 1)
      waits.at(-1)?.act()
    }
    assert.deepEqual(
      waits.map(({ ms }) => ms),
      [500, 1000, 2000, 4000, 8000, 10_000, 10_000],
    )
    asked.at(-1)?.resolve(['x'])
    await turn()
    assert.deepEqual(put, [['x']])
    list.ask()
    asked.at(-1)?.reject(new Error('busy'))
    await turn()
    assert.equal(waits.at(-1)?.ms, 500)
    list.forget()
    const before = asked.length
    waits.at(-1)?.act()
    assert.equal(asked.length, before)
  })
})
