// docs/menu-bar.md quotes what a Mac shows: each text as the code has it, and none that the code does not have.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { CAUSE_CODES, causesOf } from '../../src/status/causes.ts'
import { menuOf } from '../../src/status/view.ts'
import { CAUSED, wellStatus } from './states.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
/** First cells of the table under this heading row. */
const firstCells = (head: string): string[] => {
  const [, table = ''] = read('docs/menu-bar.md').split(`${head}\n`)
  const rows = table.slice(0, table.indexOf('\n\n')).split('\n').slice(1)
  return rows.map((row) => row.split(' | ')[0]?.replace(/^\| /, '') ?? '')
}
const quoted = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found)

describe('the page about the menu bar', () => {
  it('has each line that a menu begins with', () => {
    const lines = CAUSE_CODES.map((code) => menuOf(wellStatus(CAUSED[code]), 0).line)
    const heads = lines.map((line) => /^[^.]+\./.exec(line)?.[0] ?? '')
    const app = quoted(
      read('native/mac/app/status_client.cc'),
      /^constexpr char k\w+\[\] = "(Freshet [^"]+)";/gm,
    )
    assert.equal(app.length, 4)
    const socket = quoted(read('src/status/socket.ts'), /const NOT_YOURS =\s+'([^']+)'/g)
    assert.equal(socket.length, 1)
    assert.deepEqual(
      firstCells('| the line | it means | what to do |').toSorted(),
      [...new Set(['Watching.', ...heads, ...app, ...socket])].toSorted(),
    )
  })

  it('has each thing that a person is asked to do', () => {
    const needs = CAUSE_CODES.flatMap((code) => causesOf(wellStatus(CAUSED[code])))
      .filter(({ who }) => who === 'person')
      .map(({ remedy }) => remedy)
    assert.deepEqual(firstCells('| in the menu | opens |').toSorted(), needs.toSorted())
  })

  it('has each exit status of the app, and the usage that a wrong one prints', () => {
    const statuses = quoted(read('native/mac/app/activation.h'), /^ {2}k\w+ = (\d),$/gm)
    assert.equal(statuses.length, 5)
    const cells = firstCells('| exit status | meaning | what to do next |')
    assert.deepEqual(cells, [...statuses, '2'].toSorted())
    const usage = read('native/mac/app/arguments.cc')
    for (const status of cells) assert.match(usage, new RegExp(`[ "]${status} \\w`))
  })
})
