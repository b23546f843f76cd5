// Programs that act for others: what they send says nothing of them and much of who runs them.

/** After LuLu's Extension/GrayList.m and its like on Linux. File names without a version, in lower case. */
const NAMES = new Set(
  (
    'curl wget nc ncat netcat socat ssh scp sftp rsync ftp lftp tftp telnet openssl ' +
    'python pypy perl ruby node nodejs php lua tclsh osascript java deno bun pwsh ' +
    'sh bash dash ash zsh ksh mksh fish tcsh csh busybox env sudo su xargs ' +
    'timeout time nice ionice nohup setsid setpriv stdbuf watch ' +
    'nscurl openrsync swift jsc wish expect script arch caffeinate sandbox-exec'
  ).split(' '),
)
/** nc.openbsd, nc.traditional, ksh93, python3.11, perl5.36.0, php8.2. */
const VERSION = /(\.(openbsd|traditional)|-?[0-9]+(\.[0-9]+)*[a-z]?)$/

/** File name of an absolute path. */
export const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const answers = new Map<string, boolean>()
const ANSWERS_MAX = 4_096

/** Whether the program at this path is one that others use to send. By its file name alone. */
export function actsForOthers(path: string): boolean {
  const known = answers.get(path)
  if (known !== undefined) return known
  // A Mac's Python is called Python.
  const name = fileName(path).toLowerCase()
  const answer = NAMES.has(name) || NAMES.has(name.replace(VERSION, ''))
  if (answers.size >= ANSWERS_MAX) answers.clear()
  answers.set(path, answer)
  return answer
}
