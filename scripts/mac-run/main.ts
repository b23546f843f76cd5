// A step of a run on a Mac: `node scripts/mac-run/main.ts STEP`. Each says what it found, keeps it in mac-run, and
// ends with 1 when something is otherwise than hoped. .github/workflows/mac.yml runs them in this order.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { activateFilter } from './activate-filter.ts'
import { endpointSecurity } from './endpoint-security.ts'
import { eslogger, grant } from './eslogger.ts'
import { findingsTable, keptFindings, pointsOf, reasonsOf } from './findings.ts'
import { checkMac, cost, frameworks, machine, menuBar, tests } from './looks.ts'
import { type Mac, thisMac } from './mac.ts'
import { processes } from './processes.ts'
import {
  BY_NETTOP,
  hideKeys,
  STOCK,
  start,
  stop,
  upload,
  WITH_ESLOGGER,
  WITHOUT_ESLOGGER,
} from './product.ts'
import { counts, owners, record, shortLived } from './recordings.ts'
import { signers } from './signers.ts'
import { esloggerEnd, memory, names, readers } from './trials.ts'
import { xpc } from './xpc.ts'

/** Of a clone; not in dist/, which a step that builds what ships makes anew. */
export const FOLDER = 'mac-run'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const STEPS: Record<string, (mac: Mac) => Promise<void> | void> = {
  machine,
  start: (mac) => start(mac, 'start'),
  upload: (mac) => upload(mac, STOCK),
  'menu-bar': menuBar,
  cost,
  readers,
  memory,
  processes,
  signers: (mac) => signers(mac),
  record,
  counts,
  'short-lived': shortLived,
  frameworks,
  names,
  'eslogger-before': (mac) => eslogger(mac, false),
  grant,
  'eslogger-granted': (mac) => eslogger(mac, true),
  stop,
  'start-again': (mac) => start(mac, 'start-again'),
  'upload-with-eslogger': (mac) => upload(mac, WITH_ESLOGGER),
  owners,
  'eslogger-end': (mac) => esloggerEnd(mac, 'start-again'),
  'start-by-polling': (mac) => start(mac, 'start-by-polling', ['polling', 'network_statistics']),
  'upload-by-polling': (mac) => upload(mac, WITHOUT_ESLOGGER),
  'start-by-nettop': (mac) => start(mac, 'start-by-nettop', ['polling', 'nettop']),
  'upload-by-nettop': (mac) => upload(mac, BY_NETTOP),
  'endpoint-security': endpointSecurity,
  xpc,
  'activate-filter': activateFilter,
  'check-mac': checkMac,
  tests,
  table,
}

/** One that fails by itself is a finding too, else the table would say nothing of it. */
export async function tryStep(
  name: string,
  step: (mac: Mac) => Promise<void> | void,
  mac: Mac,
): Promise<void> {
  try {
    await step(mac)
  } catch (error) {
    mac.say(error instanceof Error ? (error.stack ?? error.message) : String(error))
    mac.found({ point: '', outcome: 'otherwise', text: `the step ${name} failed: ${error}` })
  }
}

/** Onto the run's own page where there is one, else to be read here. */
function table(mac: Mac): void {
  hideKeys(mac.folder)
  const document = readFileSync(join(root, 'docs/verify-on-a-mac.md'), 'utf8')
  const text = findingsTable(pointsOf(document), keptFindings(mac.folder), reasonsOf(document))
  const page = process.env['GITHUB_STEP_SUMMARY']
  if (page) appendFileSync(page, text)
  else mac.say(text)
}

if (import.meta.main) {
  const name = process.argv[2] ?? ''
  const step = Object.hasOwn(STEPS, name) ? STEPS[name] : undefined
  if (step === undefined) {
    console.error(`name a step: ${Object.keys(STEPS).join(', ')}`)
    process.exitCode = 2
  } else
    await tryStep(name, step, thisMac(root, process.env['FRESHET_MAC_RUN'] ?? join(root, FOLDER)))
}
