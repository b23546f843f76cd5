// Builds the native tests under sanitizers and runs them.
import { equal } from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { times } from '../long.ts'
import { BUILD_MS, make, run, sanitizersOf } from './run.ts'
import { whyNotLive } from './watch.ts'

const folder = fileURLToPath(new URL('../../native/test/', import.meta.url))
const isWhole = times('FRESHET_SANITIZERS', { usual: 0, long: 1 }) === 1

describe('native tests', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, isWhole ? 'all' : 'asan')
  })

  // A race wants two threads.
  const threaded = ['ring', 'files', 'source', 'ends']
  const alone = [
    ...['parser', 'tables', 'flows', 'arguments', 'executed', 'loader_file', 'exec_catcher'],
    ...['inspector', 'btf_types', 'kernel', 'subflow'],
  ]
  for (const [sanitizer, title] of sanitizersOf(isWhole))
    for (const name of sanitizer === 'asan' ? [...threaded, ...alone] : threaded)
      it(`${name} under ${title}`, async function () {
        if (['kernel', 'subflow', 'source', 'ends'].includes(name)) leaveOut(this, whyNotLive())
        const ran = await run(`${folder}build/${name}.${sanitizer}`, [])
        equal(ran.code, 0, ran.output)
        for (const line of ran.output.trim().split('\n')) console.log(`      ${line}`)
      })
})
