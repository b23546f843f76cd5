// Tables of the commands: columns as wide as what stands in them, or, where a terminal has less room, folded at words. What is
// piped is for programs: a row stays a line.
import { fold, textWidth } from '../status/fit.ts'

const GAP = '  '
/** No word is broken that is no longer: an id has 36 letters, and is copied. */
const WORD_MAX = 40

/** `columns`: of the terminal; undefined: as wide as it gets. REQUIRES: no control characters. */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  columns?: number,
): string[] {
  const all = [heads, ...rows]
  const widths = widthsOf(all, columns)
  return all.flatMap((row) => {
    const cells = row.map((cell, column) => folded(cell, widths[column] as number))
    const lines = Math.max(...cells.map((cell) => cell.length))
    return Array.from({ length: lines }, (_, line) =>
      cells
        .map((cell, column) => padded(cell[line] ?? '', widths[column] as number))
        .join(GAP)
        .trimEnd(),
    )
  })
}

/** The widest give way first, none of them below its longest word. */
function widthsOf(all: readonly (readonly string[])[], columns: number | undefined): number[] {
  const count = all[0]?.length ?? 0
  const of = (measure: (cell: string) => number) =>
    Array.from({ length: count }, (_, column) =>
      Math.max(...all.map((row) => measure(row[column] as string))),
    )
  const widths = of(textWidth)
  if (columns === undefined) return widths
  const least = of((cell) =>
    Math.min(WORD_MAX, Math.max(...cell.split(' ').map((word) => textWidth(word)))),
  )
  let over = widths.reduce((sum, width) => sum + width, GAP.length * (count - 1)) - columns
  for (; over > 0; over--) {
    const widest = widths.reduce(
      (at, width, column) =>
        width > (least[column] as number) && width > (widths[at] ?? 0) ? column : at,
      -1,
    )
    if (widest < 0) break
    widths[widest] = (widths[widest] as number) - 1
  }
  return widths
}

const folded = (cell: string, width: number): string[] =>
  textWidth(cell) <= width ? [cell] : fold(cell, width, '')

const padded = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - textWidth(text)))
