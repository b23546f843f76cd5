// Who this device is to a collector: a random UUID made at the first start. Nothing of the hardware is
// sent; its UUID only guards against a disk that was cloned.
import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  isDiskFull,
  moveFile,
  readStateFile,
  StateFileError,
  writeStateFile,
} from '../state-file.ts'
import { hostUuid } from './libc.ts'

const FILE = 'device-id'
const CONTENT = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\n(?:([0-9a-f]{64})\n)?$/

/**
 * The id kept in `stateDir`, made when there is none, or when it was made on other hardware (two Macs with one id would
 * throw each other out of the collector): the old file is kept as device-id.old then, and `log` is told. `hardware` is
 * this machine's gethostuuid(2), undefined where the system has none. Throws StateFileError when what is there holds no
 * id: a new one would make this machine another device to its collector, with a history of its own. Throws what the file
 * system does.
 */
export function readOrMakeDeviceId(
  stateDir: string,
  hardware = hostUuid(),
  log: (text: string) => void = () => {},
): string {
  const path = join(stateDir, FILE)
  const text = readStateFile(path)?.text
  if (text === undefined) return make(path, hardware)
  const [, id, seal] = CONTENT.exec(text) ?? []
  if (id === undefined)
    throw new StateFileError(
      `${path} holds no device id${text === '' ? ' (it is empty)' : ''}: bring it back, or remove it, and this machine is a new device to its collector`,
    )
  if (seal === undefined || hardware === undefined || seal === sealOf(id, hardware)) return id
  moveFile(path, `${path}.old`)
  log(
    `${path} was made on other hardware, so this is a copy of that disk: this machine is a new device from now on, and the id it came with is in ${path}.old`,
  )
  return make(path, hardware)
}

export type DeviceId = {
  id: string
  /**
   * Writes one that the disk had no room for, where there is none still. To be called now and then: throws nothing, and
   * says once what else is in the way.
   */
  keep(): void
}

/** As readOrMakeDeviceId; but a disk that is full is said to `log`, and the id is this process's alone until it is kept. */
export function deviceIdAnyhow(
  stateDir: string,
  log: (text: string) => void,
  hardware = hostUuid(),
): DeviceId {
  const path = join(stateDir, FILE)
  try {
    return { id: readOrMakeDeviceId(stateDir, hardware, log), keep() {} }
  } catch (error) {
    if (!isDiskFull(error) || existsSync(path)) throw error
    log(
      `there is no room on the disk for ${path}, which is not there yet: this machine is another device to its collector if the agent ends before there is`,
    )
  }
  const id = randomUUID()
  let isKept = false
  let isSaid = false
  return {
    id,
    keep() {
      isKept ||= existsSync(path)
      if (isKept) return
      try {
        make(path, hardware, id)
      } catch (error) {
        if (isSaid || isDiskFull(error)) return
        isSaid = true
        log(`${path} cannot be written, which is tried again: ${(error as Error).message}`)
      }
    },
  }
}

/** Makes `id` this machine's; the one before is kept as device-id.old. Throws what the file system does. */
export function replaceDeviceId(stateDir: string, id: string, hardware = hostUuid()): void {
  const path = join(stateDir, FILE)
  const before = readStateFile(path)?.text
  if (before?.startsWith(`${id}\n`)) return
  if (before !== undefined) writeStateFile(`${path}.old`, before)
  make(path, hardware, id)
}

function make(path: string, hardware: string | undefined, id: string = randomUUID()): string {
  writeStateFile(path, `${id}\n${hardware === undefined ? '' : `${sealOf(id, hardware)}\n`}`)
  return id
}

/** Tells whether id and hardware belong together, without telling what the hardware is. */
function sealOf(id: string, hardware: string): string {
  return createHash('sha256').update(`${id} ${hardware}`).digest('hex')
}
