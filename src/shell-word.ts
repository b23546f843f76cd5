/** `text` as one word of a POSIX shell, so that a command with it can be copied as it stands. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`
