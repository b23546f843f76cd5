// Lines as a terminal of a given size can show them: whole where there is room, never one more than there is.

export type TerminalSize = { columns: number; rows: number }

/** Of what continues a line. */
const INDENT = '    '
/** East Asian wide and fullwidth characters, and emoji (Unicode Standard Annex 11). */
const WIDE =
  /^[\u{1100}-\u{115f}\u{2e80}-\u{a4cf}\u{ac00}-\u{d7a3}\u{f900}-\u{faff}\u{fe30}-\u{fe6f}\u{ff00}-\u{ff60}\u{ffe0}-\u{ffe6}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NONE = /^\p{M}/u

const widthOf = (character: string): number =>
  NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1

/** Columns that `text` takes. REQUIRES: no control characters. */
export const textWidth = (text: string): number =>
  Array.from(text).reduce((sum, character) => sum + widthOf(character), 0)

/** Folded at words while all lines have room so; else each cut to one, and when they are still too many, the rest counted. */
export function fitted(lines: readonly string[], { columns, rows }: TerminalSize): string[] {
  const folded = lines.flatMap((line) => fold(line, columns))
  if (folded.length <= rows) return folded
  const kept = lines.length <= rows ? lines : lines.slice(0, Math.max(0, rows - 1))
  const cut = kept.map((line) => cutTo(line, columns))
  return kept === lines
    ? cut
    : [...cut, cutTo(`… ${lines.length - kept.length} more lines`, columns)].slice(-rows)
}

/** The first words that fit; a word that fits nowhere is cut where it must be. `under`: before what continues it. */
export function fold(line: string, columns: number, under = INDENT): string[] {
  const folded: string[] = []
  let rest = line
  while (textWidth(rest) > columns) {
    // At least one character, so that it comes to an end.
    const head = headOf(rest, columns) || String.fromCodePoint(rest.codePointAt(0) ?? 0)
    const indent = /^ */.exec(head)?.[0].length ?? 0
    const space = head.lastIndexOf(' ')
    const at = space > indent ? space : head.length
    folded.push(rest.slice(0, at))
    rest = (columns > 2 * under.length ? under : '') + rest.slice(at).trimStart()
  }
  return [...folded, rest]
}

const cutTo = (line: string, columns: number): string =>
  textWidth(line) <= columns ? line : `${headOf(line, columns - 1)}…`

/** What of it fits. */
function headOf(text: string, columns: number): string {
  let width = 0
  let head = ''
  for (const character of text) {
    width += widthOf(character)
    if (width > columns) break
    head += character
  }
  return head
}
