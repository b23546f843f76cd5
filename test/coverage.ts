// Runs a script in a Node of its own and says how much of some files it reached, as V8 counts it.
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

export type Covered = {
  output: string
  /** Share of each file's bytes, in [0, 1], that lie in blocks that ran; 0 for one that was not loaded. */
  shares: Map<string, number>
}

type Range = { startOffset: number; endOffset: number; count: number }
type Script = { url: string; functions: { ranges: Range[] }[] }

/** Resolves when it has exited with 0; rejects with its output otherwise, and when it runs longer than `timeoutMs`. */
export async function runCovered(
  script: string,
  args: string[],
  files: string[],
  timeoutMs: number,
): Promise<Covered> {
  const directory = mkdtempSync(join(tmpdir(), 'freshet-coverage-'))
  try {
    const output = await run(script, args, directory, timeoutMs)
    const scripts = readdirSync(directory).flatMap((name) => {
      const text = readFileSync(join(directory, name), 'utf8')
      return (JSON.parse(text) as { result: Script[] }).result
    })
    const shares = new Map<string, number>()
    for (const file of files) {
      const url = pathToFileURL(file).href
      shares.set(
        file,
        shareOf(
          scripts.find((found) => found.url === url),
          file,
        ),
      )
    }
    return { output, shares }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function run(
  script: string,
  args: string[],
  directory: string,
  timeoutMs: number,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], {
      // Of code from a cache V8 counts less exactly.
      env: { ...process.env, NODE_V8_COVERAGE: directory, NODE_DISABLE_COMPILE_CACHE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const take = (text: Buffer): void => {
      output = (output + text.toString()).slice(-65_536)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', reject)
    child.on('close', (status, signal) => {
      if (status === 0) resolve(output)
      else reject(new Error(`${script} ended with ${status ?? signal}:\n${output}`))
    })
  })
}

/** Outer ranges first: an inner one says better what its bytes did. Blank bytes count for neither. */
function shareOf(script: Script | undefined, file: string): number {
  if (script === undefined) return 0
  const source = readFileSync(file, 'utf8')
  const ran = new Uint8Array(source.length)
  const ranges = script.functions.flatMap((found) => found.ranges)
  ranges.sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  for (const { startOffset, endOffset, count } of ranges)
    ran.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  let code = 0
  let reached = 0
  for (let i = 0; i < source.length; i++) {
    if (/\s/.test(source[i] as string)) continue
    code++
    reached += ran[i] as number
  }
  return code === 0 ? 1 : reached / code
}
