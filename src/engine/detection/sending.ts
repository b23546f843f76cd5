// What a pair sends, as a policy's rules and exceptions look at it.
import type { StoredIdentity } from '../../baseline/baseline.ts'
import type { Sending } from '../exception.ts'
import { isVouched } from '../identity/vouching.ts'
import type { Pair } from '../pair/pair-table.ts'
import type { Process } from '../process/process.ts'

/** `paths`: of the process that sends and of those above it, the nearest first; none where it is not known any more. */
export function sendingOf(
  { identity, destination }: Pair,
  process: Process | undefined,
  paths: readonly string[],
): Sending {
  const { stored } = identity
  const [program, ...ancestors] = paths
  const isSigned = isVouched(stored.signerClass) && isForItself(stored.key)
  return {
    address: destination.address,
    hostname: destination.view.hostname,
    port: destination.view.port,
    program: program || stored.path,
    ancestors,
    signer: stored.signerClass,
    // By its content it is named by what it is signed as, too, which then says no more.
    signingId: isForItself(stored.key) ? stored.signingId : '',
    team: isSigned ? stored.teamId : '',
    hashes: hashesOf(stored, isSigned ? process : undefined),
    uid: process?.uid,
  }
}

/**
 * Who runs a script, acts for another, or has foreign code in it, is no more what its file is than an impostor. A path in a
 * key may say so as well, which then names less.
 */
const isForItself = (key: string): boolean => !/ (?:script|via|with foreign code)(?: |$)/.test(key)

/** Nobody chooses what stands before ` script ` here: no key by a path begins so. */
const OF_SCRIPT =
  /^(?:unsigned:sha256:[0-9a-f]{64}|adhoc:[0-9a-f]{40}|platform:[^ ]+|[A-Z0-9]{10}:[^ ]+) script ([0-9a-f]{64})(?: via |$)/

/** `signed`: the process, where its signature holds and it sends for itself. */
function hashesOf({ key, sha256, cdhash }: StoredIdentity, signed: Process | undefined): string[] {
  const script = OF_SCRIPT.exec(key)?.[1]
  if (script !== undefined) return [script]
  // What was replaced, or read under a path that may be another's, is not known by its content: its key says so.
  if (key === `unsigned:sha256:${sha256}` || key === `adhoc:${cdhash}`)
    return hashes(sha256, cdhash)
  if (signed === undefined) return []
  // Versions of a signed program are one identity: the one that runs counts.
  const { inspection: file, cdhash: ofKernel } = signed.image
  const isRead = file !== undefined && file.error === 0 && !file.replaced
  return hashes(isRead ? file.sha256 : '', ofKernel)
}

/** Zeros: there is none, as of what is not signed. */
const hashes = (...found: string[]): string[] => found.filter((hash) => /[^0]/.test(hash))
