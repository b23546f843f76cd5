// The two programs with all that is within them, whatever machine they are for.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MODULE_HASHES } from '../../src/native-module.ts'
import { PLACE } from '../../src/place.ts'
import type { Parts } from './assemble.ts'
import { bundle, PROGRAMS, THREADS } from './bundle.ts'
import { sha256Of } from './node-pin.ts'

/** The native modules that are loaded by their hashes, in the folder of the executables. */
export const MODULES = ['freshet.node', 'koffi.node'] as const

/** `folder` has the modules as they ship: signed ones have other hashes. */
export async function programsFor(root: string, folder: string): Promise<Parts[]> {
  const hashes = MODULES.map((name) => [name, sha256Of(join(folder, name))])
  const { version } = JSON.parse(readFileSync(PLACE.packageJson, 'utf8')) as { version: string }
  const shared = {
    [MODULE_HASHES]: JSON.stringify(Object.fromEntries(hashes)),
    'package.json': JSON.stringify({ version }),
  }
  const threads: Record<string, string> = {}
  for (const [name, source] of Object.entries(THREADS))
    threads[`${name}.mjs`] = (await bundle(root, source)).code
  const { freshet, 'freshet-sense': sense } = PROGRAMS
  return [
    {
      name: 'freshet',
      code: (await bundle(root, freshet)).code,
      assets: { ...shared, ...threads, ...page() },
    },
    { name: 'freshet-sense', code: (await bundle(root, sense)).code, assets: shared },
  ]
}

/** The built page, as set-up left it. */
function page(): Record<string, Uint8Array> {
  const files = readdirSync(PLACE.page, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [`web/${path.slice(PLACE.page.length)}`, readFileSync(path)]
      }),
  )
}
