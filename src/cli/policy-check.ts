// `freshet policy check FILE`: what is to be known of a policy before anybody is given it.
import { expectedOf } from '../engine/expected.ts'
import { PROFILES } from '../engine/profiles.ts'
import { type Checked, checkPolicy } from '../policy/check.ts'
import { printable } from '../printable.ts'
import { STREAM } from './output-file.ts'
import { boundsText } from './policy-expected.ts'
import { readOptionFile } from './policy-file.ts'
import { readInput } from './policy-signing.ts'

const NO_POLICY = 78
const WORTH_A_LOOK = 1

/** 0: nothing is to be said against it. 1: an agent would not take all of it from a collector, or exceptions end. 78: it is none. */
export function runPolicyCheckCommand(file: string, nowMs = Date.now()): number {
  const text =
    file === STREAM ? readInput(file, 'policy check') : readOptionFile(file, 'policy check')
  const name = file === STREAM ? 'standard input' : file
  const checked = checkPolicy(text, nowMs)
  const { faults, clamped, refused, ends } = checked
  for (const fault of faults) complain(`${name}:${fault.line}: ${fault.text}`)
  if (faults.length > 0) {
    for (const note of clamped) complain(`${name}: where a collector sends it: ${note}`)
    return NO_POLICY
  }
  say(`${name} is a policy`)
  for (const [field, value] of resolved(checked)) say(`  ${field.padEnd(FIELD_CHARS)} ${value}`)
  for (const line of acceptedLines(checked)) say(`  ${line}`)
  if (refused !== undefined) say(`where a collector sends it agents take nothing of it: ${refused}`)
  for (const note of clamped)
    say(`where a collector sends it agents do not take all of it: ${note}`)
  for (const { line, text: end } of ends) say(`line ${line}: ${end}`)
  return refused === undefined && clamped.length === 0 && ends.length === 0 ? 0 : WORTH_A_LOOK
}

const FIELD_CHARS = 'expectedApplications'.length + 1

/** What each accepted application comes to. */
const acceptedLines = ({ document }: Checked): string[] =>
  [...new Set(document.expectedApplications)].flatMap((id) => {
    const row = expectedOf(id)
    return row ? [`${id}: ${boundsText(row)}. ${row.text}`] : []
  })

/** Each field with what it comes to; lists by their length. */
function resolved({ policy, document }: Checked): [string, string][] {
  return Object.entries(policy ?? {}).map(([field, value]) => {
    if (Array.isArray(value)) return [field, value.length === 0 ? 'none' : `${value.length}`]
    const isSaid = document[field as keyof typeof document] !== undefined
    const ofProfile = policy && field in PROFILES[policy.profile]
    if (isSaid && !ofProfile) return [field, `${value}`]
    const { [field as 'budgetPerHostDay']: byProfile } = PROFILES[policy?.profile ?? 'balanced']
    if (!ofProfile) return [field, `${value} (not said)`]
    return [field, isSaid ? `${value} (its profile has ${byProfile})` : `${value} (by its profile)`]
  })
}

const say = (text: string): boolean => process.stdout.write(`${printable(text)}\n`)
const complain = (text: string): boolean => process.stderr.write(`${printable(text)}\n`)
