// What a watcher's terminal looks like, drawn by as much of a terminal as is needed for it.
import assert from 'node:assert/strict'
import { createDrawnScreen, createPlainScreen, type Output } from '../../src/cli/screen.ts'

/** Sequences of text that steer, and characters. */
function piecesOf(text: string): string[] {
  const [first = '', ...rest] = text.split('\x1b')
  return [
    ...Array.from(first),
    ...rest.flatMap((part) => {
      const [sequence = ''] = /^\[[?\d]*[A-Za-z]/.exec(part) ?? []
      return [`\x1b${sequence}`, ...Array.from(part.slice(sequence.length))]
    }),
  ]
}

/** Rows of `columns`, a cursor, and the sequences that are used (ECMA-48; DECAWM): any other fails. */
function pretendTerminal(columns: number, rows: number) {
  let cells: string[][] = []
  let [row, column] = [0, 0]
  let wraps = true
  let scrolled = 0
  let onResize = () => {}
  const newLine = () => {
    if (row < output.rows - 1) row++
    else {
      cells.shift()
      scrolled++
    }
  }
  const put = (character: string) => {
    if (column >= output.columns && wraps) {
      column = 0
      newLine()
    }
    const at = Math.min(column, output.columns - 1)
    const line = cells[row] ?? []
    cells[row] = line
    line[at] = character
    column = at + 1
  }
  const commands: Record<string, () => void> = {
    '\x1b[?7l': () => (wraps = false),
    '\x1b[?7h': () => (wraps = true),
    '\x1b[H': () => ([row, column] = [0, 0]),
    '\x1b[2J': () => (cells = []),
    '\x1b[J': () => {
      cells.length = Math.min(cells.length, row + 1)
      cells[row]?.splice(column)
    },
    '\x1b[K': () => cells[row]?.splice(column),
    '\r': () => (column = 0),
    '\n': newLine,
  }
  const output = {
    isTTY: true,
    columns,
    rows,
    write(text: string) {
      for (const piece of piecesOf(text))
        if (commands[piece]) commands[piece]()
        else {
          assert.doesNotMatch(piece, /\p{Cc}/u)
          put(piece)
        }
    },
    on: (_: 'resize', listener: () => void) => (onResize = listener),
  } satisfies Output
  return {
    output,
    resize(to: number, high: number) {
      output.columns = to
      output.rows = high
      onResize()
    },
    lines: () => Array.from(cells, (line) => Array.from(line ?? [], (one) => one ?? ' ').join('')),
    scrolled: () => scrolled,
  }
}

describe('A screen that is drawn', () => {
  const LINES = ['Watching, with gaps.', '  Programs: 61 running, 1,500 started', '  Alerts: 2']

  it('shows each reading in place of the last, and nothing of that', () => {
    const terminal = pretendTerminal(60, 10)
    const screen = createDrawnScreen(terminal.output)
    screen.show(LINES)
    assert.deepEqual(terminal.lines(), LINES)
    screen.show(['Watching.'])
    assert.deepEqual(terminal.lines(), ['Watching.'])
    screen.show(LINES)
    assert.deepEqual(terminal.lines(), LINES)
    assert.equal(terminal.scrolled(), 0)
  })

  it('fits as many rows and columns as there are, and scrolls nothing away', () => {
    const terminal = pretendTerminal(24, 3)
    const screen = createDrawnScreen(terminal.output)
    const wide = ['漢'.repeat(40), ...LINES, 'x'.repeat(500)]
    for (const lines of [LINES, wide, [...wide, ...wide]]) {
      screen.show(lines)
      assert.equal(terminal.scrolled(), 0)
      assert.ok(terminal.lines().length <= 3)
    }
    assert.match(terminal.lines().at(-1) ?? '', /^… 8 more lines/)
  })

  it('is drawn anew as soon as its size changes', () => {
    const terminal = pretendTerminal(60, 10)
    createDrawnScreen(terminal.output).show(LINES)
    terminal.resize(24, 6)
    assert.deepEqual(terminal.lines(), [
      'Watching, with gaps.',
      '  Programs: 61 running,',
      '    1,500 started',
      '  Alerts: 2',
    ])
    terminal.resize(60, 2)
    assert.deepEqual(terminal.lines(), [LINES[0], '… 2 more lines'])
    assert.equal(terminal.scrolled(), 0)
  })

  it('says in its place why there is nothing to show, and leaves the next line free', () => {
    const terminal = pretendTerminal(30, 5)
    const screen = createDrawnScreen(terminal.output)
    screen.show(LINES)
    screen.fail('the agent ended')
    assert.deepEqual(terminal.lines(), ['freshet: the agent ended'])
    screen.close()
    terminal.output.write('$ ')
    assert.equal(terminal.lines().length, 2)
  })
})

describe('A screen that is no terminal', () => {
  it('gets plain blocks, apart, and errors beside them', () => {
    let [out, errors] = ['', '']
    const screen = createPlainScreen(
      { write: (text) => (out += text) },
      { write: (text) => (errors += text) },
      '\n',
    )
    screen.show(['one', 'x'.repeat(300)])
    screen.fail('gone')
    screen.show(['two'])
    screen.close()
    assert.equal(out, `one\n${'x'.repeat(300)}\n\ntwo\n`)
    assert.equal(errors, 'freshet: gone\n')
  })
})
