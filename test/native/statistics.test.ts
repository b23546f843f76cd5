// The source of flows by macOS's NetworkStatistics framework, over a double of it: built here under sanitizers and run;
// what its dictionaries may hold under a fuzzer.
import { equal } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run, sanitizersOf } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/statistics/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1

describe('NetworkStatistics', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'all' : 'asan')
  })

  const programs: Record<string, string> = {
    book: 'tells each flow from its opening to its final counts, with what it sent and nothing else',
    owners: 'names whose a flow is as every other source does, or says that it has gone',
    edges: 'keeps ids, twins, tunnels, a full table and a full ring as they have to be',
    twins: 'takes no flow for the other half of one that it only looks like',
    source: 'says what is there, what is missing and that nobody answers',
  }
  for (const [name, title] of Object.entries(programs))
    it(`${title} (${name})`, async () => {
      const ran = await run(`${folder}build/${name}.asan`, [])
      equal(ran.code, 0, ran.output)
      equal(ran.output, `${name}: ok\n`)
    })

  it('tells of sockets that live by chance what a plain model counts', async function () {
    this.timeout(3_600_000)
    const seeds = times('FRESHET_STATISTICS', { usual: 60, long: 3_000 })
    const ran = await run(`${folder}build/random.asan`, [`${seeds}`])
    equal(ran.code, 0, ran.output)
  })

  it('takes whatever the fuzzer has found, and random bytes', async () => {
    const ran = await run(`${folder}build/trials.asan`, [`${folder}corpus`])
    equal(ran.code, 0, ran.output)
  })

  for (const [sanitizer, name] of sanitizersOf(isWhole))
    it(`does what every source does under ${name}`, async () => {
      const ran = await run(`${folder}build/suite.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      console.log(`      ${ran.output.trim()}`)
    })

  if (!isWhole) return
  it('is called on one queue alone under TSan', async () => {
    const ran = await run(`${folder}build/source.tsan`, [])
    equal(ran.code, 0, ran.output)
  })

  describe('dictionaries', () => {
    before(async function () {
      leaveOut(this, whyNotLinux() ?? whyNoTool('fuzzers'))
      this.timeout(BUILD_MS)
      await make(folder, 'fuzz')
    })

    it('that hold anything are told as an engine may be given it, from a corpus on', async function () {
      this.timeout(3_600_000)
      const found = `${folder}build/corpus`
      mkdirSync(found, { recursive: true })
      const ran = await run(`${folder}build/dictionary.fuzz`, [
        `-runs=${times('FRESHET_FUZZ', { usual: 0, long: 1_000_000 })}`,
        ...['-max_len=600', '-seed=1', `-artifact_prefix=${folder}build/dictionary-`],
        ...[found, `${folder}corpus`],
      ])
      equal(ran.code, 0, ran.output)
      console.log(`      ${/#\d+\s+DONE.*/.exec(ran.output)?.[0] ?? ''}`)
    })
  })
})

describe('the adapter of NetworkStatistics', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('blocks'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'adapter' : 'adapter_asan')
  })

  it('hears what the framework says and asks by what it has, whatever its values are (adapter)', async () => {
    const ran = await run(`${folder}build/adapter.blocks.asan`, [])
    equal(ran.code, 0, ran.output)
    equal(ran.output, 'adapter: ok\n')
  })

  for (const [sanitizer, name] of sanitizersOf(isWhole)) {
    it(`ends while blocks wait, begins anew, and keeps nothing under ${name}`, async () => {
      const ran = await run(`${folder}build/adapter_end.blocks.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      equal(ran.output, 'adapter_end: ok\n')
    })

    it(`does what every source does under ${name}`, async () => {
      const ran = await run(`${folder}build/adapter_suite.blocks.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      console.log(`      ${ran.output.trim()}`)
    })
  }
})
