// The Endpoint Security source itself, on Linux against a double of macOS's calls, under sanitizers.
// FRESHET_BURST=10000000 for a longer burst.
import { equal } from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run, sanitizersOf } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/mac/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1
const BURST = `${times('FRESHET_BURST', { usual: 50_000, long: 1_000_000 })}`

describe('the Endpoint Security source', () => {
  before(async function () {
    this.timeout(BUILD_MS)
    leaveOut(this, whyNotLinux() ?? whyNoTool('blocks'))
    await make(folder, isWhole ? 'client' : 'client_asan')
  })

  for (const [sanitizer, name] of sanitizersOf(isWhole)) {
    it(`starts, heals, enumerates and tells time under ${name}`, async () => {
      const ran = await run(`${folder}build/es_source.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
    })

    it(`does what every source does under ${name}`, async () => {
      const ran = await run(`${folder}build/es_suite.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      console.log(`      ${ran.output.trim()}`)
    })

    it(`tells or counts each message of a burst under ${name}`, async function () {
      this.timeout(600_000)
      const ran = await run(`${folder}build/es_burst.${sanitizer}`, [BURST])
      equal(ran.code, 0, ran.output)
      for (const line of ran.output.trim().split('\n').slice(0, -1)) console.log(`      ${line}`)
    })
  }
})
