// What program an image is: its key, how its file is vouched for, and what of that is in doubt.
import type { SignerClass } from '../../baseline/baseline.ts'
import { quoted } from '../../printable.ts'
import { Script } from '../../records/record.gen.ts'
import { actsByName, actsBySigningId, fileName, isLoaderName } from '../process/acting.ts'
import { foreignText } from '../process/foreign-code.ts'
import { NOT_LOOKED } from '../process/inspect-requests.ts'
import type { Image, Inspection, Process, ProgramIdentity } from '../process/process.ts'
import { isOfMac } from '../sources.ts'
import { errnoText } from './errno-text.ts'
import type { Originals } from './originals.ts'
import { runsScript } from './script.ts'
import { presumedProgram, signedProgram } from './signed-program.ts'
import { isVouched } from './vouching.ts'

/** Directories whose files root alone installs (FHS 3.0 and its merged /usr). */
const SYSTEM_DIRECTORIES = [
  '/bin/',
  '/sbin/',
  '/usr/bin/',
  '/usr/sbin/',
  '/usr/lib/',
  '/usr/lib64/',
  '/usr/libexec/',
  '/lib/',
  '/lib64/',
]

/** errno(3), the same on Linux and macOS. */
const ENOENT = 2

/** Clauses, the empty ones left out. */
export const joinDoubts = (...doubts: string[]): string =>
  doubts.filter((text) => text !== '').join(', ')

/**
 * The program of a process with the code that runs in it, or undefined while it is not certain and `force` is
 * false. Forced, a file that was not inspected in time is keyed by its path.
 */
export function programOf(
  process: Process,
  originals: Originals,
  force: boolean,
): ProgramIdentity | undefined {
  const program = ownProgram(process, originals, force)
  const { foreign, image } = process
  if (program === undefined || foreign === undefined || !isVouched(program.signerClass))
    return program
  // Of a program that a loader was given, what lies beside it is its own.
  if (image.isLoader && runsScript(image) && loadedClass(image) !== 'platform') return program
  return {
    key: `${program.key} with foreign code`,
    signerClass: 'unsigned',
    doubt: joinDoubts(program.doubt, foreignText(foreign)),
  }
}

/** The program by its own file. */
function ownProgram(
  { image, uid }: Process,
  originals: Originals,
  force: boolean,
): ProgramIdentity | undefined {
  if (image.program) return image.program
  if (image.path === '') return undefined
  const program = isOfMac(image.source)
    ? macProgram(image, uid)
    : linuxProgram(image, uid, originals)
  // Known by nothing but its path, while its file may still be read.
  if (program && image.inspection?.mayFollow && isByPath(program))
    return force ? program : undefined
  if (program) image.program = program
  else if (force)
    return presumedProgram(image) ?? unknownProgram(image, 'its file was not inspected in time')
  return program
}

function linuxProgram(
  image: Image,
  uid: number | undefined,
  originals: Originals,
): ProgramIdentity | undefined {
  const file = image.inspection
  if (file === undefined) return undefined
  if (!image.pathGuessed && !image.codeElsewhere && isSystemFile(image.path, file)) {
    if (file.error !== 0)
      // Whose it is needs no hash.
      return {
        key: `platform:${image.path}`,
        signerClass: 'platform',
        doubt: 'its file was not read',
      }
    originals.note(file.sha256, image.path)
    return { key: `platform:${image.path}`, signerClass: 'platform', doubt: '' }
  }
  const program = unsignedProgram(image, file, uid)
  const elsewhere = image.codeElsewhere
    ? 'its own file has no code: it runs that of another file'
    : ''
  // A guess says of no file that it is the one which runs.
  const isItsFile = file.error === 0 && !file.replaced && !image.pathGuessed
  image.copyOf = isItsFile ? originals.of(file.sha256) : ''
  const copy = image.copyOf === '' ? '' : `a copy of ${quoted(image.copyOf)}`
  return { ...program, doubt: joinDoubts(program.doubt, elsewhere, copy) }
}

/** Whether root alone installed it and can change it, as far as the system's own places go. */
export function isSystemFile(path: string, file: Inspection): boolean {
  return (
    file.ownerUid === 0 &&
    !file.writableByOthers &&
    !file.replaced &&
    file.error !== ENOENT &&
    !path.includes('/../') &&
    SYSTEM_DIRECTORIES.some((directory) => path.startsWith(directory))
  )
}

/** How well the file is vouched for that a loader was given to run: no better than its place. */
export const loadedClass = ({ script, scriptFile }: Image): SignerClass =>
  scriptFile && isSystemFile(script, scriptFile) ? 'platform' : 'unsigned'

const isByPath = ({ key }: ProgramIdentity): boolean => /^(?:unknown|unsigned):path:/.test(key)

const unknownProgram = ({ path }: Image, doubt: string): ProgramIdentity => ({
  key: `unknown:path:${path}`,
  signerClass: 'unknown',
  doubt,
})

/** Why a path is a guess. One clause for a person. */
function guessText({ exeSet, exeUnconfirmed }: Image): string {
  if (exeSet) return 'it set itself which file it is said to run'
  if (exeUnconfirmed) return 'it may have set itself which file it is said to run'
  return 'nothing confirmed which file it ran'
}

function unsignedProgram(image: Image, file: Inspection, uid: number | undefined): ProgramIdentity {
  const byPath = (doubt: string): ProgramIdentity => ({
    key: `unsigned:path:${image.path}`,
    signerClass: 'unsigned',
    doubt,
  })
  if (file.replaced) return byPath('its file was replaced after it was started')
  // As of a program in a log of another machine.
  if (file.error === ENOENT) return byPath('its file was not there to be read')
  if (file.usersMount && file.error !== 0)
    // Where it is mounted may be another place each time. One that lets a reader wait is its user's doing too.
    return {
      key: `unsigned:unreadable:${file.ownerUid ?? uid ?? 'unknown'}:${fileName(image.path)}`,
      signerClass: 'unsigned',
      doubt: 'not readable: on a FUSE mount of another user',
    }
  if (file.error !== 0) {
    const isOthers = file.ownerUid !== undefined && (file.ownerUid !== 0 || file.writableByOthers)
    if (isOthers || (file.ownerUid === undefined && !NOT_LOOKED.has(file.error)))
      return byPath(`its file could not be read (${errnoText(file.error)})`)
    return unknownProgram(image, `its file was not read (${errnoText(file.error)})`)
  }
  if (image.pathGuessed) return byPath(guessText(image))
  return { key: `unsigned:sha256:${file.sha256}`, signerClass: 'unsigned', doubt: '' }
}

/** Without a signature that names it, a program is known by its file. */
function macProgram(image: Image, uid: number | undefined): ProgramIdentity | undefined {
  const program = signedProgram(image)
  if (program !== 'unsigned') return program
  return image.inspection && unsignedProgram(image, image.inspection, uid)
}

/**
 * Whether what it sends is others': by its signing id where it has one, by its file's name the system's program
 * that it is a copy of, and when it was given a script to run. What a process says of its own arguments makes it no
 * interpreter; that they do not tell what it runs is said of interpreters alone.
 */
export const actsForOthers = (image: Image): boolean =>
  image.isLoader ||
  (actsByName(image.path) && !isLoaderName(image.path)) ||
  actsBySigningId(image.signingId) ||
  (image.copyOf !== '' && (actsByName(image.copyOf) || actsBySigningId(image.copyOf))) ||
  (runsScript(image) && (image.scriptFrom !== Script.claimed || image.script === ''))
