// The list of processes as a source, over a double of macOS's processes and kqueue: built here under sanitizers and run.
import { equal } from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run, sanitizersOf } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/polling/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1

describe('the list of processes', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'all' : 'asan')
  })

  it('tells each program that lives longer than a look once, and the end of none that lives', async function () {
    this.timeout(3_600_000)
    const seeds = times('FRESHET_POLLING', { usual: 40, long: 1_000 })
    const ran = await run(`${folder}build/random.asan`, [`${seeds}`])
    equal(ran.code, 0, ran.output)
  })

  for (const [sanitizer, name] of sanitizersOf(isWhole)) {
    it(`tells execs, ends and whom a flow names at once, and says what it cannot see, under ${name}`, async () => {
      const ran = await run(`${folder}build/source.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
    })

    it(`and NetworkStatistics tell each other at once of new flows and of execs, under ${name}`, async () => {
      const ran = await run(`${folder}build/hub.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
    })

    it(`does what every source does under ${name}`, async () => {
      const ran = await run(`${folder}build/suite.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      console.log(`      ${ran.output.trim()}`)
    })
  }
})
