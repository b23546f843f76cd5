// A name for a program as the rivals know it: its code, its script, and the program that it acts for.
import { actsByName } from '../engine/process/acting.ts'
import type { ExecRecord } from '../records/record.gen.ts'

/** Ancestors that are asked, as the engine asks. */
const ANCESTORS_MAX = 8

/** Of the exec under this key (pid and pidversion); '' where there is none. */
export function responsibleName(execs: ReadonlyMap<string, ExecRecord>, key: string): string {
  const exec = execs.get(key)
  if (exec === undefined) return ''
  const own = codeOf(exec)
  if (!actsByName(exec.path)) return own
  let at = exec
  const via: string[] = []
  for (let i = 0; i < ANCESTORS_MAX && actsByName(at.path); i++) {
    if (at.script !== '') via.push(at.script)
    const parent = execs.get(`${at.parentPid} ${at.parentPidversion}`)
    if (parent === undefined) break
    at = parent
  }
  return [own, ...via, codeOf(at)].join(' via ')
}

const codeOf = ({ path, cdhash }: ExecRecord): string =>
  `${path} ${Buffer.from(cdhash).toString('hex')}`
