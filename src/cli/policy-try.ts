// `freshet policy try FILE --capture X`: what would have been alerted of a recording under another policy.
import type { PolicyDocument } from '../engine/policy.ts'
import { counted, humanBytes } from '../engine/sentence.ts'
import { printable } from '../printable.ts'
import { filesOf, openSource, SourceError, withoutBeside } from '../replay/open.ts'
import type { ReplaySource } from '../replay/source.ts'
import { type Alerted, type Side, severer, type Trial, tryPolicy } from '../replay/trial.ts'
import { STREAM } from './output-file.ts'
import { readPolicyFile } from './policy-file.ts'
import { createProgress } from './replay-progress.ts'
import { ConfigError } from './state.ts'
import { stopSignal } from './supervise.ts'

const STOPPED = 130
/** Pairs and rules shown of a kind; the rest is counted. */
const SHOWN_MAX = 100
const DAY_HOURS = 24

/** 0: it was tried. 1: a recording could not be read. STOPPED when `signal` ended it. */
export async function runPolicyTryCommand(
  file: string,
  { capture }: { capture: string[] },
  signal: AbortSignal = stopSignal(),
): Promise<number> {
  if (capture.includes(STREAM))
    throw new ConfigError('--capture: a recording is read twice, so it has to be a file')
  const policy = readPolicyFile(file, {})
  const progress = createProgress({
    isTerminal: process.stderr.isTTY === true,
    write: (text) => process.stderr.write(text),
    nowMs: () => performance.now(),
  })
  const notes: string[] = []
  async function* open(): AsyncGenerator<ReplaySource, void> {
    const paths = (await Promise.all(capture.map(filesOf))).flat()
    for (const path of withoutBeside(paths).files) {
      const source = await openSource(path, {})
      yield source
      const { places, count, unit } = source.damage()
      const note = `${path}: ${count} ${unit} could not be used, in ${counted(places, 'place')}`
      if (places > 0 && !notes.includes(note)) notes.push(note)
    }
  }
  try {
    const trial = await tryPolicy({
      ...{ open, policy, signal },
      onProgress(totals, source) {
        const { readBytes, fileBytes } = source.progress()
        progress.show(totals, fileBytes > 0 ? readBytes / fileBytes : undefined)
      },
    })
    progress.clear()
    for (const note of [...notes, ...notTried(policy)]) complain(note)
    if (signal.aborted) return STOPPED
    for (const line of trialLines(trial, file)) process.stdout.write(`${printable(line)}\n`)
    return 0
  } catch (error) {
    if (!(error instanceof SourceError)) throw error
    progress.clear()
    complain(error.message)
    return 1
  }
}

const complain = (text: string): boolean => process.stderr.write(`freshet: ${printable(text)}\n`)

/** A recording has numbers of users, and its machine's names are not this one's. */
function notTried({ exceptions = [] }: PolicyDocument): string[] {
  const byName = exceptions.filter(({ user }) => typeof user === 'string').length
  return byName === 0
    ? []
    : [
        `${counted(byName, 'exception names its user', 'exceptions name their users')} by name, which only the machine itself knows: here they hold back nothing; say the number to try them`,
      ]
}

/** What a person reads of it. */
export function trialLines(trial: Trial, file: string): string[] {
  const { before, after, appear, vanish, change, hours, budgetPerHostDay } = trial
  const isShort = hours * budgetPerHostDay < DAY_HOURS
  return [
    `under the policy of the recording: ${sideText(before, hours)}`,
    `under ${file}: ${sideText(after, hours)}; its budget is ${budgetPerHostDay} false alerts a host-day`,
    `watched for ${hours.toFixed(1)} hours${isShort ? `: too few to hold a number of alerts against the budget, which has one in ${(DAY_HOURS / budgetPerHostDay).toFixed(0)} hours` : ''}`,
    ...section('appear', appear, (one) => pairLines(one, one.severity)),
    ...section('vanish', vanish, (one) => pairLines(one, one.severity)),
    ...section('change', change, ({ before: was, after: is }) =>
      pairLines(is, `${severityText(was)} -> ${severityText(is)}`),
    ),
    ...heldBackLines(before, after),
    ...notComparedLines(before, after),
  ]
}

function sideText({ alerts, pairs, heldBack, notCompared }: Side, hours: number): string {
  const ofSeverity = (['high', 'medium', 'low'] as const).flatMap((severity) => {
    const count = [...pairs.values()].filter((one) => one.severity === severity).length
    return count === 0 ? [] : [`${count} ${severity}`]
  })
  const what =
    ofSeverity.length === 0 || notCompared > 0
      ? ''
      : ` of ${counted(pairs.size, 'program and destination', 'programs and destinations')} (${ofSeverity.join(', ')})`
  const aDay =
    hours > 0 ? `, ${Number(((alerts / hours) * DAY_HOURS).toPrecision(2))} a host-day` : ''
  const held = [...heldBack.values()].reduce((sum, count) => sum + count, 0)
  return `${counted(alerts, 'alert')}${what}, ${held} held back${aDay}`
}

const severityText = ({ severity, count }: Alerted): string =>
  count <= 1 ? severity : `${severity} (${count} alerts)`

const pairLines = (
  { program, destination, bytesOut, sentence }: Alerted,
  said: string,
): string[] => [
  `  ${said}  ${program} to ${destination}, ${humanBytes(bytesOut)} out`,
  `      ${sentence}`,
]

function section<T extends Alerted | { after: Alerted }>(
  name: string,
  of: readonly T[],
  lines: (one: T) => string[],
): string[] {
  if (of.length === 0) return [`${name}: none`]
  const ofOne = (one: T): Alerted => ('after' in one ? one.after : one)
  const sorted = [...of].sort(
    (a, b) =>
      severer(ofOne(a).severity, ofOne(b).severity) || ofOne(b).bytesOut - ofOne(a).bytesOut,
  )
  const more = of.length - SHOWN_MAX
  return [
    `${name}: ${of.length}`,
    ...sorted.slice(0, SHOWN_MAX).flatMap(lines),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ]
}

function heldBackLines({ heldBack: before }: Side, { heldBack: after }: Side): string[] {
  const rules = [...new Set([...before.keys(), ...after.keys()])]
  if (rules.length === 0) return ['held back: none']
  const of = (rule: string): [number, number] => [before.get(rule) ?? 0, after.get(rule) ?? 0]
  const sorted = rules.sort((a, b) => Math.max(...of(b)) - Math.max(...of(a)))
  const more = rules.length - SHOWN_MAX
  return [
    'held back, by rule: before, after',
    ...sorted.slice(0, SHOWN_MAX).map((rule) => `  ${of(rule).join(', ')}  ${rule}`),
    ...(more > 0 ? [`  and ${counted(more, 'more rule')}`] : []),
  ]
}

const notComparedLines = (...sides: Side[]): string[] => {
  const count = sides.reduce((sum, { notCompared }) => sum + notCompared, 0)
  return count === 0
    ? []
    : [`not compared: ${counted(count, 'alert')} of pairs for which there was no more room`]
}
