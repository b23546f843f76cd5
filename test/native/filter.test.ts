// The network filter's plain C++, which a Mac runs in its system extension and its daemon: built here under sanitizers
// and run against doubles of what carries its messages; its decoders under a fuzzer.
import { equal } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run, sanitizersOf } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/filter/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1

describe('network filter', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'all' : 'asan')
  })

  const programs = {
    asan: [
      ...['endpoint', 'ledger', 'bounds', 'edges', 'protocol', 'versions', 'gaps', 'wire'],
      ...['threads', 'listener', 'provider', 'trials'],
    ],
    tsan: isWhole ? ['threads', 'listener', 'provider'] : [],
  }
  for (const [sanitizer, names] of Object.entries(programs))
    for (const name of names)
      it(`${name} under ${sanitizer === 'asan' ? 'ASan and UBSan' : 'TSan'}`, async () => {
        const ran = await run(
          `${folder}build/${name}.${sanitizer}`,
          name === 'trials' ? [`${folder}corpus`] : [],
        )
        equal(ran.code, 0, ran.output)
        equal(ran.output, `${name}: ok\n`)
      })

  if (!isWhole) return
  describe('fuzzers', () => {
    before(async function () {
      leaveOut(this, whyNotLinux() ?? whyNoTool('fuzzers'))
      this.timeout(BUILD_MS)
      await make(folder, 'fuzzers')
    })

    for (const [target, maxBytes] of Object.entries({ report: 400, batch: 512, message: 512 }))
      it(`${target}: from its corpus on`, async function () {
        this.timeout(3_600_000)
        const found = `${folder}build/corpus/${target}`
        mkdirSync(found, { recursive: true })
        const ran = await run(`${folder}build/${target}.fuzz`, [
          ...[
            `-runs=${times('FRESHET_FUZZ', { usual: 0, long: 20_000 })}`,
            `-max_len=${maxBytes}`,
            '-seed=1',
          ],
          ...[`-artifact_prefix=${folder}build/${target}-`, found, `${folder}corpus/${target}`],
        ])
        equal(ran.code, 0, ran.output)
        console.log(`      ${/#\d+\s+DONE.*/.exec(ran.output)?.[0] ?? ''}`)
      })
  })
})

describe('the flow listener over XPC', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('blocks'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'xpc' : 'xpc_asan')
  })

  for (const [sanitizer, name] of sanitizersOf(isWhole)) {
    it(`lets in, answers and turns away under ${name}`, async () => {
      const ran = await run(`${folder}build/xpc.blocks.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
    })

    it(`does what every source does under ${name}`, async () => {
      const ran = await run(`${folder}build/suite.blocks.${sanitizer}`, [])
      equal(ran.code, 0, ran.output)
      console.log(`      ${ran.output.trim()}`)
    })
  }
})
