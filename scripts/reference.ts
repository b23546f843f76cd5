// `node scripts/reference.ts` makes the reference distributions that ship (src/engine/detection/reference.ts) anew from the project's own
// made-up host-days and recordings; `--check` says whether they are what that gives. Some minutes of one core.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { calibrate } from '../src/eval/calibration.ts'
import { readManifest } from '../src/eval/manifest.ts'
import { readWorkload, type Workload } from '../src/eval/workload.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const manifest = join(root, 'data/workloads/manifest.json')
const file = join(root, 'src/engine/detection/reference.ts')
/** An evaluation's machines have seeds from 10,000 on. */
const HOSTS = 200

const workloads: Workload[] = []
for (const row of readManifest(readFileSync(manifest, 'utf8')).rows)
  workloads.push(await readWorkload(row, (path) => resolve(dirname(manifest), path)))
const { reference, hostDays, pairs, installs } = calibrate(
  Array.from({ length: HOSTS }, (_, seed) => seed),
  workloads,
  (done) => {
    if (done % 20 === 0) process.stderr.write(`${done} of ${2 * HOSTS}\n`)
  },
)
const spent = reference.spent.map(
  ({ budget, nominal }) => `    { budget: ${budget}, nominal: ${nominal} },\n`,
)
const tail = ({ at, exponent }: { at: number; exponent: number }) =>
  `{ at: ${at}, exponent: ${exponent} }`
const text = `// What ordinary hosts do, as the rarity of an excess is held against. Made by scripts/reference.ts from ${hostDays} made-up host-days,
// ${pairs} pairs and ${installs} installs, with the project's own recordings among them, and with what was measured from outside
// (src/eval/calibration.ts).
import type { Reference } from './rarity.ts'

export const REFERENCE: Reference = {
  pairs: ${tail(reference.pairs)},
  installs: ${tail(reference.installs)},
  spent: [
${spent.join('')}  ],
}
`
if (process.argv.includes('--check')) {
  const isSame = readFileSync(file, 'utf8') === text
  process.stdout.write(
    isSame ? 'The references are what they are made of.\n' : `They would be:\n${text}`,
  )
  process.exitCode = isSame ? 0 : 1
} else writeFileSync(file, text)
