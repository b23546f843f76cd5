// Whose program it is: the key of an identity, with the script that runs and whom it acts for.
import { LINEAGE, type SignerClass } from '../../baseline/baseline.ts'
import type {
  MadeFor,
  MadeScript,
  Maker,
  Process,
  ProgramIdentity,
  Responsible,
  RunScript,
} from '../process/process.ts'
import type { ProcessTable } from '../process/process-table.ts'
import { doubtfulness, lessVouched } from './handed-on.ts'
import type { Originals } from './originals.ts'
import { actsForOthers, joinDoubts, loadedClass, programOf } from './program.ts'
import { besideScript, bringsCode, isFolder, namesScript, runsScript, scriptOf } from './script.ts'
import { isVouched } from './vouching.ts'

/** How many ancestors are asked for. A loop cannot be: a parent is never its own descendant. */
const ANCESTORS_MAX = 32

/** What is known of all programs, to tell one by. */
export type Known = { table: ProcessTable; originals: Originals }

/** Whose identity a process's flows count for. */
export type Attribution = {
  program: ProgramIdentity
  key: string
  signerClass: SignerClass
  doubt: string
  responsible: Responsible | undefined
  /** undefined: none. */
  script: RunScript | undefined
  /**
   * Where its script is a file whose content is known: the key that its versions share, and that of the one with this
   * content. undefined otherwise.
   */
  lineage: { key: string; keyOf: (sha256: string) => string } | undefined
  /** undefined: it acts for nobody by what it was given. */
  madeFor: MadeFor | undefined
}

/**
 * The identity that the flows of `process` count for; undefined while its file, its script, or the process it acts
 * for, is not inspected and `force` is false, and always when its program is not known.
 */
export function attribute(process: Process, known: Known, force: boolean): Attribution | undefined {
  const program = programOf(process, known.originals, force)
  if (program === undefined) return undefined
  const principal = principalOf(process, program, known, force)
  if (principal === 'not known') return undefined
  const { doubt } = program
  if (principal === 'itself') {
    const { key, signerClass } = program
    return { program, key, signerClass, doubt, ...ITSELF }
  }
  const { responsible, through, maker } = principal
  const signerClass = actsForOthers(process.image)
    ? program.signerClass
    : lessVouched(program.signerClass, responsible.signerClass)
  const madeFor = maker && { responsible, script: undefined }
  const alone = { program, signerClass, doubt, script: undefined, lineage: undefined, madeFor }
  const via = responsible.key ?? 'unknown'
  const keyWith = (name: string): string => {
    const script = name === '' ? '' : ` script ${name}`
    return via === program.key ? `${program.key}${script}` : `${program.key}${script} via ${via}`
  }
  const isOwn = runsScript(process.image)
  const found =
    !isOwn && maker?.found ? maker.found.script : scriptBy(isOwn ? process : through, known, force)
  if (found === undefined) return { ...alone, key: keyWith(''), responsible }
  if (found === 'not known') return undefined
  const { beside, bringsCode, isFolder, ...ran } = found
  const script = { ...ran, isOwn }
  const keyOf = (name: string): string => keyWith(`${name}${beside}`)
  const brought = bringsCode ? 'its arguments may bring other code beside the script' : ''
  return {
    program,
    key: keyOf(script.name),
    signerClass: isFolder ? worst(signerClass) : classWith(process, signerClass),
    doubt: joinDoubts(doubt, script.doubt, brought),
    responsible,
    script,
    lineage: lineageOf(`${program.key}${beside}`, script, via, keyOf),
    madeFor: madeFor && { ...madeFor, script: isOwn ? undefined : found },
  }
}

/** Of one that acts for nobody. */
export const ITSELF = {
  responsible: undefined,
  script: undefined,
  lineage: undefined,
  madeFor: undefined,
}

/** By who it acts for it is vouched for as much as by itself, as one is that is known by now to act for others. */
export const isItself = ({ program, signerClass, script, responsible }: Attribution): boolean =>
  signerClass === program.signerClass &&
  script === undefined &&
  lessVouched(signerClass, responsible?.signerClass ?? signerClass) === signerClass

/**
 * For whom a process acts, and the one through which it does: itself, or the `maker` of what it was given; that one
 * undefined: by what it is alone.
 */
type Principal = { responsible: Responsible; through: Process; maker: Maker | undefined }

/**
 * For whom it acts: the one above it where its program acts for others, or whoever made a connection that it was given,
 * where that one is vouched for less, or acts for others itself.
 */
function principalOf(
  process: Process,
  { key, signerClass }: ProgramIdentity,
  known: Known,
  force: boolean,
): Principal | 'itself' | 'not known' {
  const acts = actsForOthers(process.image)
  let found: Principal | undefined
  if (acts) {
    const responsible = responsibleOf(process, known, force)
    if (responsible === undefined) return 'not known'
    found = { responsible, through: process, maker: undefined }
  }
  for (const maker of process.makers) {
    const made = makerOf(maker, known, force, true)
    if (made === undefined) return 'not known'
    if (made.key === key) continue
    const least = found?.responsible.signerClass ?? signerClass
    const by = doubtfulness(made.signerClass) - doubtfulness(least)
    // Of what acts for others it is not said by its class how far it is to be believed.
    const acting = maker.found !== undefined || actsForOthers(maker.process.image)
    const isFirst = found === undefined && acting
    if (by > 0 || isFirst || (by === 0 && found && winsTie(made, acting, found)))
      found = { responsible: made, through: maker.process, maker }
  }
  return found ?? 'itself'
}

/**
 * Whether a maker that is vouched for as much as the one it is so far answers for it. Who made the connection says more
 * than who is above the process, and who made the last one more than who made others: else whatever is started below an
 * unsigned terminal or editor would be that one's. What the system vouches for hands on to programs of the system all
 * the time, which keep their names; by itself, not by what it runs for others. One that was not seen hides none that was.
 */
function winsTie(
  { key, signerClass }: Responsible,
  acting: boolean,
  { maker }: Principal,
): boolean {
  if (key === undefined && maker !== undefined) return false
  return signerClass !== 'platform' || acting
}

/** Who answers for a connection that this process made. `asks`: see responsibleOf. */
function makerOf(
  { process: maker, found }: Maker,
  known: Known,
  force: boolean,
  asks: boolean,
): Responsible | undefined {
  if (found) return found.responsible
  if (actsForOthers(maker.image)) return responsibleOf(maker, known, force, asks)
  if (maker.image.path === '') return NOT_SEEN
  const program = programOf(maker, known.originals, force)
  return program && { key: program.key, signerClass: program.signerClass }
}

const NOT_SEEN: Responsible = { key: undefined, signerClass: 'unsigned' }

/** What runs is whatever its user put into a folder: nobody vouches for that. */
const worst = (signerClass: SignerClass): SignerClass =>
  isVouched(signerClass) ? 'unsigned' : signerClass

/**
 * A loader is as good as the file it was given to run, where that is all; a script, also of an interpreter that it was
 * given, makes nothing better.
 */
function classWith({ image }: Process, signerClass: SignerClass): SignerClass {
  if (!image.isLoader || !runsScript(image) || !isVouched(signerClass)) return signerClass
  return image.hasOtherCode ? worst(signerClass) : loadedClass(image)
}

/**
 * A file that the same user edits stays the same script: its versions share this key. Another owner's file at the same
 * path is another script.
 */
function lineageOf(
  by: string,
  script: RunScript,
  via: string,
  keyOf: (sha256: string) => string,
): Attribution['lineage'] {
  if (script.sha256 === '' || script.ownerUid === undefined) return undefined
  return { key: `${LINEAGE}${script.ownerUid} ${script.path} by ${by} via ${via}`, keyOf }
}

/**
 * Whose script it is: its own, whatever that is, or that of the nearest ancestor that acts for others and was given a
 * file. A text on a shell's command line is what system(3) puts between, and hides no file.
 */
function scriptHolder(process: Process, table: ProcessTable): Process | undefined {
  if (runsScript(process.image)) return process
  let at: Process | undefined = process
  for (let i = 0; i < ANCESTORS_MAX && at && actsForOthers(at.image); i++) {
    if (namesScript(at.image)) return at
    at = table.parentOf(at)
  }
  return undefined
}

/** That script, as it is told; undefined: there is none. */
function scriptBy(
  process: Process,
  { table }: Known,
  force: boolean,
): MadeScript | 'not known' | undefined {
  const holder = scriptHolder(process, table)
  if (holder === undefined) return undefined
  const { image } = holder
  const script = scriptOf(holder, force)
  if (script === undefined) return 'not known'
  const beside = besideScript(image)
  return { ...script, beside, bringsCode: bringsCode(image), isFolder: isFolder(image) }
}

/**
 * The nearest ancestor that does not itself act for others, or else the outermost one. `asks`: or whoever that one was
 * given a connection by, and is vouched for less; of those it is not asked again, as two may have given to each other.
 */
function responsibleOf(
  process: Process,
  known: Known,
  force: boolean,
  asks = true,
): Responsible | undefined {
  const { table, originals } = known
  let found = table.find(process.responsiblePid, process.responsiblePidversion)
  if (
    process.responsiblePid === 0 ||
    (found?.pid === process.pid && found.pidversion === process.pidversion) ||
    found === undefined
  ) {
    found = process
    for (let i = 0; i < ANCESTORS_MAX && actsForOthers(found.image); i++) {
      const parent = table.parentOf(found)
      if (parent === undefined) {
        if (found.parentPid !== 0) return NOT_SEEN
        break
      }
      found = parent
    }
  }
  if (found.image.path === '') return NOT_SEEN
  const program = programOf(found, originals, force)
  if (program === undefined) return undefined
  let { key, signerClass }: Responsible = program
  for (const maker of asks ? found.makers : []) {
    const made = makerOf(maker, known, force, false)
    if (made === undefined) return undefined
    if (doubtfulness(made.signerClass) > doubtfulness(signerClass)) ({ key, signerClass } = made)
  }
  return { key, signerClass }
}
