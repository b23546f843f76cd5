// A Mac for the steps of a run, whose programs are pretended.
import { fileURLToPath } from 'node:url'
import type { Finding } from '../../scripts/mac-run/findings.ts'
import type { Mac, Ran } from '../../scripts/mac-run/mac.ts'

export const ended = (output: string, status = 0): Ran => ({ status, signal: undefined, output })

/** A Mac whose programs answer by the first of `answers` that is found in the command line. */
export function pretendMac(folder: string, answers: Record<string, Ran> = {}) {
  const findings: Finding[] = []
  const commands: string[] = []
  const said: string[] = []
  const mac: Mac = {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    folder,
    say: (text) => said.push(text),
    wait: async () => {},
    found: (finding) => findings.push(finding),
    run: async (program, args) => {
      const line = [program, ...args].join(' ')
      commands.push(line)
      const key = Object.keys(answers).find((part) => line.includes(part))
      return key === undefined ? ended('', 1) : (answers[key] as Ran)
    },
  }
  return { mac, findings, commands, said }
}
