/**
 * Text that others chose (names of programs, reasons from the far end) as a terminal may show it: control,
 * format and line-separating characters are written out, so that none of them steers the terminal or turns
 * the direction of what follows.
 */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
