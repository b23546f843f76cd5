// Which machine this is, by what its system calls it: so that two disks of one image are known apart. Only a hash of it is
// ever sent.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { hostUuid } from './libc.ts'

/** machine-id(5): of the installation, since what names the hardware is root's alone to read. */
const MACHINE_ID = '/etc/machine-id'

/** 64 hex digits, the same for every start on this machine; empty where the system has no name for it. */
export function hardwareId(): string {
  const name = hostUuid() ?? machineId()
  return name === '' ? '' : createHash('sha256').update(`freshet hardware ${name}`).digest('hex')
}

function machineId(): string {
  try {
    return readFileSync(MACHINE_ID, 'utf8').trim()
  } catch {
    return ''
  }
}
