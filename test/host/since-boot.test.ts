import { ok } from 'node:assert/strict'
import { uptime } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { sinceBootMs } from '../../src/host/since-boot.ts'

describe('time since this machine was started', () => {
  it('is at most a tenth of a second behind the system, and never goes back', async () => {
    let before = sinceBootMs()
    for (let look = 0; look < 10; look++) {
      const leastMs = uptime() * 1000 - 100
      const now = sinceBootMs()
      ok(now >= before, `${before}, then ${now}`)
      // The system's own grain is a hundredth of a second on Linux, a whole one on a Mac.
      ok(now >= leastMs - 10 && now <= uptime() * 1000, `${now} is not from ${leastMs} on`)
      before = now
      await pause(30)
    }
  })

  it('costs a message of thousands a second next to nothing', () => {
    const costMs = (calls: number, call: () => unknown): number => {
      const startMs = performance.now()
      for (let made = 0; made < calls; made++) call()
      return performance.now() - startMs
    }
    const costs = [1, 2, 3].map(() => costMs(1000, sinceBootMs) / costMs(1000, uptime))
    ok(Math.min(...costs) < 0.5, `${costs.join(', ')} of asking the system`)
  })
})
