/** `text` as one word of a POSIX shell, so that a command with it can be copied as it stands; bare where that is the same. */
export const shellWord = (text: string): string =>
  /^[\w./@%+=:,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
