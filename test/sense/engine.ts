// An engine of the tests, run by sense as a process: keeps what it is given in a file, and does as it was told.
//   engine.ts DIRECTORY BEHAVIOURS
// BEHAVIOURS is JSON, an array of Behaviour: of the first run, the second, ...; the last is that of all later ones.
import { spawn } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Direction,
  FlowState,
  Source,
  Subject,
  writeAcknowledge,
  writeFlow,
  writeInspect,
} from '../../src/records/record.gen.ts'
import { REFUSED_BEFORE } from '../../src/sense/exit.ts'

export type Behaviour = {
  /** Ends once it has so many bytes ... */
  exitAfterBytes?: number
  /** ... with this status. */
  status?: number
  /** Acknowledges as soon as it has so many bytes, and no more. */
  acknowledgeBytes?: number
  /** Acknowledges a million bytes at once. */
  acknowledgesTooMuch?: boolean
  /** Acknowledges all that it has once this file is in the directory. */
  acknowledgeAtFile?: string
  /** Asks what /bin/true is when it has so many bytes. */
  askAfterBytes?: number
  /** Sends a flow record, which no engine may. */
  sendsFlow?: boolean
  /** Leaves a process behind that goes on acknowledging a byte on the pipe. */
  leavesAcknowledger?: boolean
}

/** File that the run with this number, from 0, keeps what it was given in. */
export const runFile = (directory: string, run: number): string => join(directory, `run-${run}`)

/** What each run was told of the refusals before it, a line each. */
export const refusedFile = (directory: string): string => join(directory, 'refused')

const acknowledgement = (throughBytes: number): Uint8Array =>
  writeAcknowledge({ source: Source.none, atNs: 0n, throughBytes: BigInt(throughBytes) })

function runAs(behaviour: Behaviour, directory: string, file: string): void {
  writeFileSync(file, '')
  appendFileSync(refusedFile(directory), `${process.env[REFUSED_BEFORE]}\n`)
  const pipe = new Socket({ fd: 3, readable: true, writable: true })
  let got = 0
  let wasAsked = false
  let wasAcknowledged = false
  const look = () => {
    const { acknowledgeBytes, askAfterBytes, exitAfterBytes } = behaviour
    if (acknowledgeBytes !== undefined && got >= acknowledgeBytes && !wasAcknowledged) {
      wasAcknowledged = true
      pipe.write(acknowledgement(acknowledgeBytes))
    }
    if (askAfterBytes !== undefined && got >= askAfterBytes && !wasAsked) {
      wasAsked = true
      pipe.write(
        writeInspect({
          source: Source.none,
          atNs: 0n,
          dev: 1n,
          ino: 2n,
          pid: 3,
          pidversion: 4,
          cdhash: new Uint8Array(20),
          subject: Subject.program,
          flags: 0,
          path: '/bin/true',
        }),
      )
    }
    if (exitAfterBytes !== undefined && got >= exitAfterBytes)
      pipe.write('', () => process.exit(behaviour.status ?? 0))
  }
  pipe.on('data', (bytes: Buffer) => {
    appendFileSync(file, bytes)
    got += bytes.length
    look()
  })
  pipe.on('end', () => process.exit())
  const { acknowledgeAtFile } = behaviour
  if (acknowledgeAtFile !== undefined) {
    let through = 0
    setInterval(() => {
      if (got === through || !existsSync(join(directory, acknowledgeAtFile))) return
      through = got
      pipe.write(acknowledgement(through))
    }, 5)
  }
  if (behaviour.acknowledgesTooMuch) pipe.write(acknowledgement(1_000_000))
  if (behaviour.sendsFlow) pipe.write(flow())
  if (behaviour.leavesAcknowledger)
    spawn(process.execPath, [fileURLToPath(import.meta.url), '--acknowledge'], {
      stdio: ['ignore', 'ignore', 'ignore', 3],
      detached: true,
    }).unref()
  look()
}

/** Acknowledges a byte every 2 ms for half a second, or until nobody can hear it. */
function acknowledgeOn(): void {
  const pipe = new Socket({ fd: 3, writable: true })
  pipe.on('error', () => process.exit())
  setInterval(() => pipe.write(acknowledgement(1)), 2)
  setTimeout(() => process.exit(), 500)
}

const flow = (): Uint8Array =>
  writeFlow({
    source: Source.linux,
    atNs: 1n,
    flowId: 1n,
    bytesOut: 1n,
    bytesIn: 0n,
    epoch: 0,
    pid: 1,
    pidversion: 1,
    flags: 0,
    remoteAddr: new Uint8Array(16),
    remotePort: 443,
    localPort: 1,
    protocol: 6,
    direction: Direction.outbound,
    state: FlowState.opened,
  })

if (process.argv[2] === '--acknowledge') acknowledgeOn()
else if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [directory, plan] = process.argv.slice(2) as [string, string]
  const behaviours = JSON.parse(plan) as Behaviour[]
  const run = readdirSync(directory).filter((name) => name.startsWith('run-')).length
  const behaviour = behaviours[Math.min(run, behaviours.length - 1)] ?? {}
  runAs(behaviour, directory, runFile(directory, run))
}
