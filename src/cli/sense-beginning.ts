// What `freshet-sense` does before it loads anything else: it runs for root alone, and with nothing in its environment that
// could say what it loads, writes or believes. To delete a variable here would be too late for Node, which has read it: the
// program executes itself once more, without any.
import { EXIT_CONFIG } from '../sense/exit.ts'

/**
 * Harmless, and there wherever a shell, sudo or a service manager starts something. All others are refused, whatever they
 * are for: a list of those that do harm would never be whole.
 */
const HARMLESS =
  /^(PATH|HOME|USER|LOGNAME|MAIL|SHELL|PWD|OLDPWD|SHLVL|_|LANG|LC_[A-Z]+|TZ|TERM|COLORTERM|COLUMNS|LINES|SUDO_[A-Z]+|INVOCATION_ID|JOURNAL_STREAM|SYSTEMD_EXEC_PID|NOTIFY_SOCKET)$/

/** Names of the variables that make the program begin anew. */
export const unwantedOf = (environment: NodeJS.ProcessEnv): string[] =>
  Object.keys(environment).filter((name) => !HARMLESS.test(name))

/** A sentence for who may not run it; undefined for root, as whom alone it was started. */
export function whyNotFor(
  uid: number | undefined,
  effective: number | undefined,
): string | undefined {
  if (uid === 0 && effective === 0) return undefined
  const who = uid === effective ? `uid ${uid}` : `uid ${uid} with the rights of uid ${effective}`
  return `freshet-sense watches a machine as root, and this is ${who}: run it with sudo. The program freshet beside it shows a user what is theirs`
}

/** Returns for root without an unwanted variable; ends the process, or executes itself anew, for others. */
export function beginAlone(): void {
  const refused = whyNotFor(process.getuid?.(), process.geteuid?.())
  if (refused !== undefined) end(refused)
  const unwanted = unwantedOf(process.env)
  // An empty environment has none: this happens once.
  if (unwanted.length === 0) return
  try {
    process.execve?.(process.execPath, [process.execPath, ...process.argv.slice(2)], {})
  } catch (error) {
    end(
      `freshet-sense cannot begin anew without ${unwanted.join(', ')} in its environment (${(error as Error).message}): start it without, as env -i does`,
    )
  }
  end('freshet-sense wants a system with execve')
}

function end(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(EXIT_CONFIG)
}
