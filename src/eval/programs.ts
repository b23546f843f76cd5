// The programs of a made-up Mac. Teams and vendors are invented; Apple's names are those of macOS itself.
import { createHash } from 'node:crypto'
import { InspectedFlag, Signature } from '../records/record.gen.ts'

export type Program = {
  path: string
  signingId: string
  /** Empty: Apple's own, ad hoc or unsigned. */
  teamId: string
  /** developer: notarized too. developer_id: with a certificate of Apple's, and not notarized. */
  signer: 'platform' | 'developer' | 'developer_id' | 'app_store' | 'adhoc' | 'unsigned'
  /** Rises with each update: other code under the same name. */
  build: number
  /** For an interpreter. */
  script: string
  /** What is told of how its file came here; absent: nothing says. */
  origin?: { kind: number; name: string } | undefined
}

export const program = (path: string, rest: Partial<Program>): Program => ({
  path,
  signingId: '',
  teamId: '',
  signer: 'developer',
  build: 1,
  script: '',
  ...rest,
})
export const platform = (path: string, signingId: string): Program =>
  program(path, { signingId, signer: 'platform' })
export const application = (name: string, signingId: string, teamId: string): Program =>
  program(`/Applications/${name}.app/Contents/MacOS/${name}`, { signingId, teamId })
export const adhoc = (path: string, build = 1): Program =>
  program(path, { signingId: path.slice(path.lastIndexOf('/') + 1), signer: 'adhoc', build })
export const unsigned = (path: string): Program => program(path, { signer: 'unsigned' })

export const LAUNCHD = platform('/sbin/launchd', 'com.apple.xpc.launchd')
export const TRUSTD = platform('/usr/libexec/trustd', 'com.apple.trustd')
export const APSD = platform(
  '/System/Library/PrivateFrameworks/ApplePushService.framework/apsd',
  'com.apple.apsd',
)
export const CLOUDD = platform(
  '/System/Library/PrivateFrameworks/CloudKitDaemon.framework/Support/cloudd',
  'com.apple.cloudd',
)
export const SOFTWAREUPDATED = platform(
  '/System/Library/PrivateFrameworks/SoftwareUpdate.framework/softwareupdated',
  'com.apple.softwareupdated',
)
export const SUBMITDIAG = platform(
  '/System/Library/CoreServices/SubmitDiagInfo',
  'com.apple.SubmitDiagInfo',
)
export const MDNS = platform('/usr/sbin/mDNSResponder', 'com.apple.mDNSResponder')
export const SAFARI = platform('/Applications/Safari.app/Contents/MacOS/Safari', 'com.apple.Safari')
export const TERMINAL = platform(
  '/System/Applications/Utilities/Terminal.app/Contents/MacOS/Terminal',
  'com.apple.Terminal',
)
export const ZSH = platform('/bin/zsh', 'com.apple.zsh')
export const CURL = platform('/usr/bin/curl', 'com.apple.curl')
export const GIT = platform('/usr/bin/git', 'com.apple.git')

export const MAIL = application('Heron Mail', 'example.heron.mail', 'HRN4M41L00')
export const CHAT = application('Kestrel', 'example.kestrel.chat', 'KSTRL7CH4T')
export const CALLS = application('Meadow Calls', 'example.meadow.calls', 'MDW3C4LLS0')
export const BACKUP = application('Granary', 'example.granary.backup', 'GRNRY8BKP0')
export const NOTES = application('Inkwell', 'example.inkwell.notes', 'INKW3LL000')
export const UPDATER = program('/Applications/Kestrel.app/Contents/Frameworks/Updater', {
  signingId: 'example.kestrel.updater',
  teamId: 'KSTRL7CH4T',
})

/** The code directory's hash of this build, 20 bytes; zeros where there is none. */
export function cdhashOf({ path, signingId, build, signer }: Program): Uint8Array {
  if (signer === 'unsigned') return new Uint8Array(20)
  return new Uint8Array(
    createHash('sha256').update(`${path} ${signingId} ${build}`).digest().subarray(0, 20),
  )
}

/** SHA-256 of the file, 32 bytes. */
export const hashOf = ({ path, build }: Program): Uint8Array =>
  new Uint8Array(createHash('sha256').update(`file ${path} ${build}`).digest())

const CS_VALID = 0x1
const CS_ADHOC = 0x2
const CS_RUNTIME = 0x10000
const CS_PLATFORM_BINARY = 0x4000000

/** cs_flags as XNU has them (osfmk/kern/cs_blobs.h). */
export function codesignFlagsOf({ signer }: Program): number {
  if (signer === 'unsigned') return 0
  if (signer === 'adhoc') return CS_VALID | CS_ADHOC
  return signer === 'platform' ? CS_VALID | CS_PLATFORM_BINARY : CS_VALID | CS_RUNTIME
}

/** What an inspection finds of its signature. */
export function signatureOf(program: Program) {
  const { signer, signingId, teamId } = program
  const by = {
    platform: { signature: Signature.valid, authorities: 'Software Signing' },
    developer: { signature: Signature.valid, authorities: `Developer ID Application: ${teamId}` },
    developer_id: {
      signature: Signature.valid,
      authorities: `Developer ID Application: ${teamId}`,
    },
    app_store: { signature: Signature.valid, authorities: 'Apple Mac OS Application Signing' },
    adhoc: { signature: Signature.adhoc, authorities: '' },
    unsigned: { signature: Signature.unsigned, authorities: '' },
  }
  return { ...by[signer], signatureStatus: 0, cdhash: cdhashOf(program), signingId, teamId }
}

export function inspectedFlagsOf({ signer }: Program): number {
  if (signer === 'platform') return InspectedFlag.apple
  if (signer === 'app_store') return InspectedFlag.appStore
  if (signer === 'developer_id') return InspectedFlag.developerId + InspectedFlag.hardenedRuntime
  if (signer !== 'developer') return 0
  return InspectedFlag.developerId + InspectedFlag.notarized + InspectedFlag.hardenedRuntime
}

export type Site = { to: string; hostname: string }
export const INKWELL_SITE: Site = { to: '203.0.113.90', hostname: 'sync.inkwell.example' }
export const SITES: readonly Site[] = [
  { to: '198.51.100.10', hostname: 'www.news.example' },
  { to: '198.51.100.11', hostname: 'static.news.example' },
  { to: '198.51.100.60', hostname: 'search.example' },
  { to: '203.0.113.12', hostname: 'wiki.example' },
  { to: '203.0.113.13', hostname: 'video.example' },
  { to: '203.0.113.14', hostname: 'shop.example' },
]
