// What the agent's inspector says of one file each of Apple, of a developer, signed ad hoc, unsigned and changed after it was
// signed, beside what codesign says.
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Signature, Subject } from '../../src/records/record.gen.ts'
import { type Addon, type Inspection, loadAddon } from '../../src/sense/addon.ts'
import { endOf, firstLine, type Mac } from './mac.ts'
import { codesignFields } from './processes.ts'

const WORDS = new Map<number, string>(Object.entries(Signature).map(([word, code]) => [code, word]))

type Sample = { what: string; path: string; signature: number }

/** The last three are copies of the project's own small program. */
async function samplesOf(mac: Mac): Promise<Sample[]> {
  const copy = (name: string): string => {
    const path = join(mac.folder, name)
    copyFileSync(join(mac.root, 'native/build/probe'), path)
    return path
  }
  const adhoc = copy('adhoc')
  await mac.run('codesign', ['--force', '--sign', '-', adhoc])
  const unsigned = copy('unsigned')
  await mac.run('codesign', ['--remove-signature', unsigned])
  const changed = join(mac.folder, 'changed')
  const bytes = readFileSync(adhoc)
  const middle = bytes.length >> 1
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 0xff, middle)
  writeFileSync(changed, bytes, { mode: 0o755 })
  return [
    { what: "Apple's", path: '/bin/ls', signature: Signature.valid },
    // Node's own packages are signed with a Developer ID.
    { what: "a developer's", path: process.execPath, signature: Signature.valid },
    { what: 'ad hoc', path: adhoc, signature: Signature.adhoc },
    { what: 'unsigned', path: unsigned, signature: Signature.unsigned },
    { what: 'changed', path: changed, signature: Signature.invalid },
  ]
}

export async function signers(
  mac: Mac,
  load: () => Pick<Addon, 'inspect'> = loadAddon,
): Promise<void> {
  const addon = load()
  for (const sample of await samplesOf(mac)) {
    const { dev, ino } = statSync(sample.path, { bigint: true })
    const request = { pid: process.pid, cdhash: new Uint8Array(20), subject: Subject.code }
    const [said] = await addon.inspect([{ ...request, path: sample.path, dev, ino }])
    const { output } = await mac.run('codesign', ['-dvvv', sample.path])
    const { outcome, text } = signerFinding(sample, said, output)
    // Gatekeeper's word, of which no rule says what it should be: it is for apps first of all.
    const gatekeeper = await mac.run('spctl', ['-a', '-vv', '-t', 'execute', sample.path])
    const words = gatekeeper.output.trim().split('\n').join(', ')
    mac.found({ point: 'E10', outcome, text: `${text}; spctl: ${words || endOf(gatekeeper)}` })
  }
}

/** A hash is to be compared where codesign tells one; of a universal file that of the slice which this Mac would run. */
export function signerFinding(
  { what, signature }: Pick<Sample, 'what' | 'signature'>,
  said: Inspection | undefined,
  codesign: string,
): { outcome: 'as hoped' | 'otherwise'; text: string } {
  if (said === undefined) return { outcome: 'otherwise', text: `${what}: no answer` }
  const theirs = codesignFields(codesign)
  const own = {
    signingId: said.signingId,
    teamId: said.teamId,
    cdhash: Buffer.from(said.cdhash).toString('hex'),
  }
  const isTold = theirs.cdhash !== '' && said.signature !== Signature.invalid
  const differ = isTold
    ? (['signingId', 'teamId', 'cdhash'] as const).filter((field) => own[field] !== theirs[field])
    : []
  const isHoped = said.error === 0 && said.signature === signature && differ.length === 0
  const word = WORDS.get(said.signature) ?? `${said.signature}`
  const by = said.authorities.replaceAll('\0', ', ')
  return {
    outcome: isHoped ? 'as hoped' : 'otherwise',
    text: `${what}: ${word} (errno ${said.error}, OSStatus ${said.signatureStatus}) ${own.signingId} ${own.teamId} ${by}; ${
      differ.map((field) => `${field} ${own[field]}, by codesign ${theirs[field]}`).join('; ') ||
      (isTold ? 'as codesign has it' : firstLine(codesign))
    }`,
  }
}
