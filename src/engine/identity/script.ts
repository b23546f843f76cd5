// The script that a program runs, or that runs it: what of it stands in an identity, and how sure that is.
import { quoted } from '../../printable.ts'
import { Script } from '../../records/record.gen.ts'
import type { Image, Inspection, Process, RunScript } from '../process/process.ts'
import { errnoText } from './errno-text.ts'

/** st_mode, inode(7). */
const WRITABLE_BY_ALL = 0o002

/** errno(3), as Linux and macOS number it. */
const EISDIR = 21

/** Texts that are no files: they are told apart by their kind alone. */
const TEXTS: Record<number, { name: string; words: string }> = {
  [Script.inline]: { name: 'inline', words: 'running a text given on its command line' },
  [Script.module]: { name: 'module', words: 'running a module that it finds by name' },
  [Script.standardInput]: { name: 'stdin', words: 'running what its standard input brings' },
}

/** Whether it is said which file it runs. */
export const namesScript = ({ script, scriptFrom }: Image): boolean =>
  script !== '' && TEXTS[scriptFrom] === undefined && scriptFrom !== Script.none

/** Whether it runs anything that another than its maker wrote. */
export const runsScript = ({ scriptFrom }: Image): boolean => scriptFrom !== Script.none

/**
 * The script of this process itself; undefined while its file is not inspected and `force` is false. REQUIRES:
 * runsScript.
 */
export function scriptOf({ image }: Process, force: boolean): RunScript | undefined {
  const { script: path, scriptFrom: from, scriptFile: file } = image
  const nameless = { sha256: '', ownerUid: undefined, from, isOwn: true }
  const text = TEXTS[from]
  if (text) return { ...nameless, name: text.name, path: '', doubt: '' }
  if (path === '')
    return { ...nameless, name: 'unknown', path, doubt: 'which script it runs was not told' }
  if (file?.mayFollow && !force) return undefined
  if (file === undefined)
    return force
      ? { ...nameless, name: path, path, doubt: 'its script was not looked at in time' }
      : undefined
  const doubt = doubtOf(file)
  if (doubt !== '') return { ...nameless, name: nameOfDoubted(path, file), path, doubt }
  return {
    name: file.sha256,
    path,
    sha256: file.sha256,
    ownerUid: (file.mode & WRITABLE_BY_ALL) === 0 ? file.ownerUid : undefined,
    from,
    isOwn: true,
    doubt: from === Script.claimed ? 'which script it runs is as the process itself says' : '',
  }
}

/**
 * Whether it was given a folder: `python3 app`, `node .`. Which of its files runs is by rules of the interpreter's own
 * (`__main__.so` before `__main__.py`, a package.json), so what stands there does not tell what ran.
 */
export const isFolder = ({ scriptFile: file }: Image): boolean =>
  file?.error === EISDIR && !file.replaced

/** Why the hash of what ran is not to be had. */
function doubtOf(file: Inspection): string {
  if (isChanged(file)) return 'its script was changed as it was started, or since'
  if (file.replaced) return 'its script was replaced after it was started'
  if (file.error === EISDIR)
    return 'it was given a folder, and which of its files it runs is not known'
  return file.error === 0 ? '' : `its script could not be read (${errnoText(file.error)})`
}

/**
 * It is there, and was changed when it may have been read already: a script that puts a known one in its place is not that
 * one. By what it holds now it is one identity still, though its path be another each time: many are written and run in
 * one go.
 */
const isChanged = ({ replaced, error }: Inspection): boolean => replaced && error === 0
function nameOfDoubted(path: string, file: Inspection): string {
  if (isChanged(file)) return `changed ${file.sha256}`
  return file.error === EISDIR && !file.replaced ? `folder ${path}` : path
}

/**
 * Of a script that its process names itself another stands in the key where the kernel could have told: it may be any
 * file that others are known by.
 */
const AS_CLAIMED = ' as claimed'

/**
 * What stands behind the script's name in a key where its interpreter's arguments bring other code, or may: one identity
 * whatever that is, as nothing of it was told.
 */
export const besideScript = (image: Image): string =>
  (bringsCode(image) ? ' with other code' : '') +
  (image.onlyClaimed && namesScript(image) ? AS_CLAIMED : '')

export const bringsCode = (image: Image): boolean => image.hasOtherCode && namesScript(image)

/** What it runs, or is run by, as a clause for a person. */
export function scriptText(script: RunScript): string {
  const text = TEXTS[script.from]
  if (text) return text.words
  if (script.path === '') return ''
  return `${script.isOwn ? 'running' : 'run by the script'} ${quoted(script.path)}`
}

/** How an exec record says who tells of the script; the words are those of CODE script. */
export function scriptFromName(from: number): string {
  const found = Object.entries(Script).find(([, value]) => value === from)?.[0] ?? 'none'
  return found === 'none' ? '' : found.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
