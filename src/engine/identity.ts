// Whose program it is: the identity key and how the file is vouched for.
import { Source } from '../records/record.gen.ts'
import { actsForOthers } from './acting.ts'
import type { Image, Process, ProgramIdentity, Responsible } from './process.ts'
import type { ProcessTable } from './process-table.ts'
import { presumedProgram, signedProgram } from './signed-program.ts'

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

/** How many ancestors are asked for. A loop cannot be: a parent is never its own descendant. */
const ANCESTORS_MAX = 32

/**
 * The identity of the image's program, or undefined while it is not certain and `force` is false.
 * Forced, a file that was not inspected in time is keyed by its path.
 */
export function programOf(image: Image, force: boolean): ProgramIdentity | undefined {
  if (image.program) return image.program
  if (image.path === '') return undefined
  const program = image.source === Source.endpointSecurity ? macProgram(image) : linuxProgram(image)
  if (program) image.program = program
  else if (force)
    return (
      presumedProgram(image) ?? {
        key: `unsigned:path:${image.path}`,
        signerClass: 'unsigned',
        doubt: 'its file was not inspected in time',
      }
    )
  return program
}

function linuxProgram(image: Image): ProgramIdentity | undefined {
  const file = image.inspection
  if (file === undefined) return undefined
  if (file.error === 0 && isSystemFile(image.path, file.ownerUid, file.writableByOthers))
    return { key: `platform:${image.path}`, signerClass: 'platform', doubt: '' }
  return unsignedProgram(image, file)
}

/** errno(3), the same on Linux and macOS. */
const ENOENT = 2

function isSystemFile(path: string, ownerUid: number, writableByOthers: boolean): boolean {
  return (
    ownerUid === 0 &&
    !writableByOthers &&
    !path.includes('/../') &&
    SYSTEM_DIRECTORIES.some((directory) => path.startsWith(directory))
  )
}

function unsignedProgram(image: Image, file: NonNullable<Image['inspection']>): ProgramIdentity {
  const byPath = (doubt: string): ProgramIdentity => ({
    key: `unsigned:path:${image.path}`,
    signerClass: 'unsigned',
    doubt,
  })
  // As of a program in a log of another machine.
  if (file.error === ENOENT) return byPath('its file was not there to be read')
  if (file.error !== 0) return byPath(`its file could not be read (errno ${file.error})`)
  if (file.replaced) return byPath('its file was replaced after it was started')
  return { key: `unsigned:sha256:${file.sha256}`, signerClass: 'unsigned', doubt: '' }
}

/** Without a signature that names it, a program is known by its file. */
function macProgram(image: Image): ProgramIdentity | undefined {
  const program = signedProgram(image)
  return program === 'unsigned'
    ? image.inspection && unsignedProgram(image, image.inspection)
    : program
}

/** Whose identity a process's flows count for. */
export type Attribution = {
  program: ProgramIdentity
  key: string
  responsible: Responsible | undefined
}

/**
 * The identity that the flows of `process` count for; undefined while its file, or that of the process it acts
 * for, is not inspected and `force` is false, and always when its program is not known.
 */
export function attribute(
  process: Process,
  table: ProcessTable,
  force: boolean,
): Attribution | undefined {
  const program = programOf(process.image, force)
  if (program === undefined) return undefined
  if (!actsForOthers(process.image.path))
    return { program, key: program.key, responsible: undefined }
  const responsible = responsibleOf(process, table, force)
  if (responsible === undefined) return undefined
  const path = scriptOf(process, table)
  const script = path === '' ? '' : ` script ${path}`
  const via = responsible.key ?? 'unknown'
  return {
    program,
    key: via === program.key ? `${program.key}${script}` : `${program.key}${script} via ${via}`,
    responsible,
  }
}

/** The script that runs it, or that runs what runs it: its own, or that of the nearest ancestor that has one and acts for others. */
function scriptOf(process: Process, table: ProcessTable): string {
  let at: Process | undefined = process
  for (let i = 0; i < ANCESTORS_MAX && at && actsForOthers(at.image.path); i++) {
    if (at.image.script !== '') return at.image.script
    at = table.parentOf(at)
  }
  return ''
}

/** The nearest ancestor that does not itself act for others, or else the outermost one. */
function responsibleOf(
  process: Process,
  table: ProcessTable,
  force: boolean,
): Responsible | undefined {
  let found = table.find(process.responsiblePid, process.responsiblePidversion)
  if (process.responsiblePid === 0 || found === process || found === undefined) {
    found = process
    for (let i = 0; i < ANCESTORS_MAX && actsForOthers(found.image.path); i++) {
      const parent = table.parentOf(found)
      if (parent === undefined) {
        if (found.parentPid !== 0) return { key: undefined, signerClass: 'unsigned' }
        break
      }
      found = parent
    }
  }
  if (found.image.path === '') return { key: undefined, signerClass: 'unsigned' }
  const program = programOf(found.image, force)
  return program && { key: program.key, signerClass: program.signerClass }
}
