// The token that agents of an earlier version showed at the page's port: it opens nothing any more, and who still has it, on
// either side, is told what to do.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Duplex } from 'node:stream'
import { commandFor, commandThere } from '../hint.ts'
import { shellWord } from '../shell-word.ts'
import type { Counters } from './terms/counters.ts'
import { answerEarly } from './terms/early-answer.ts'

const TOKEN_FILE = 'agent.token'

/** For http.Server's 'upgrade'. What it says fits into what an agent shows of an answer, 200 characters. */
export function refusePlainAgents(
  stateDir: string,
  counters: Counters,
): (request: unknown, socket: Duplex) => void {
  const error =
    `tokens are used no more: start an agent of this machine with --collector ${shellWord(dirname(stateDir))} ` +
    `and without --token-file; other machines enrol (${commandThere('enroll')})`
  return (_request, socket) => {
    counters.add('agentsRefusedPlain')
    answerEarly(socket, {
      ...{ status: 410, title: 'Gone' },
      headers: { 'Content-Type': 'application/json; charset=utf-8' },
      body: JSON.stringify({ error }),
    })
  }
}

/** The file is left: it opens nothing here, and where the version before comes back it is what its agents were given. */
export function sayTokenIsUnused(stateDir: string, log: (text: string) => void): void {
  const path = join(stateDir, TOKEN_FILE)
  if (!existsSync(path)) return
  const root = dirname(stateDir)
  log(
    `${path} is used no more: start agents of this machine with --collector ${shellWord(root)} and without --token-file, ` +
      `enrol others (${commandFor('collector tokens make', root)}, then ${commandThere('enroll')} there), and remove the file`,
  )
}
