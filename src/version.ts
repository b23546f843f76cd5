// The version that every part reports.
import { readFileSync } from 'node:fs'
import { embedded, PLACE } from './place.ts'

/** Freshet's version, from package.json. */
export const VERSION: string = (
  JSON.parse(
    PLACE.isExecutable ? embedded.text('package.json') : readFileSync(PLACE.packageJson, 'utf8'),
  ) as {
    version: string
  }
).version
