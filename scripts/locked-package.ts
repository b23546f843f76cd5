// A package of package-lock.json, for any platform. npm installs those of this machine only, so another's is packed by npm and
// kept in .cache/packages, if its digest is the lock file's.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** The message says what is wrong, where, and what to do. */
export class LockedPackageError extends Error {
  override readonly name = 'LockedPackageError'
}

type LockFile = { packages: Record<string, { version?: string; integrity?: string }> }

/** The package's folder. Throws LockedPackageError when it is not there and cannot be had. */
export function lockedPackage(root: string, name: string): string {
  const installed = join(root, 'node_modules', name)
  if (existsSync(join(installed, 'package.json'))) return installed
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile
  const { version, integrity } = lock.packages[`node_modules/${name}`] ?? {}
  if (!version || !integrity)
    throw new LockedPackageError(`package-lock.json has no ${name} with its integrity`)
  const cache = join(root, '.cache/packages')
  // As npm names the file that it packs.
  const file = `${name.replace(/^@/, '').replaceAll('/', '-')}-${version}`
  const home = join(cache, file)
  if (existsSync(home)) return home
  mkdirSync(cache, { recursive: true })
  const tarball = join(cache, `${file}.tgz`)
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
    throw new LockedPackageError(
      `npm pack ${what} failed (${made.error?.message ?? made.stderr.trim()}): is the npm registry reachable?`,
    )
}

/** `integrity` is the lock file's: sha512-BASE64. Throws LockedPackageError when the bytes are others. */
export function verifyIntegrity(bytes: Uint8Array, integrity: string, what: string): void {
  const found = `sha512-${createHash('sha512').update(bytes).digest('base64')}`
  if (found !== integrity)
    throw new LockedPackageError(
      `${what} is not what package-lock.json says (${found} in place of ${integrity})`,
    )
}

/** Moved into place when it is whole, so that an interrupted run leaves nothing that looks so. */
function unpack(tarball: string, home: string): void {
  const half = `${home}.new`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(half)
  const made = spawnSync('tar', ['-xzf', tarball, '-C', half, '--strip-components=1'])
  if (made.status !== 0)
    throw new LockedPackageError(
      `tar could not unpack ${tarball}: ${made.stderr.toString().trim()}`,
    )
  renameSync(half, home)
}
