// By what a table finds an image: its pid and version.
import type { ImageName } from './process.ts'

export type ProcessKey = number | string

/** Pids below this and 32 bits of version are one exact double together: a quarter of the time that a string takes. */
const PID_EXACT = 2 ** 21

export const processKey = (pid: number, pidversion: number): ProcessKey =>
  pid < PID_EXACT ? pid * 2 ** 32 + pidversion : `${pid}.${pidversion}`

export const keyOfImage = ({ pid, pidversion }: ImageName): ProcessKey =>
  processKey(pid, pidversion)
