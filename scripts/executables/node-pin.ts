// The Node that executables are made of: the one whose hash is in scripts/node-pins.json, or none.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockedPackage } from '../locked-package.ts'
import { ExecutableError } from './error.ts'

export const TARGETS = ['linux-x64', 'linux-arm64'] as const
export type Target = (typeof TARGETS)[number]

/** A platform that npm has a pinned Node for. */
export type NodeTarget = Target | 'darwin-arm64' | 'darwin-x64'

export type NodePins = Record<NodeTarget, { package: string; sha256: string }> & { version: string }

export const PINS_FILE = 'scripts/node-pins.json'

export const readPins = (root: string): NodePins =>
  JSON.parse(readFileSync(join(root, PINS_FILE), 'utf8')) as NodePins

export const sha256Of = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex')

/** Path of the target's Node. Throws ExecutableError where that is another, LockedPackageError where it cannot be had. */
export function pinnedNode(
  root: string,
  target: NodeTarget,
  pins: NodePins = readPins(root),
): string {
  const { package: name, sha256 } = pins[target]
  const folder = lockedPackage(root, name)
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    version: string
  }
  const node = join(folder, 'bin/node')
  const found = sha256Of(node)
  if (version !== pins.version || found !== sha256)
    throw new ExecutableError(
      `${node} (${name} ${version}) is not the pinned one: its SHA-256 is ${found}, and ${PINS_FILE} has ${sha256} for ${pins.version}. After a new version of Node both are changed together (docs/build-and-sign.md); otherwise install it again: rm -rf node_modules && node scripts/setup.mjs`,
    )
  return node
}
