// A policy document as commands take it with --policy.
import { makePolicy, type PolicyDocument, PolicyError } from '../engine/policy.ts'
import { whyUnreadable } from '../given-file.ts'
import { readStateFile } from '../state-file.ts'
import { ConfigError } from './state.ts'

/** A policy of ten thousand exceptions has a tenth of it. */
const OPTION_BYTES_MAX = 16 * 1024 * 1024

/** The document in the file, `more` added; without a file `more` alone. Throws ConfigError unless it is a policy. */
export function readPolicyFile(path: string | undefined, more: PolicyDocument): PolicyDocument {
  try {
    const given: unknown = path === undefined ? {} : JSON.parse(readOptionFile(path, '--policy'))
    if (typeof given !== 'object' || given === null || Array.isArray(given))
      throw new SyntaxError('not a JSON object')
    const document: PolicyDocument = { ...given, ...more }
    makePolicy(document)
    return document
  } catch (error) {
    if (error instanceof PolicyError || error instanceof SyntaxError)
      throw new ConfigError(`${path === undefined ? '' : `--policy ${path}: `}${error.message}`)
    throw error
  }
}

/** The text of the file that an option names. Throws ConfigError. */
export function readOptionFile(path: string, option: string): string {
  try {
    const found = readStateFile(path, {
      owner: 'any',
      followsLinks: true,
      bytesMax: OPTION_BYTES_MAX,
    })
    if (!found) throw new Error('it is not there')
    return found.text
  } catch (error) {
    // What stands there in place of a file names it; it is named here.
    const why = whyUnreadable(error)
    const once = why.startsWith(`${path} `) ? `it ${why.slice(path.length + 1)}` : why
    throw new ConfigError(`${option}: ${path} cannot be read: ${once}`)
  }
}
