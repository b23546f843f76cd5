// What a kept result depends on, as digests: one that was made of other code, or of other recordings, is none of a new run's.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Workload } from './workload.ts'

/** The module itself and all that it imports from beside it, types too, in order of path. Packages are left out: none decides. */
export function filesBehind(module: string): string[] {
  const found = new Set<string>()
  const open = [module]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    // What is named in a comment may be nowhere.
    if (found.has(file) || !existsSync(file)) continue
    found.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [, to = ''] of text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g))
      open.push(join(dirname(file), to))
  }
  return [...found].sort()
}

/**
 * Of the code behind a module, and of what runs it: the logarithms that sizes are drawn by are the system's.
 * Throws what node:fs throws.
 */
export function codeDigest(module: string): string {
  const hash = createHash('sha256').update(process.version)
  // The executable has all of its code within itself.
  const files = module === process.execPath ? [module] : filesBehind(module)
  for (const file of files) hash.update('\0').update(readFileSync(file))
  return hash.digest('hex')
}

/**
 * Of recordings and logs as they were read: their rows, and each flow with its name. Whatever else lies behind them (a second log,
 * how it is read) changes this, or changes nothing.
 */
export const workloadsDigest = (workloads: readonly Workload[]): string =>
  createHash('sha256').update(JSON.stringify(workloads)).digest('hex')
