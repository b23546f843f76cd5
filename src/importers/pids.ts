// Process images where a log names processes by pid alone: numbers the images a pid runs, as a source does.
import { NO_PROCESS, type ProcessId } from './program.ts'

/** Pids remembered; the one heard of first goes first. */
const PIDS_MAX = 65_536

export type Pids = {
  /** The pid begins to run this program: a new image. */
  begin(pid: number, path: string): ProcessId
  /** The image the pid runs, a new one if it is said to run another program by now. */
  running(pid: number, path: string): ProcessId
  /** What is known of a pid; pid 0 when nothing is. */
  find(pid: number): ProcessId
  pathOf(pid: number): string | undefined
}

export function createPids(): Pids {
  const images = new Map<number, { pidversion: number; path: string }>()
  const begin = (pid: number, path: string): ProcessId => {
    const pidversion = (images.get(pid)?.pidversion ?? 0) + 1
    if (!images.has(pid) && images.size >= PIDS_MAX)
      for (const oldest of images.keys()) {
        images.delete(oldest)
        break
      }
    images.set(pid, { pidversion, path })
    return { pid, pidversion }
  }
  return {
    begin,
    running(pid, path) {
      const image = images.get(pid)
      return image?.path === path ? { pid, pidversion: image.pidversion } : begin(pid, path)
    },
    find(pid) {
      const image = images.get(pid)
      return image ? { pid, pidversion: image.pidversion } : NO_PROCESS
    },
    pathOf: (pid) => images.get(pid)?.path,
  }
}
