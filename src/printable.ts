/** Controls, formats, half characters, private ones, and what is drawn as nothing or breaks a line. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu
/** Quotation marks but the apostrophes, what looks like them, and what would be taken for the beginning of an escape. */
const QUOTES =
  /[[\p{Quotation_Mark}--['’]]\u02ba\u02dd\u02ee\u02f5\u02f6\u05f4\u2033\u2036\u3003\\]/gv
/** It would be drawn over the opening quotation mark. */
const MARK_FIRST = /^\p{M}/u

const writtenOut = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`

/**
 * Text that others chose (names of programs, reasons from the far end) as a terminal may show it: control,
 * format and line-separating characters are written out, so that none of them steers the terminal or turns
 * the direction of what follows.
 */
export const printable = (text: string): string => text.replace(UNSEEN, writtenOut)

/** Text of several lines, as a log may have them: what is no end of a line is as `printable` has it. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n')

/**
 * A name or path that others chose as a part of a sentence: in quotation marks, of which it can hold none itself, so that
 * no name goes on as the sentence would. Of a long one the middle is left out, since its end says most.
 */
export function quoted(text: string, lettersMax = 120): string {
  const letters = Array.from(text)
  const head = Math.floor((lettersMax - 1) / 3)
  const shown =
    letters.length <= lettersMax
      ? text
      : `${letters.slice(0, head).join('')}…${letters.slice(head + 1 - lettersMax).join('')}`
  return `“${printable(shown.replace(QUOTES, writtenOut)).replace(MARK_FIRST, writtenOut)}”`
}

/** The same in at most `charsMax` UTF-16 units; what is cut ends in an ellipsis. REQUIRES: charsMax above 0. */
export function brief(text: string, charsMax: number): string {
  // Written out, a character only grows: what lies beyond need not be looked at.
  const safe = printable(text.slice(0, charsMax + 1))
  if (safe.length <= charsMax) return safe
  return `${safe.slice(0, charsMax - 1).toWellFormed()}…`
}
