// Loads the native modules that lie beside an executable, and looks at the programs there before one starts the other: code that
// runs with all rights of the process, so that nobody else may be able to put another there. Of a module, what is loaded is what
// was read and found to be Freshet's.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { embedded } from './place.ts'

/** The message says what, where and what to do. */
export class NativeModuleError extends Error {
  override readonly name = 'NativeModuleError'
}

/** In the executable: SHA-256 of each module by its file's name, in hex. */
export const MODULE_HASHES = 'modules.json'

const OTHERS_MAY_WRITE = 0o022
const STICKY = 0o1000
const CHUNK_BYTES = 64 * 1024

/** An owner and a mode, as of lstat. */
export type Entry = { path: string; uid: number; mode: number }

/**
 * A sentence where somebody else than root and user `uid` could put another file into the first of these folders, the others
 * being those above it; else undefined. A folder above may be everybody's where it is sticky: what is in it is then moved by
 * its owner alone. The mode's group bits are the mask where there is an access control list.
 */
export function whyNotOwn(folders: readonly Entry[], uid: number): string | undefined {
  for (const [above, { path, uid: owner, mode }] of folders.entries()) {
    if (owner !== 0 && owner !== uid)
      return `${path} belongs to uid ${owner}, who could put other code in place of Freshet's: give it to root (sudo chown root ${path}), or install Freshet in a folder that is root's alone`
    if ((mode & OTHERS_MAY_WRITE) !== 0 && !(above > 0 && (mode & STICKY) !== 0))
      return `${path} may be changed by others (mode ${(mode & 0o7777).toString(8)}), who could put other code in place of Freshet's: close it (sudo chmod go-w ${path}), or install Freshet in a folder that is root's alone`
  }
  return undefined
}

/** A folder and all above it, up to the root. REQUIRES: an absolute path without links. */
export function waysUp(folder: string): Entry[] {
  const { uid, mode } = lstatSync(folder)
  const above = dirname(folder)
  return [{ path: folder, uid, mode }, ...(above === folder ? [] : waysUp(above))]
}

/**
 * Before a program beside this one is started. Throws NativeModuleError where it is not there, or somebody else could have put
 * another in its place. Its own bytes are not held against anything: each of the two would need the other's hash.
 */
export function wantOwnProgram(path: string, uid = process.geteuid?.() ?? 0): void {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || !stat.isFile() || (stat.mode & 0o111) === 0)
    throw new NativeModuleError(
      `${path} is ${stat === undefined ? 'not there' : 'no program'}: install Freshet again, with all of its files`,
    )
  const refused =
    whyNotOwn(waysUp(dirname(path)), uid) ??
    whyNotOwn([{ path, uid: stat.uid, mode: stat.mode }], uid)
  if (refused !== undefined) throw new NativeModuleError(refused)
}

/**
 * Opens a module, and says nothing of its code before it is known: the descriptor's file has the hash, whatever comes into the
 * place of that name. Throws NativeModuleError.
 */
export function openChecked(path: string, sha256: string, uid = process.geteuid?.() ?? 0): number {
  const refused = whyNotOwn(waysUp(dirname(path)), uid)
  if (refused !== undefined) throw new NativeModuleError(refused)
  const fd = openIt(path)
  const why = whyNotTheOne(fd, path, sha256, uid)
  if (why === undefined) return fd
  closeSync(fd)
  throw new NativeModuleError(why)
}

function openIt(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'is not there' : `cannot be opened (${message})`
    throw new NativeModuleError(`${path} ${why}: install Freshet again, with all of its files`, {
      cause,
    })
  }
}

function whyNotTheOne(fd: number, path: string, sha256: string, uid: number): string | undefined {
  const stat = fstatSync(fd)
  if (!stat.isFile()) return `${path} is no file: install Freshet again`
  const open = whyNotOwn([{ path, uid: stat.uid, mode: stat.mode }], uid)
  if (open !== undefined) return open
  const found = hashOf(fd)
  return found === sha256
    ? undefined
    : `${path} is not the one that this Freshet was built with (its SHA-256 is ${found} in place of ${sha256}): install Freshet again, with all of its files`
}

function hashOf(fd: number): string {
  const hash = createHash('sha256')
  const chunk = Buffer.alloc(CHUNK_BYTES)
  for (let at = 0; ; ) {
    const length = readSync(fd, chunk, 0, CHUNK_BYTES, at)
    if (length === 0) return hash.digest('hex')
    hash.update(chunk.subarray(0, length))
    at += length
  }
}

/**
 * The module of this name beside the executable, which it must be one of. The descriptor stays open: the loader knows a module
 * by the name it was loaded by, and would take the next of the same number for this one. Throws NativeModuleError.
 */
export function loadNativeModule(name: string): unknown {
  const path = join(dirname(process.execPath), name)
  const sha256 = (JSON.parse(embedded.text(MODULE_HASHES)) as Record<string, string>)[name]
  if (sha256 === undefined)
    throw new NativeModuleError(`${name} is no native module of this program`)
  wantOwnProgram(process.execPath)
  const fd = openChecked(path, sha256)
  const module = { exports: {} as unknown }
  try {
    // On a Mac a descriptor has no such name; what is loaded there is held to the signature (library validation).
    process.dlopen(module, process.platform === 'linux' ? `/proc/self/fd/${fd}` : path)
  } catch (cause) {
    const why = String((cause as Error).message).split('\n', 1)[0]
    throw new NativeModuleError(`${path} cannot be loaded (${why})`, { cause })
  }
  return module.exports
}
