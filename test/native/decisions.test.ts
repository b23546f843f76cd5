// What the native code decides in plain C++, of macOS over doubles of Apple's calls: built under ASan and UBSan.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { leaveOut, whyNoTool, whyNotLinux } from '../left-out.ts'
import { BUILD_MS, make } from './run.ts'

const folder = fileURLToPath(new URL('../../native/test/', import.meta.url))
/** Rejects with what the program printed when it fails. */
const run = promisify(execFile)

describe('decisions of the native code', () => {
  before(async function () {
    leaveOut(this, whyNotLinux() ?? whyNoTool('sanitizers'))
    this.timeout(BUILD_MS)
    await make(folder, 'decisions')
  })

  it('tells of the processes alive at the start: each image whole, and once', async () => {
    await run(`${folder}build/running.asan`)
  })

  it('tells which script a running process says that it runs, and what code its environment asked for', async () => {
    await run(`${folder}build/running_call.asan`)
  })

  it('tells whose a signature is, of the slice that runs, and whether it holds', async () => {
    await run(`${folder}build/code_inspector.asan`)
  })

  it('waits for no mount of a user or a server at a look, nor behind links, and believes no owner there (macOS)', async () => {
    await run(`${folder}build/mac_files.asan`)
  })

  it('tells how a file came here, by what root or its owner keeps, within bounds', async () => {
    await run(`${folder}build/file_origin.asan`)
  })

  it('finds the file that an interpreter was given to run, and tells nothing else of its arguments', async () => {
    await run(`${folder}build/script_rules.asan`)
  })
})
