// `freshet replay FILE...`: what was recorded, through the whole detector once more.

import { canonicalJson } from '../capture/alert-digest.ts'
import type { CaptureHeader } from '../capture/document.ts'
import { counted } from '../engine/sentence.ts'
import type { ImportOptions } from '../importers/importer.ts'
import { printable } from '../printable.ts'
import type { DamageReport } from '../records/input.ts'
import { type BaselineCopy, openBaselineCopy } from '../replay/baseline-copy.ts'
import { type Delivery, DeliveryError, startDelivery } from '../replay/delivery.ts'
import { filesOf, openSource, SourceError, withoutBeside } from '../replay/open.ts'
import { createPace } from '../replay/pace.ts'
import { type ReplayOptions, type ReplayReport, replay } from '../replay/replay.ts'
import { type Spooled, spooled } from '../replay/spool.ts'
import { isLocalCollector } from '../stream/collector-url.ts'
import { reachCollector } from './collector-access.ts'
import { STREAM } from './output-file.ts'
import { readPolicyFile } from './policy-file.ts'
import { createProgress, grouped } from './replay-progress.ts'
import { createAlertTable } from './replay-table.ts'
import { defaultUser } from './service-user.ts'
import { ConfigError, statePaths } from './state.ts'
import { stopSignal } from './supervise.ts'

export type ReplayCommand = ImportOptions & {
  files: string[]
  baseline?: string
  policy?: string
  /** Networks that count as outside, in place of the policy's. */
  external?: string[]
  speed?: number
  json?: boolean
  /** To the collector of the installation in `state`. */
  into?: boolean
  state?: string
  /** As root: whom that collector runs as. */
  user?: string
  collector?: string
  strict?: boolean
}

/** Where it prints: alerts to `out`, all else to `err`. */
export type ReplayOutput = {
  out: (text: string) => void
  err: (text: string) => void
  /** `err` is a terminal: one line may change. */
  isTerminal: boolean
}

const STANDARD: ReplayOutput = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
}
const DAMAGE_SHOWN = 10
/** As a shell has it of a program that was interrupted. */
const STOPPED = 130

/**
 * 0 when records of any file could be read; with `strict` only when all of all could, and alerts came out as
 * recorded. STOPPED when `signal` ended it before the end.
 */
export async function runReplayCommand(
  command: ReplayCommand,
  { out, err, isTerminal }: ReplayOutput = STANDARD,
  signal: AbortSignal = stopSignal(),
): Promise<number> {
  const delivery = await deliveryOf(command, err)
  let baseline: BaselineCopy | undefined
  const table = createAlertTable()
  const progress = createProgress({
    isTerminal,
    write: err,
    nowMs: () => performance.now(),
  })
  let input: Spooled | undefined
  const say = (text: string): void => {
    progress.clear()
    err(`${printable(input ? text.replaceAll(input.path, 'standard input') : text)}\n`)
  }
  let readable = 0
  let faults = 0
  const fail = (error: unknown): undefined => {
    if (!(error instanceof SourceError)) throw error
    say(`freshet: ${error.message}`)
    faults++
  }
  try {
    baseline = command.baseline === undefined ? undefined : openedBaseline(command.baseline)
    if (baseline && baseline.bad > 0) {
      say(
        `${command.baseline}: ${baseline.bad} ${baseline.bad === 1 ? 'line' : 'lines'} of the export could not be read`,
      )
      faults += baseline.bad
    }
    const options = replayOptions(command, baseline, signal)
    if (command.files.includes(STREAM)) input = await spooled(process.stdin, signal).catch(fail)
    const given = command.files.filter((file) => file !== STREAM)
    if (input) given.push(input.path)
    const { files, leftOut } = withoutBeside(await filesToReplay(given, fail))
    for (const file of leftOut) say(`${file}: read with the conn log beside it`)
    for (const file of files) {
      if (signal.aborted) break
      try {
        const source = await openSource(file, importOptions(command))
        const began = performance.now()
        const report = await replay(source, {
          ...options,
          onFindings: async (findings, of) => {
            for (const finding of findings) {
              if (finding.kind !== 'alert') continue
              if (command.json) out(`${canonicalJson(finding)}\n`)
              else table.add(finding.alert)
            }
            await delivery?.send(findings, of, file === input?.path ? 'standard input' : file)
          },
          onProgress(totals) {
            const { readBytes, fileBytes } = source.progress()
            progress.show(totals, fileBytes > 0 ? readBytes / fileBytes : undefined)
          },
        })
        const damage = source.damage()
        for (const line of reportLines(file, report, performance.now() - began)) say(line)
        for (const note of source.notes()) say(`  note: ${note}`)
        for (const line of damageLines(file, damage)) say(line)
        if (report.recordBytes > 0) readable++
        else say(`${file}: no records are in it`)
        faults += damage.places
        faults += report.segments.filter(({ compared }) => compared === 'differs').length
      } catch (error) {
        fail(error)
      }
    }
    progress.clear()
    if (signal.aborted) say('stopped before the end')
    // Of what could not be read nothing is known: "no alerts" would be a claim.
    const none = faults > 0 || signal.aborted ? 'no alerts in what could be read' : 'no alerts'
    if (!command.json && readable > 0) for (const line of table.lines(none)) out(`${line}\n`)
    if (delivery && !signal.aborted) {
      const { items, rejected } = await delivery.finish()
      say(
        `the collector has ${counted(items, 'finding')}${rejected > 0 ? ` and refused ${rejected}` : ''}`,
      )
      faults += rejected
    }
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    say(`freshet: what was found could not be delivered: ${error.message}`)
    return 1
  } finally {
    progress.clear()
    await delivery?.close()
    baseline?.close()
    await input?.remove()
  }
  if (signal.aborted) return STOPPED
  return readable === 0 || (command.strict === true && faults > 0) ? 1 : 0
}

/** A directory stands for what is in it. `onFault` is told of a path that is nothing. */
async function filesToReplay(
  paths: string[],
  onFault: (error: unknown) => void,
): Promise<string[]> {
  const files: string[] = []
  for (const path of paths)
    try {
      files.push(...(await filesOf(path)))
    } catch (error) {
      onFault(error)
    }
  return files
}

async function deliveryOf(
  command: ReplayCommand,
  err: (text: string) => void,
): Promise<Delivery | undefined> {
  const log = (text: string): void => {
    err(`freshet: ${printable(text)}\n`)
  }
  const { collector } = command
  if (collector !== undefined && !isLocalCollector(collector))
    throw new ConfigError(
      `--collector: a replay goes into a collector on this machine, which is named by its state directory: ${collector} is none`,
    )
  if (collector === undefined && !command.into) return undefined
  const paths = statePaths(collector ?? command.state)
  // Root believes here whom root's own agent believes, which runs as that user. Nobody else does.
  const user = defaultUser(command.user)
  await reachCollector(paths, user)
  const collectorUid = user === undefined ? {} : { collectorUid: user.uid }
  return startDelivery({ root: paths.root, ...collectorUid, log })
}

function importOptions({ from, host, signer, sslPath }: ReplayCommand): ImportOptions {
  return { from, host, signer, sslPath }
}

function openedBaseline(path: string): BaselineCopy {
  try {
    return openBaselineCopy(path)
  } catch (error) {
    throw new ConfigError(`--baseline: ${(error as Error).message}`)
  }
}

function replayOptions(
  command: ReplayCommand,
  baseline: BaselineCopy | undefined,
  signal: AbortSignal,
): ReplayOptions {
  return {
    signal,
    ...(baseline ? { baselineRows: baseline.rows } : {}),
    ...(command.policy === undefined && command.external === undefined
      ? {}
      : {
          policy: readPolicyFile(
            command.policy,
            command.external === undefined ? {} : { externalNetworks: command.external },
          ),
        }),
    ...(command.speed === undefined
      ? {}
      : {
          pace: createPace({
            speed: command.speed,
            nowMs: () => performance.now(),
            wait: (ms) => waitFor(ms, signal),
          }),
        }),
  }
}

function reportLines(file: string, report: ReplayReport, elapsedMs: number): string[] {
  const { records, findings, segments } = report
  const rate = elapsedMs > 0 ? Math.round((records / elapsedMs) * 1000) : 0
  return [
    `${file}: ${grouped(records)} records in ${(elapsedMs / 1000).toFixed(1)} s (${grouped(rate)} a second); ` +
      `findings: ${counted(findings.alert, 'revision of alerts', 'revisions of alerts')}, ${counted(findings.sighting, 'sighting')}, ${counted(findings.summary, 'summary', 'summaries')}, ${findings.health} of health`,
    ...segments.flatMap(({ header, digest, compared, rejudged }) => [
      `  ${describeHost(header)}  digest ${digest}${COMPARED[compared]}`,
      ...(rejudged
        ? [
            `  its alerts may differ from those of then: reference ${rejudged.live} judged it live, ${rejudged.here} does here`,
          ]
        : []),
    ]),
  ]
}

const COMPARED = {
  equal: ', as recorded',
  differs: ', NOT as recorded: the detector has changed since, or is not deterministic',
  altered: '',
  incomplete: '',
} as const

function describeHost({ host, synthetic, startedAt, version }: CaptureHeader): string {
  const time = new Date(Number(startedAt / 1_000_000n)).toISOString().slice(0, 19)
  const made = synthetic === '' ? '' : ' (synthetic)'
  return `${host.hostname}${made}, ${time}Z, freshet ${version}`
}

function damageLines(file: string, { listed, places, count, unit }: DamageReport): string[] {
  if (places === 0) return []
  const rest = places - Math.min(places, DAMAGE_SHOWN)
  return [
    `${file}: ${count} ${unit} could not be used, in ${places} ${places === 1 ? 'place' : 'places'}:`,
    ...listed
      .slice(0, DAMAGE_SHOWN)
      .map(
        ({ offset, line, text, count: here }) =>
          `  at byte ${offset}${line === undefined ? '' : ` (line ${line})`}: ${text}${here > 0 && unit === 'bytes' ? ` (${here} bytes)` : ''}`,
      ),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
  ]
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done, { once: true })
  })
}
