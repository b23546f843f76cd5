// `freshet policy`: makes keys, and signs what agents are to believe, on a machine that need not be a collector's.
import type { KeyObject } from 'node:crypto'
import { readSync } from 'node:fs'
import { ARMOR_CHARS_MAX, armored, unarmored } from '../policy/armor.ts'
import { clampPolicy } from '../policy/clamp.ts'
import { type Bounds, parseDelegation } from '../policy/delegation.ts'
import { PolicyFault } from '../policy/fault.ts'
import { dateOf, isLeap } from '../policy/judge.ts'
import {
  keyIdOf,
  makePrivateKey,
  parsePublicKey,
  privateKeyOf,
  publicHexOf,
} from '../policy/keys.ts'
import { openSigned, signPolicy, verifySigned } from '../policy/signed.ts'
import { targetText } from '../policy/target.ts'
import { printable } from '../printable.ts'
import { type DocumentKind, type PolicyTarget, SIGNED_BYTES_MAX } from '../stream/policy-message.ts'
import { nowUnixNs, type UnixNs } from '../units.ts'
import { isThere } from './found.ts'
import { makeFile, STREAM, whenReady, writeAll } from './output-file.ts'
import { readOptionFile } from './policy-file.ts'
import { ConfigError } from './state.ts'

export function runKeygenCommand({ out }: { out: string }): number {
  if (isThere(out))
    throw new ConfigError(
      `${out} is there already, and a key that is gone signs nothing more: choose another name`,
    )
  const pem = makePrivateKey()
  makeFile({ file: out, what: 'key', isForced: false }, (fd) => writeAll(fd, Buffer.from(pem)))
  process.stderr.write(
    `${out} holds the private key: whoever has it decides what agents are told. Its public key, for agents and collectors:\n`,
  )
  say(publicHexOf(privateKeyOf(pem)))
  return 0
}

/** `given`: a file, or the key itself. */
export function runKeyCommand(given: string): number {
  const key = readPublicKey(given, 'policy key')
  process.stderr.write(`its id is ${keyIdOf(key)}\n`)
  say(key)
  return 0
}

export type SignOptions = {
  key: string
  asVersion: number
  target: PolicyTarget
  notAfter: UnixNs
  leastAgent: string
  out: string
}

export function runSignCommand(file: string, options: SignOptions): number {
  const content = readInput(file, 'policy sign')
  const notes = orConfig(file, () => clampPolicy(content, options.asVersion).clamped)
  sayClamped(notes)
  return sign('policy', content, options)
}

export type DelegateOptions = SignOptions & { onlineKey: string } & Bounds

export function runDelegateCommand(options: DelegateOptions): number {
  const { v4PrefixMin, v6PrefixMin, domains, programs, bytesPerDayMax, daysMax, exceptionsMax } =
    options
  const content = JSON.stringify({
    onlineKey: readPublicKey(options.onlineKey, '--online-key'),
    bounds: { v4PrefixMin, v6PrefixMin, domains, programs, bytesPerDayMax, daysMax, exceptionsMax },
  })
  const root = publicHexOf(signingKey(options))
  orConfig('policy delegate', () => parseDelegation(content, root))
  return sign('delegation', content, options)
}

/** Throws ConfigError. */
function signingKey({ key }: SignOptions): KeyObject {
  const pem = readOptionFile(key, '--key')
  return orConfig(`--key ${key}`, () => privateKeyOf(pem))
}

function sign(kind: DocumentKind, content: string, options: SignOptions): number {
  const { asVersion: version, target, notAfter, leastAgent, out } = options
  const key = signingKey(options)
  const madeAt = nowUnixNs()
  if (notAfter <= madeAt)
    throw new ConfigError(`--not-after: ${dateOf(notAfter)} is over, so no agent would take it`)
  const signed = orConfig('it is not signed', () =>
    signPolicy({ kind, version, madeAt, notAfter, leastAgent, target, content }, key),
  )
  const text = Buffer.from(armored(signed))
  if (out === STREAM) writeAll(1, text)
  else makeFile({ file: out, what: 'signed file', isForced: false }, (fd) => writeAll(fd, text))
  process.stderr.write(
    `${kind} ${version} for ${targetText(target)}, until ${dateOf(notAfter)}, is signed\n`,
  )
  if (isLeap(version, 0))
    process.stderr.write(
      'agents take so high a version only after one that is little lower: is it meant?\n',
    )
  return 0
}

export type ShowOptions = { content: boolean; policyKey?: string }

export function runShowCommand(file: string, options: ShowOptions): number {
  const bytes = readSigned(file, 'policy show')
  const { signed, payload } = orConfig(file, () => openSigned(bytes))
  if (options.policyKey !== undefined) {
    const key = readPublicKey(options.policyKey, '--policy-key')
    orConfig(file, () => verifySigned(bytes, key))
  }
  if (options.content) {
    writeAll(1, Buffer.from(payload.content))
    return 0
  }
  const { kind, version, madeAt, notAfter, leastAgent, target, content } = payload
  say(`${kind} ${version}`)
  say(`  for        ${targetText(target)}`)
  say(`  made       ${dateOf(madeAt)}`)
  say(`  not after  ${dateOf(notAfter)}${notAfter <= nowUnixNs() ? ', which is over' : ''}`)
  if (leastAgent !== '') say(`  agents     ${leastAgent} and later`)
  say(
    `  signed by  ${signed.keyId}${options.policyKey === undefined ? ' (not checked: --policy-key)' : ', which holds'}`,
  )
  say(`  content    ${Buffer.byteLength(content)} bytes: --content prints it`)
  return 0
}

/** Before agents leave it out without a word here. */
export function sayClamped(clamped: readonly string[]): void {
  for (const note of clamped)
    process.stderr.write(`agents will not take all of it: ${printable(note)}\n`)
}

/** A signed document in a file, or on standard input. Throws ConfigError. */
export const readSigned = (file: string, what: string): Uint8Array =>
  orConfig(file, () => unarmored(readInput(file, what)))

/** The digits of a key that a person gave, themselves or in a file. Throws ConfigError. */
export function readPublicKey(given: string, option: string): string {
  const text = /^[0-9a-fA-F]{64}$/.test(given) ? given : readOptionFile(given, option)
  return orConfig(`${option}: ${given}`, () => parsePublicKey(text))
}

/** Throws ConfigError. */
export function readInput(file: string, what: string): string {
  const text = file === STREAM ? readStream() : readOptionFile(file, what)
  if (text.length > ARMOR_CHARS_MAX)
    throw new ConfigError(
      `${file}: it has more than ${ARMOR_CHARS_MAX} characters, and a signed document has ${SIGNED_BYTES_MAX} bytes at most, so no agent would be sent it`,
    )
  return text
}

function readStream(): string {
  const read = Buffer.alloc(ARMOR_CHARS_MAX + 1)
  let length = 0
  for (let got = 1; got > 0 && length < read.length; length += got)
    got = whenReady(() => readSync(0, read, length, read.length - length, null))
  return read.toString('utf8', 0, length)
}

/** What `work` returns; what it has against its input becomes a ConfigError that begins with `what`. */
export function orConfig<T>(what: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof ConfigError) throw error
    if (error instanceof PolicyFault) throw new ConfigError(`${what}: ${error.message}`)
    throw new ConfigError(`${what}: ${(error as Error).message}`)
  }
}

const say = (text: string): boolean => process.stdout.write(`${text}\n`)
