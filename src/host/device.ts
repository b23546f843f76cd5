// Who this device is to a collector: a random UUID made at the first start. Nothing of the hardware is
// sent; its UUID only guards against a disk that was cloned.
import { createHash, randomUUID } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { hostUuid } from './libc.ts'

const FILE = 'device-id'
const CONTENT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n(?:([0-9a-f]{64})\n)?$/

/**
 * The id kept in `stateDir`, made when there is none, when the file is damaged, or when it was made on
 * other hardware (two Macs with one id would throw each other out of the collector). The old file is kept
 * as device-id.old. `hardware` is this machine's gethostuuid(2), undefined where the system has none.
 * Throws what the file system throws.
 */
export function readOrMakeDeviceId(stateDir: string, hardware = hostUuid()): string {
  const path = join(stateDir, FILE)
  const text = readIfThere(path)
  const [, id, seal] = CONTENT.exec(text ?? '') ?? []
  if (id !== undefined) {
    if (seal !== undefined && hardware !== undefined && seal !== sealOf(id, hardware))
      return replace(path, hardware)
    return id
  }
  return text === undefined ? make(path, hardware) : replace(path, hardware)
}

function replace(path: string, hardware: string | undefined): string {
  renameSync(path, `${path}.old`)
  return make(path, hardware)
}

/** Written beside and renamed, so that a crash leaves no half id. */
function make(path: string, hardware: string | undefined): string {
  const id = randomUUID()
  const file = openSync(`${path}.new`, 'w', 0o600)
  try {
    writeSync(file, `${id}\n${hardware === undefined ? '' : `${sealOf(id, hardware)}\n`}`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(`${path}.new`, path)
  return id
}

/** Tells whether id and hardware belong together, without telling what the hardware is. */
function sealOf(id: string, hardware: string): string {
  return createHash('sha256').update(`${id} ${hardware}`).digest('hex')
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
