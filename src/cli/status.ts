// `freshet status`: one reading of the agent's status socket, or one a second for as long as somebody looks.
import { setTimeout as sleep } from 'node:timers/promises'
import { readStatus, StatusError } from '../status/asking.ts'
import { statusLines } from '../status/view.ts'
import { createDrawnScreen, createPlainScreen, type Screen } from './screen.ts'
import { statePaths } from './state.ts'
import { stopSignal } from './supervise.ts'

export type StatusCommand = { state?: string; watch?: boolean; json?: boolean }

/** Between two attempts to find an agent. */
const AGAIN_MS = 1000

/** With `watch` an agent that ends or hangs is said once, and looked for until it is back; Ctrl-C is its ordinary end. */
export async function runStatusCommand(command: StatusCommand): Promise<number> {
  const screen = screenOf(command)
  if (!command.watch) return watch(command, screen)
  const signal = stopSignal()
  const stopped = new Promise<number>((resolve) => {
    signal.addEventListener('abort', () => resolve(0), { once: true })
  })
  const status = await Promise.race([watch(command, screen), stopped])
  screen.close()
  // The agent may be silent for a while yet, and nothing is to be put in order.
  process.exit(status)
}

async function watch(command: StatusCommand, screen: Screen): Promise<number> {
  const { root } = statePaths(command.state)
  let said = ''
  for (;;) {
    try {
      for await (const status of readStatus(root)) {
        said = ''
        screen.show(command.json ? [JSON.stringify(status)] : statusLines(status.menu))
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

function screenOf({ watch, json }: StatusCommand): Screen {
  if (watch && !json && process.stdout.isTTY) return createDrawnScreen(process.stdout)
  return createPlainScreen(process.stdout, process.stderr, json ? '' : '\n')
}
