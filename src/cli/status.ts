// `freshet status`: one reading of the agent's status socket, or one a second.
import { readStatus, StatusError } from '../status/socket.ts'
import { statusLines } from '../status/view.ts'
import { statePaths } from './state.ts'

export async function runStatusCommand(options: {
  state?: string
  watch?: boolean
  json?: boolean
}): Promise<number> {
  const paths = statePaths(options.state)
  try {
    for await (const status of readStatus(paths.root)) {
      const text = options.json ? JSON.stringify(status) : statusLines(status.menu).join('\n')
      const redraw = options.watch && !options.json && process.stdout.isTTY
      process.stdout.write(`${redraw ? '\x1b[H\x1b[2J' : ''}${text}\n`)
      if (!options.watch) return 0
    }
    process.stderr.write('freshet: the agent ended\n')
    return 1
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    process.stderr.write(`freshet: ${error.message}\n`)
    return 1
  }
}
