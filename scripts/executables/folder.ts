// The folder that a build makes: whole, or as it was.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ExecutableError } from './error.ts'
import { sha256Of } from './node-pin.ts'

/** As sha256sum -c reads it; by it a folder is known for one of these. */
const SUMS = 'SHA256SUMS'

/**
 * What `fill` puts into the folder that it is given, and the sums of it, take the place of what an earlier build left at `into`.
 * Throws ExecutableError where something else lies there, and what `fill` throws.
 */
export async function makeFolder(
  into: string,
  fill: (folder: string) => Promise<void>,
): Promise<void> {
  wantOwn(into)
  const folder = `${into}.new`
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    await fill(folder)
    const sums = readdirSync(folder)
      .sort()
      .map((name) => `${sha256Of(join(folder, name))}  ${name}\n`)
    writeFileSync(join(folder, SUMS), sums.join(''))
    rmSync(into, { recursive: true, force: true })
    renameSync(folder, into)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A folder that holds something else is nobody's to replace. */
function wantOwn(folder: string): void {
  if (!existsSync(folder)) return
  const names = readdirSync(folder)
  if (names.length > 0 && !names.includes(SUMS))
    throw new ExecutableError(
      `${folder} holds other files than a build's: name an empty folder with --out, or none that is there`,
    )
}
