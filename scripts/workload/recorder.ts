// Records workloads, each in namespaces of its own, and says the truth of each: what `scripts/workloads.ts` and the test call.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, chmodSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ManifestRow } from '../../src/eval/manifest.ts'
import { openSource } from '../../src/replay/open.ts'
import { whyNot } from '../tools.ts'
import { flowGroups } from './measured.ts'
import type { Staged, StageOptions } from './stage.ts'
import type { Novelty, Workload } from './table.ts'

/** Why a workload cannot be recorded here; undefined when it can. */
export function whyNotRecorded({ needs }: Workload): string | undefined {
  if (process.platform !== 'linux') return 'the Linux source runs on Linux'
  if (process.getuid?.() !== 0) return 'not root'
  const missing = needs.filter((name) => !isOnPath(name))
  if (missing.length > 0) return `${missing.join(', ')}: not installed`
  return whyNot('network namespaces') ?? whyNot('mounts in a namespace')
}

function isOnPath(name: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']
  return folders.some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export type Recorded = { row: ManifestRow; staged: Staged; fileBytes: number }

/** A file name says what is in it, and is the row's. */
export const rowName = (workload: Workload, novelty: Novelty): string =>
  workload.label === 'benign' ? `${workload.name}-${novelty}` : workload.name

/** Twice what the longest takes: a known one is recorded two times, of 50 s at most each. */
const STAGE_MS = 240_000

/** Writes `directory`/NAME.fcap anew. Throws when the workload fails; what it printed is in the message. */
export async function recordWorkload(
  workload: Workload,
  novelty: Novelty,
  directory: string,
): Promise<Recorded> {
  const name = rowName(workload, novelty)
  const file = join(directory, `${name}.fcap`)
  rmSync(file, { force: true })
  const temporary = mkdtempSync(join(tmpdir(), 'freshet-workload-'))
  chmodSync(temporary, 0o755)
  const options: StageOptions = { workload: workload.name, novelty, file, directory: temporary }
  const stage = spawn(
    'unshare',
    [
      ...['--net', '--mount', '--propagation', 'private'],
      ...[process.execPath, fileURLToPath(new URL('stage.ts', import.meta.url))],
      JSON.stringify(options),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  stage.stdout.on('data', (data: Buffer) => (output += data.toString()))
  const timer = setTimeout(() => stage.kill('SIGKILL'), STAGE_MS)
  const [status] = (await once(stage, 'close')) as [number | null]
  clearTimeout(timer)
  rmSync(temporary, { recursive: true, force: true })
  if (status !== 0) throw new Error(`${name}: the stage ended with ${status}: ${output}`)
  const staged = JSON.parse(output) as Staged
  if (staged.failure !== '') throw new Error(`${name}: ${staged.failure}`)
  if (staged.lost > 0) throw new Error(`${name}: the source lost ${staged.lost} events: again`)
  const row = await rowOf(workload, novelty, file)
  return { row, staged, fileBytes: readFileSync(file).length }
}

/** The row of a capture, its truth measured in it. */
export async function rowOf(
  workload: Workload,
  novelty: Novelty,
  file: string,
): Promise<ManifestRow> {
  const { servers, label, kind, about, signers } = workload
  const attacks = new Set(
    servers.filter(({ isAttacks }) => isAttacks).map(({ address }) => address),
  )
  const flows = flowGroups(await recordsOf(file), {
    labelOf: (remote) => (attacks.has(remote) ? 'attack' : 'benign'),
    unseen: servers.some(({ kind, isAttacks }) => kind === 'datagrams' && isAttacks)
      ? 'attack'
      : 'benign',
  })
  const name = rowName(workload, novelty)
  return {
    ...{ name, file: `${name}.fcap`, source: 'capture', label },
    ...{ workload: workload.name, kind, about, novelty, tunedOn: false },
    signers: [...signers],
    names: Object.fromEntries(
      servers
        .filter(({ host }) => isNamed(workload, host))
        .map(({ address, host }) => [address, host]),
    ),
    flows,
  }
}

/** Whether its programs ask for the server by name; those of a browser do. */
const isNamed = ({ near, apps = [], browser }: Workload, host: string): boolean =>
  browser === true || [near, ...apps.map(({ text }) => text)].some((text) => text.includes(host))

/** All records of a capture. Throws where it is damaged. */
export async function recordsOf(file: string): Promise<Uint8Array> {
  const source = await openSource(file, {})
  const pieces: Uint8Array[] = []
  for await (const event of source.events)
    if (event.kind === 'records') pieces.push(new Uint8Array(event.records))
  const damage = source.damage()
  if (damage.places > 0) throw new Error(`${file}: ${damage.listed[0]?.text}`)
  return new Uint8Array(Buffer.concat(pieces))
}
