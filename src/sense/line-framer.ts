// Cuts what a program prints into lines of bounded length. It reads nothing in them.

/** Longest a line can be, bytes: what the text of a line record holds. */
export const LINE_BYTES_MAX = 65_535
const NEWLINE = 0x0a

export type LineFramer = {
  push(bytes: Uint8Array): void
  /** Nothing more comes: what is left without a newline is no line. */
  end(): void
}

/** `onLine` is given each whole line without its newline; `onLost` is told of one that was too long or not whole. */
export function createLineFramer(
  onLine: (line: Uint8Array) => void,
  onLost: () => void,
): LineFramer {
  let parts: Uint8Array[] = []
  let length = 0
  let isTooLong = false

  const take = (part: Uint8Array): void => {
    length += part.length
    if (length > LINE_BYTES_MAX) {
      isTooLong = true
      parts = []
    } else if (part.length > 0) parts.push(part)
  }
  const reset = (): void => {
    parts = []
    length = 0
    isTooLong = false
  }

  return {
    push(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const found = bytes.indexOf(NEWLINE, from)
        const to = found < 0 ? bytes.length : found
        take(bytes.subarray(from, to))
        if (found < 0) {
          // What is kept until the next piece comes must not be the stream's own memory.
          if (!isTooLong) parts = parts.map((part) => new Uint8Array(part))
          return
        }
        if (isTooLong) onLost()
        else if (length > 0) onLine(parts.length === 1 ? (parts[0] as Uint8Array) : joined(parts))
        reset()
        from = to + 1
      }
    },
    end() {
      if (length > 0) onLost()
      reset()
    },
  }
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
