// Records the labelled workloads: `npm run workloads -- [--only NAME] [--relabel] [--out DIRECTORY]`. Root, on Linux. Each is of real
// programs, in network namespaces; data/workloads/README.md says what they are and what they are not. Without --only, what a
// machine lacks is left out with its reason, and its rows and captures stay as they were. --relabel records nothing: the rows of what is there are measured anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Manifest, type ManifestRow, readManifest } from '../src/eval/manifest.ts'
import { recordWorkload, rowName, rowOf, whyNotRecorded } from './workload/recorder.ts'
import { noveltiesOf, WORKLOADS } from './workload/table.ts'

export const WORKLOAD_DIRECTORY = fileURLToPath(new URL('../data/workloads', import.meta.url))
const ABOUT =
  'Real programs in network namespaces, recorded by scripts/workloads.ts with the live Linux source; see README.md beside this.'
/** A source that lost events on a busy machine is asked again. */
const TRIES_MAX = 2

/** Rows in the order of the table, those of names that are not in it left out. */
function inOrder(rows: ReadonlyMap<string, ManifestRow>): ManifestRow[] {
  return WORKLOADS.flatMap((workload) =>
    noveltiesOf(workload).flatMap((novelty) => rows.get(rowName(workload, novelty)) ?? []),
  )
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      out: { type: 'string', default: WORKLOAD_DIRECTORY },
      list: { type: 'boolean', default: false },
      relabel: { type: 'boolean', default: false },
    },
  })
  const only = values.only ?? []
  const unknown = only.find((name) => !WORKLOADS.some((workload) => workload.name === name))
  if (unknown !== undefined) throw new Error(`there is no workload ${unknown}: --list shows all`)
  if (values.list) {
    for (const { name, label, about } of WORKLOADS) console.log(`${label}  ${name}: ${about}`)
    return 0
  }
  mkdirSync(values.out, { recursive: true })
  const path = join(values.out, 'manifest.json')
  const rows = new Map<string, ManifestRow>(
    existsSync(path)
      ? readManifest(readFileSync(path, 'utf8')).rows.map((row) => [row.name, row])
      : [],
  )
  const write = (): void => {
    const manifest: Manifest = { version: 1, about: ABOUT, rows: inOrder(rows) }
    writeFileSync(path, `${JSON.stringify(manifest, undefined, 2)}\n`)
  }
  if (values.relabel) {
    for (const workload of WORKLOADS)
      for (const novelty of noveltiesOf(workload)) {
        const name = rowName(workload, novelty)
        const file = join(values.out, `${name}.fcap`)
        if (existsSync(file)) rows.set(name, await rowOf(workload, novelty, file))
      }
    write()
    return 0
  }
  let failed = 0
  for (const workload of WORKLOADS) {
    if (only.length > 0 && !only.includes(workload.name)) continue
    const why = whyNotRecorded(workload)
    if (why !== undefined) {
      console.log(`${workload.name}: left out (${why})`)
      if (only.length > 0) failed++
      continue
    }
    for (const novelty of noveltiesOf(workload)) {
      for (let tries = 1; ; tries++) {
        try {
          const { row, staged, fileBytes } = await recordWorkload(workload, novelty, values.out)
          rows.set(row.name, row)
          console.log(`${row.name}: ${fileBytes} B, ${row.flows.length} groups of flows`)
          for (const { sentence } of staged.alerts) console.log(`  ${sentence}`)
          break
        } catch (error) {
          console.error((error as Error).message)
          if (tries < TRIES_MAX) continue
          failed++
          break
        }
      }
      write()
    }
  }
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = await main()
