// The menu bar app's decisions, built and run on Linux under sanitizers.
import { equal } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { leaveOut, whyNoProgram } from '../left-out.ts'

const folder = fileURLToPath(new URL('../../native/test/app/', import.meta.url))
const programs = fileURLToPath(new URL('../../native/test/build/app/', import.meta.url))

describe('the menu bar app', () => {
  before(async function () {
    leaveOut(this, whyNoProgram(['g++', 'make'], 'g++ make'))
    this.timeout(300_000)
    const made = await run('make', ['-C', folder, '-s', `-j${availableParallelism()}`, 'all'])
    equal(made.code, 0, made.output)
  })

  for (const [program, does] of [
    ['activation.asan', 'switches the network monitor on and off as it may'],
    ['start.asan', 'knows what it was started for, and when to look after the monitor'],
    ['menu.asan', 'reads status lines and nothing else'],
    ['status_client.asan', 'follows an engine, and says when there is none'],
    ['status_client.tsan', 'does so without a race'],
  ] as const)
    it(`${does} (${program})`, async function () {
      this.timeout(60_000)
      const ran = await run(`${programs}${program}`, [])
      equal(ran.code, 0, ran.output)
    })

  it('reads whatever a fuzzer makes of status lines', async function () {
    leaveOut(this, whyNoProgram(['clang++-19'], 'clang-19 libclang-rt-19-dev'))
    this.timeout(3_600_000)
    const made = await run('make', ['-C', folder, '-s', 'fuzz'])
    equal(made.code, 0, made.output)
    const runs = process.env['FRESHET_FUZZ'] ?? '20000'
    mkdirSync(`${programs}corpus`, { recursive: true })
    const ran = await run(`${programs}status_line.fuzz`, [
      `-runs=${runs}`,
      '-seed=1',
      '-max_len=4096',
      `-artifact_prefix=${programs}`,
      `-dict=${folder}status_line.dict`,
      `${programs}corpus`,
      `${folder}corpus`,
    ])
    equal(ran.code, 0, ran.output)
    console.log(`      ${/Done .*|#\d+\s+DONE.*/.exec(ran.output)?.[0] ?? ''}`)
  })
})

function run(command: string, args: string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const keep = (data: Buffer) => {
      output = (output + data.toString()).slice(-20_000)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
