// Builds the native tests under sanitizers and runs them.
import { equal } from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { BUILD_MS, make, run } from './run.ts'
import { whyNotLive } from './watch.ts'

const folder = fileURLToPath(new URL('../../native/test/', import.meta.url))

describe('native tests', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, 'all')
  })

  // A race wants two threads.
  const threaded = ['ring', 'files', 'source', 'ends']
  const alone = [
    ...['parser', 'tables', 'flows', 'arguments', 'executed', 'loader_file', 'exec_catcher'],
    ...['inspector', 'btf_types', 'kernel', 'subflow'],
  ]
  for (const [sanitizer, names] of Object.entries({
    asan: [...threaded, ...alone],
    tsan: threaded,
  }))
    for (const name of names)
      it(`${name} under ${sanitizer === 'asan' ? 'ASan and UBSan' : 'TSan'}`, async function () {
        if (['kernel', 'subflow', 'source', 'ends'].includes(name)) leaveOut(this, whyNotLive())
        const ran = await run(`${folder}build/${name}.${sanitizer}`, [])
        equal(ran.code, 0, ran.output)
        for (const line of ran.output.trim().split('\n')) console.log(`      ${line}`)
      })
})
