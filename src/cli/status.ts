// `freshet status`: one reading of the agent's status socket, or one a second for as long as somebody looks.
import { setTimeout as sleep } from 'node:timers/promises'
import { readStatus, StatusError } from '../status/socket.ts'
import { statusLines } from '../status/view.ts'
import { statePaths } from './state.ts'

export type StatusCommand = { state?: string; watch?: boolean; json?: boolean }

/** Between two attempts to find an agent. */
const AGAIN_MS = 1000

/** With `watch` an agent that ends or hangs is said once, and looked for until it is back. */
export async function runStatusCommand(command: StatusCommand): Promise<number> {
  const { root } = statePaths(command.state)
  const screen = createScreen(command)
  let said = ''
  for (;;) {
    try {
      for await (const status of readStatus(root)) {
        said = ''
        screen.show(command.json ? JSON.stringify(status) : statusLines(status.menu).join('\n'))
        if (!command.watch) return 0
      }
      throw new StatusError('no-agent', 'the agent ended')
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      if (error.message !== said) screen.fail(error.message)
      said = error.message
      const mayComeBack = error.code === 'no-agent' || error.code === 'timeout'
      if (!command.watch || !mayComeBack) return 1
    }
    await sleep(AGAIN_MS)
  }
}

type Screen = { show(text: string): void; fail(message: string): void }

/** A terminal that watches is drawn anew; what is piped, lines apart. */
function createScreen({ watch, json }: StatusCommand): Screen {
  const isDrawn = watch === true && json !== true && process.stdout.isTTY
  let before = isDrawn ? '\x1b[H\x1b[2J' : ''
  return {
    show(text) {
      process.stdout.write(`${before}${text}\n`)
      if (watch && !json && !isDrawn) before = '\n'
    },
    fail(message) {
      if (isDrawn) process.stdout.write(before)
      process.stderr.write(`freshet: ${message}\n`)
    },
  }
}
