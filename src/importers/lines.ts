// Cuts a byte stream into lines, each with its place in the file.

/** Longest line that is read. An exec with its arguments and environment has at most 1 MiB (ARG_MAX on macOS). */
export const LINE_BYTES_MAX = 4 * 1024 * 1024

export type Line = {
  /** Bytes from the beginning of the file. */
  offset: number
  /** From 1. */
  number: number
  /** Without its end, LF or CR LF; undefined when it is longer than LINE_BYTES_MAX. */
  text: string | undefined
}

const LF = 10
const CR = 13

/** Holds at most one line. The last one needs no end. Bytes that are not UTF-8 become U+FFFD. */
export async function* readLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line[], void> {
  const decoder = new TextDecoder()
  let parts: Uint8Array[] = []
  let heldBytes = 0
  let offset = 0
  let number = 1

  const take = (end: Uint8Array, endBytes: number): Line => {
    const bytes = heldBytes + end.length
    const line: Line = { offset, number, text: undefined }
    if (bytes <= LINE_BYTES_MAX) {
      const whole = heldBytes === 0 ? end : Buffer.concat([...parts, end])
      const cut = whole[whole.length - 1] === CR ? whole.subarray(0, -1) : whole
      line.text = decoder.decode(cut)
    }
    offset += bytes + endBytes
    number++
    parts = []
    heldBytes = 0
    return line
  }

  for await (const chunk of chunks) {
    const lines: Line[] = []
    let from = 0
    for (let to = chunk.indexOf(LF); to >= 0; to = chunk.indexOf(LF, from)) {
      lines.push(take(chunk.subarray(from, to), 1))
      from = to + 1
    }
    if (from < chunk.length) {
      // Past the limit only the length is kept.
      if (heldBytes + chunk.length - from <= LINE_BYTES_MAX) parts.push(chunk.slice(from))
      else parts = []
      heldBytes += chunk.length - from
    }
    if (lines.length > 0) yield lines
  }
  if (heldBytes > 0) yield [take(new Uint8Array(0), 0)]
}
