// Where a command that watches shows what it sees: a terminal is drawn anew, and again when its size changes; what is
// piped gets blocks, or lines.
import { fitted } from '../status/fit.ts'

/** Of process.stdout. */
export type Output = {
  isTTY?: boolean
  columns?: number
  rows?: number
  write(text: string): unknown
  on(event: 'resize', listener: () => void): unknown
}

export type Screen = {
  show(lines: readonly string[]): void
  /** To standard error, or in place of what was shown. */
  fail(message: string): void
  /** Leaves the terminal as it is left by any other. */
  close(): void
}

/** Of a terminal that does not say. */
const COLUMNS = 80
const ROWS = 24

const WRAP_OFF = '\x1b[?7l'
const WRAP_ON = '\x1b[?7h'
const HOME = '\x1b[H'
const CLEAR = '\x1b[2J'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/** Each reading in place of the last. */
export function createDrawnScreen(output: Output): Screen {
  let shown: readonly string[] = []
  let before = CLEAR
  const draw = (): void => {
    const size = { columns: output.columns || COLUMNS, rows: output.rows || ROWS }
    // What a terminal takes for wider than it was taken for here must not push the rest down. No newline ends the last
    // line, which would scroll the first one away.
    const lines = fitted(shown, size).map((line) => `${line}${CLEAR_LINE}`)
    output.write(`${WRAP_OFF}${before}${HOME}${lines.join('\r\n')}${CLEAR_BELOW}${WRAP_ON}`)
    before = ''
  }
  output.on('resize', () => {
    before = CLEAR
    draw()
  })
  const show = (lines: readonly string[]): void => {
    shown = lines
    draw()
  }
  return {
    show,
    fail: (message) => show([`freshet: ${message}`]),
    close: () => output.write('\n'),
  }
}

/** Readings one after the other, `between` before each but the first; errors to `errors`. */
export function createPlainScreen(
  output: Pick<Output, 'write'>,
  errors: Pick<Output, 'write'>,
  between: string,
): Screen {
  let before = ''
  return {
    show(lines) {
      output.write(`${before}${lines.join('\n')}\n`)
      before = between
    },
    fail: (message) => errors.write(`freshet: ${message}\n`),
    close: () => {},
  }
}
