import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const HEAP = fileURLToPath(new URL('../../src/host/heap.ts', import.meta.url))

/** Holds 30 MB, and beside it makes slowly what dies when it is old; prints what its heap came to, in bytes. */
const PROGRAM = `
  const { keepHeapSmall } = await import(${JSON.stringify(HEAP)})
  if (process.argv[1] === 'small') keepHeapSmall()
  const lives = Array.from({ length: 250_000 }, (_, at) => ({ at, text: 'x' + at }))
  const ring = new Array(100_000)
  let most = 0
  for (let at = 0; at < 6_000_000; at++) {
    ring[at % ring.length] = { at, text: 'y' + at, more: [at] }
    if (at % 20_000 !== 0) continue
    most = Math.max(most, process.memoryUsage().heapTotal)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  console.log(lives.length && most)
`

describe('A heap that is kept small', () => {
  it('has less that died in it than V8 leaves by itself', async () => {
    const [small, usual] = await Promise.all(
      ['small', 'usual'].map(async (how) => {
        const args = ['--input-type=module', '-e', PROGRAM, how]
        const { stdout, stderr } = await promisify(execFile)(process.execPath, args)
        assert.equal(stderr, '')
        return Number(stdout)
      }),
    )
    assert.ok(small! < 0.75 * usual!, `${small} of ${usual} bytes`)
  })
})
