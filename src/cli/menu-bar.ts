// Freshet.app of a clone, opened by `freshet up` for who sits at this Mac.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { passwordEntryOfUid } from '../host/libc.ts'
import { consoleUid } from '../host/peer.ts'
import { PLACE } from '../place.ts'

/** What the system says, for a decision that knows no system. */
export type Desk = {
  platform: NodeJS.Platform
  /** The app is there. */
  isBuilt: boolean
  /** Whom /dev/console belongs to. */
  console: number | undefined
  /** Effective. */
  uid: number | undefined
  name: (uid: number) => string | undefined
  /** Exit status of a program that says nothing; undefined when it cannot be run. */
  status: (program: string, args: readonly string[]) => Promise<number | undefined>
}

export type Opening =
  /** Nobody sees it, or it cannot be shown: nothing to say. */
  | { kind: 'nothing' }
  | { kind: 'runs' | 'open'; program: string; args: readonly string[]; who: string }

/** What `launchd` makes its own, and Setup Assistant: from here on accounts are people's (dscl, "UniqueID"). */
const FIRST_PERSON = 501
const OPEN_MS = 10_000

/**
 * Whether to open the menu bar, and with which command. Root is nobody at the login window, and has no menu bar: an app
 * has to be opened within the session of who is logged in, which is what `launchctl asuser` enters, and as that user. The
 * app is the one at `app`, and is told of the state directory `state` unless it is the daemon's, which it knows by itself.
 */
export async function openingOf(desk: Desk, app: string, state?: string): Promise<Opening> {
  const { console: seated } = desk
  if (desk.platform !== 'darwin' || !desk.isBuilt) return { kind: 'nothing' }
  if (seated === undefined || seated < FIRST_PERSON) return { kind: 'nothing' }
  // Only root may open something for another.
  if (desk.uid !== 0 && desk.uid !== seated) return { kind: 'nothing' }
  const who = desk.name(seated) ?? `uid ${seated}`
  const isRunning =
    (await desk.status('/usr/bin/pgrep', ['-x', '-u', `${seated}`, 'Freshet'])) === 0
  // -g: whoever types goes on typing.
  const open = ['-g', ...(state === undefined ? [] : ['--env', `FRESHET_STATE=${state}`]), app]
  const [program, args] =
    desk.uid === 0
      ? [
          '/bin/launchctl',
          ['asuser', `${seated}`, '/usr/bin/sudo', '-u', `#${seated}`, '/usr/bin/open', ...open],
        ]
      : ['/usr/bin/open', open]
  return { kind: isRunning ? 'runs' : 'open', program, args, who }
}

/** Opens it when there is somebody to see it and none runs, and says so in a line; never throws. */
export async function openMenuBar(options: {
  desk?: Desk
  app?: string
  /** undefined: the daemon's. */
  state: string | undefined
  log: (text: string) => void
}): Promise<void> {
  const { desk = thisDesk(), app = PLACE.menuBar, state, log } = options
  const opening = await openingOf(desk, app, state)
  if (opening.kind === 'nothing') return
  const { program, args, who } = opening
  if (opening.kind === 'runs') return log(`Freshet is in ${who}'s menu bar already`)
  const status = await desk.status(program, args)
  log(
    status === 0
      ? `Freshet is in ${who}'s menu bar: a drop`
      : `Freshet could not be put into ${who}'s menu bar (${program} ${status === undefined ? 'cannot be run' : `ended with ${status}`}); all else works without`,
  )
}

const thisDesk = (): Desk => ({
  platform: process.platform,
  isBuilt: existsSync(PLACE.menuBar),
  console: consoleUid(),
  uid: process.geteuid?.(),
  name: (uid) => passwordEntryOfUid(uid)?.name,
  status: (program, args) =>
    new Promise((resolve) => {
      execFile(program, args, { timeout: OPEN_MS }, (error) => {
        if (error === null) resolve(0)
        else resolve(typeof error.code === 'number' ? error.code : undefined)
      })
    }),
})
