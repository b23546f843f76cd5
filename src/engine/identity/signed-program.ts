// Whose a signed program is (macOS). The kernel says at the exec what it is signed as; that its team may be
// believed, and how far, the inspection of its file adds.
import type { SignerClass } from '../../baseline/baseline.ts'
import { quoted } from '../../printable.ts'
import { Signature } from '../../records/record.gen.ts'
import { actsByName, actsBySigningId } from '../process/acting.ts'
import type { Image, Inspection, ProgramIdentity } from '../process/process.ts'

/** XNU osfmk/kern/cs_blobs.h. */
const CS_VALID = 0x1
const CS_ADHOC = 0x2
const CS_LINKER_SIGNED = 0x20000
/** "process has a signature (may have gone invalid)" */
const CS_SIGNED = 0x20000000

/**
 * Where Apple's programs are installed: what System Integrity Protection keeps (/usr/libexec and the rest of
 * rootless.conf), the developer tools, and applications. /usr/local is the administrator's own.
 */
const SYSTEM_PLACES = [
  '/bin/',
  '/sbin/',
  '/usr/',
  '/System/',
  '/Library/Apple/',
  '/Library/Developer/',
  '/private/preboot/Cryptexes/',
]
const APPLICATION = /^\/Applications\/(Utilities\/)?[^/]+\.app\/Contents\//

/**
 * Whether a program of Apple's lies where Apple installs it. A copy keeps its signature, and the kernel may well go on
 * calling it the platform's: it knows it by its code directory's hash. Tools that others send with are no applications.
 */
const isInPlace = ({ path, signingId }: Image): boolean =>
  (!path.startsWith('/usr/local/') && SYSTEM_PLACES.some((place) => path.startsWith(place))) ||
  (APPLICATION.test(path) && !(actsByName(path) || actsBySigningId(signingId))) ||
  /^\/Applications\/Xcode[^/]*\.app\/Contents\/Developer\//.test(path)

/** A program that Apple made, where Apple put it or elsewhere. */
function systemProgram(image: Image, name = nameOf(image)): ProgramIdentity {
  if (isInPlace(image)) return { key: `platform:${name}`, signerClass: 'platform', doubt: '' }
  image.copyOf = name
  return {
    key: `copy:${name}`,
    signerClass: 'developer_id',
    doubt: `a copy of ${quoted(name)} outside the system's places`,
  }
}

/** Among the programs of its signer. A signing id that the kernel did not give must not make them all one. */
const nameOf = ({ signingId, path }: Image): string => signingId || path

const hasHash = (cdhash: string): boolean => !/^0*$/.test(cdhash)

/** Whether the inspected file is the one that was executed, and its signature was looked at. */
const isLookedAt = (file: Inspection): boolean =>
  file.error === 0 &&
  !file.replaced &&
  file.signature !== Signature.notAsked &&
  file.signature !== Signature.unknown

/**
 * Whether the file that was executed holds other code now than the kernel runs of it: it was written to in
 * place. A file that another took the place of, as updates do, is not meant.
 */
export const holdsOtherCode = ({ cdhash, inspection }: Image): boolean =>
  inspection !== undefined &&
  isLookedAt(inspection) &&
  hasHash(cdhash) &&
  inspection.cdhash !== cdhash

/** What the file's signature is, in words. */
export const fileSignatureText = ({ signature, authorities, cdhash }: Inspection): string => {
  if (signature === Signature.unsigned) return 'the file is not signed'
  const by =
    authorities.length === 0 ? 'nobody' : authorities.map((name) => quoted(name)).join(', ')
  return `the file is signed by ${by} as ${cdhash}${signature === Signature.invalid ? ', which does not hold' : ''}`
}

/**
 * The identity by what the kernel knows of the signature; undefined when that needs an inspection which is not
 * there yet. 'unsigned': it has no signature that could name it.
 */
export function signedProgram(image: Image): ProgramIdentity | 'unsigned' | undefined {
  const { cdhash, codesignFlags, inspection } = image
  if (image.invalidated) return invalid(cdhash, 'its signature became invalid')
  if ((codesignFlags & CS_VALID) === 0)
    // As it is found of a process whose signature broke before anybody looked.
    return (codesignFlags & CS_SIGNED) !== 0 && hasHash(cdhash)
      ? invalid(cdhash, 'its signature is no longer valid')
      : 'unsigned'
  if (image.platformBinary) return systemProgram(image)
  if ((codesignFlags & (CS_ADHOC | CS_LINKER_SIGNED)) !== 0) return byHash(cdhash)
  if (inspection === undefined) return undefined
  const isOther = holdsOtherCode(image)
  if (inspection.signature === Signature.invalid && isLookedAt(inspection) && !isOther)
    return invalid(
      cdhash,
      `${fileSignatureText(inspection)} (OSStatus ${inspection.signatureStatus})`,
    )
  if (image.teamId !== '')
    return {
      key: `${image.teamId}:${nameOf(image)}`,
      signerClass: isOther ? 'developer_id' : classOf(inspection),
      doubt: isOther ? 'its file holds other code now than it runs' : runtimeDoubt(inspection),
    }
  const named = namedByFile(inspection)
  if (image.signingId === '' && named !== undefined && !isOther)
    return { key: named, signerClass: classOf(inspection), doubt: runtimeDoubt(inspection) }
  // Apple's own beside the system, or a certificate that nobody stands behind.
  if (isLookedAt(inspection) && !isOther && inspection.apple)
    return systemProgram(image, image.signingId || inspection.signingId || image.path)
  return byHash(cdhash)
}

/**
 * What a file's own signature names it, where a certificate vouches for it: the kernel's word stands before it, and is
 * missing where a source was not believed (gap platform_claims).
 */
const namedByFile = (file: Inspection): string | undefined =>
  isLookedAt(file) &&
  file.signature === Signature.valid &&
  file.teamId !== '' &&
  file.signingId !== ''
    ? `${file.teamId}:${file.signingId}`
    : undefined

/** The identity of an image whose file was not inspected in time; undefined where no name can be believed. */
export function presumedProgram(image: Image): ProgramIdentity | undefined {
  if ((image.codesignFlags & CS_VALID) === 0 || image.teamId === '') return undefined
  return {
    key: `${image.teamId}:${nameOf(image)}`,
    signerClass: 'developer_id',
    doubt: 'its file was not inspected in time',
  }
}

/** How a team's code is vouched for. Notarization that is not known of is none. */
function classOf(file: Inspection): SignerClass {
  if (!isLookedAt(file) || file.signature !== Signature.valid) return 'developer_id'
  if (file.appStore) return 'app_store'
  return file.developerId && file.notarized ? 'notarized' : 'developer_id'
}

/** Without the hardened runtime a name is worth less: who starts the program may load code into it. */
const runtimeDoubt = (file: Inspection): string =>
  isLookedAt(file) && !file.hardenedRuntime && !file.appStore
    ? 'without the hardened runtime, so other code may run in it'
    : ''

const byHash = (cdhash: string): ProgramIdentity | 'unsigned' =>
  hasHash(cdhash) ? { key: `adhoc:${cdhash}`, signerClass: 'adhoc', doubt: '' } : 'unsigned'

const invalid = (cdhash: string, doubt: string): ProgramIdentity => ({
  key: `invalid:${cdhash}`,
  signerClass: 'invalid',
  doubt,
})
