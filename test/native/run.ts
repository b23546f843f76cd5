// Runs a program to its end: what the native tests are made of.
import { spawn } from 'node:child_process'

export type Ran = { code: number | null; output: string }

/** Its exit status (null: a signal ended it) and the last 20,000 characters it said. Rejects when there is no such program. */
export function run(command: string, args: readonly string[]): Promise<Ran> {
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
