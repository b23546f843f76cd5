// A step of a run on a Mac: `node scripts/mac-run/main.ts STEP`. Each says what it found, keeps it in dist/mac-run, and
// ends with 1 when something is otherwise than hoped. .github/workflows/mac.yml runs them in this order.
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endpointSecurity } from './endpoint-security.ts'
import { eslogger, grant } from './eslogger.ts'
import { findingsTable, keptFindings, pointsOf, reasonsOf } from './findings.ts'
import { checkMac, cost, frameworks, machine, menuBar } from './looks.ts'
import { type Mac, thisMac } from './mac.ts'
import { processes } from './processes.ts'
import { start, stop, upload } from './product.ts'
import { counts, owners, record, shortLived } from './recordings.ts'
import { signers } from './signers.ts'
import { xpc } from './xpc.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export const STEPS: Record<string, (mac: Mac) => Promise<void> | void> = {
  machine,
  start: (mac) => start(mac),
  upload: (mac) => upload(mac, 'R3'),
  'menu-bar': menuBar,
  cost,
  processes,
  signers: (mac) => signers(mac),
  record,
  counts,
  'short-lived': shortLived,
  frameworks,
  'eslogger-before': (mac) => eslogger(mac, false),
  grant,
  'eslogger-granted': (mac) => eslogger(mac, true),
  stop,
  'start-again': (mac) => start(mac),
  'upload-with-eslogger': (mac) => upload(mac, 'L3'),
  owners,
  'endpoint-security': endpointSecurity,
  xpc,
  'check-mac': checkMac,
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
    await tryStep(
      name,
      step,
      thisMac(root, process.env['FRESHET_MAC_RUN'] ?? join(root, 'dist/mac-run')),
    )
}
