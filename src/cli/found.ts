// What is at a path, and when it cannot be seen, why: "there is none" is said of what is not there, and only of that.
import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { userName } from '../host/users.ts'
import { isClosed } from './making.ts'
import { ConfigError } from './state.ts'

/** Whether something is at `path`. Throws ConfigError, with the cause, when this user cannot know. */
export function isThere(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    if (isClosed(code)) throw new ConfigError(`${path} cannot be reached: ${closedSentence(path)}`)
    if (code === 'ENOTDIR')
      throw new ConfigError(`${path} cannot be there: what is above it is not a directory`)
    throw new ConfigError(`${path} cannot be looked at: ${message}`)
  }
}

/** Which directory or file keeps this user from `path`, whose it is, and who may go on. REQUIRES: one does. */
export function closedSentence(path: string): string {
  const { at, uid, isItself } = closedAt(path)
  const me = process.getuid?.() ?? 0
  if (uid === me)
    return `${at} is closed to ${nameOf(me)} too, whose it is: give that back with \`chmod u+rw${isItself ? '' : 'x'}\``
  return `${at} belongs to ${nameOf(uid)} and is closed to ${nameOf(me)}: run this as ${nameOf(uid)}${uid === 0 ? '' : ' or root'}`
}

/** The topmost directory that cannot be entered; else the last thing on the way that can be looked at. */
function closedAt(path: string): { at: string; uid: number; isItself: boolean } {
  const ways: string[] = []
  for (let at = dirname(path); ; at = dirname(at)) {
    ways.unshift(at)
    if (dirname(at) === at) break
  }
  for (const at of ways)
    try {
      accessSync(at, constants.X_OK)
    } catch {
      return { ...reached(at), isItself: false }
    }
  return reached(path)
}

/** `path`, or the nearest above it that can be looked at, and whose it is. */
export function reached(path: string): { at: string; uid: number; isItself: boolean } {
  for (let at = path; ; at = dirname(at))
    try {
      return { at, uid: statSync(at).uid, isItself: at === path }
    } catch (error) {
      if (dirname(at) === at) throw error
    }
}

/** "user NAME", or "uid N" where the machine has no name for it. */
export function nameOf(uid: number): string {
  const name = userName(uid)
  return name === undefined ? `uid ${uid}` : `user ${name}`
}
