// An enrolment token as a person or settings give it.
import { text } from 'node:stream/consumers'
import { commandThere } from '../hint.ts'
import { ENROLMENT_TOKEN_PREFIX } from '../stream/message.ts'
import { STREAM } from './output-file.ts'
import { readOptionFile } from './policy-file.ts'
import { ConfigError } from './state.ts'

const TOKEN_CHARS_MAX = 200

/** Throws ConfigError where it is none: whatever else is in there is not the collector's to see. */
export function tokenIn(given: { token: string } | { file: string; option?: string }): string {
  if ('token' in given) return checked(given.token.trim(), 'the token')
  const { file, option = 'tokenFile' } = given
  return fromFile(readOptionFile(file, option), file, option)
}

/** Of the command line. */
export const tokenOf = async (file: string): Promise<string> =>
  file === STREAM
    ? fromFile(await text(process.stdin), file, '--token-file')
    : tokenIn({ file, option: '--token-file' })

function fromFile(content: string, file: string, option: string): string {
  const token = content.trim()
  if (token === '') throw new ConfigError(`${option}: ${file} is empty`)
  return checked(token, `${option}: ${file}`)
}

function checked(token: string, where: string): string {
  if (token.startsWith(ENROLMENT_TOKEN_PREFIX) && token.length <= TOKEN_CHARS_MAX) return token
  throw new ConfigError(
    `${where} holds no enrolment token: one begins with ${ENROLMENT_TOKEN_PREFIX}, and an administrator makes it with ${commandThere('collector tokens make')}`,
  )
}
