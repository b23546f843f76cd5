import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreError, type StoreErrorCode } from '../../src/collector/store/store-error.ts'
import { loadThread } from '../../src/collector/store/thread.ts'

describe("a store's thread", () => {
  const file = new URL('./mortal-worker.ts', import.meta.url)
  const failsAs = (code: StoreErrorCode) => (error: unknown) =>
    error instanceof StoreError && error.code === code

  it('fails what it was asked when it dies, and opens its store again for the next', async () => {
    const thread = await loadThread<'where' | 'die'>(file, () => {})
    await thread.open('/some/store')
    assert.equal(await thread.call('where'), '/some/store')
    const dying = [thread.call('die'), thread.call('where')]
    for (const asked of dying) await assert.rejects(asked, failsAs('unavailable'))
    let answer: unknown
    for (let tries = 0; answer === undefined && tries < 100; tries++) {
      answer = await thread.call('where').catch((error) => {
        assert(failsAs('unavailable')(error))
        return delay(50)
      })
    }
    assert.equal(answer, '/some/store')
    await thread.close()
  })

  it('answers nothing before its store is open, and nothing after it is closed', async () => {
    const thread = await loadThread<'where'>(file, () => {})
    await assert.rejects(thread.call('where'), failsAs('unavailable'))
    await thread.close()
    await thread.close()
    await assert.rejects(thread.call('where'), failsAs('closed'))
  })

  it('cannot be loaded from a file that is not there', async () => {
    const missing = new URL('./missing-worker.ts', import.meta.url)
    await assert.rejects(
      loadThread(missing, () => {}),
      failsAs('unavailable'),
    )
  })
})
