// A program of the system that writes to a terminal, by Apple's script(1). Into a pipe eslogger and nettop write by the block
// and not by the line: others measured one block of 16 KB about every 30 s of a nettop on macOS 26, and an eslogger that was
// ended lost what it had not written. A terminal makes each line come at once.
//
// script has a session of its own for the program, and the terminal is that one's: when script ends, however it does, the kernel
// hangs up, and the program with it. When root's part is killed script ends as it writes next.

/**
 * In the terminal a shell says its pid, which is the program's from its exec on, and gives it the descriptor 3 for what is not
 * its output: in the terminal the two would be one.
 */
const IN_TERMINAL = 'echo $$ >&3; exec "$0" "$@" 2>&3 3>&-'

/** What is to be run: `script -q /dev/null` copies what comes to the terminal to its own output, and keeps nothing. */
export const inTerminal = (
  script: string,
  path: string,
  args: readonly string[],
): { path: string; args: string[] } => ({
  path: script,
  args: ['-q', '/dev/null', '/bin/sh', '-c', IN_TERMINAL, path, ...args],
})

const CARRIAGE_RETURN = 0x0d

/** A terminal ends its lines by two characters. */
export const withoutReturn = (line: Uint8Array): Uint8Array =>
  line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line

/** What comes by the descriptor 3: the program's pid in a line, then its words. */
export function splitWords(all: string): { pid: number | undefined; words: string } {
  const [, digits, words = ''] = /^([0-9]{1,10})\n([\s\S]*)$/.exec(all) ?? []
  const pid = Number(digits)
  return Number.isSafeInteger(pid) && pid > 1 ? { pid, words } : { pid: undefined, words: all }
}
