// What the inspector means by some of its errors, in words: inspected record's `error`.

/** errno(3), as Linux and macOS number them. */
const ERRNO_WORDS: Record<number, string> = {
  6: 'it is not on this machine',
  11: 'too much was asked at once',
  13: 'permission denied',
  27: 'too large, or mostly a hole',
  35: 'too much was asked at once',
  60: 'reading it took too long',
  70: 'it was replaced or changed while it was read',
  110: 'reading it took too long',
  116: 'it was replaced or changed while it was read',
}

export const errnoText = (error: number): string =>
  ERRNO_WORDS[error] ? `errno ${error}: ${ERRNO_WORDS[error]}` : `errno ${error}`
