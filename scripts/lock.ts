// What package-lock.json must hold so that `npm ci` works on every machine, not only on the one that
// made it: npm fails where a platform's optional package is not in the lock, and a `resolved` address
// would tie a clone to one registry.

type Locked = {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
export type Lock = { packages: Record<string, Locked> }
export type Manifest = Record<
  'dependencies' | 'devDependencies' | 'optionalDependencies',
  Record<string, string>
>

/** Sentences, one a fault; none when the lock is complete. */
export function lockFaults(lock: Lock, manifest: Manifest): string[] {
  const faults: string[] = []
  for (const [where, locked] of Object.entries(lock.packages)) {
    if (where === '') continue
    if (!locked.version) faults.push(`${where} has no version`)
    if (!locked.integrity && !locked.link) faults.push(`${where} has no integrity`)
    if (locked.resolved !== undefined) faults.push(`${where} names a registry: ${locked.resolved}`)
    for (const [name, range] of Object.entries(locked.optionalDependencies ?? {})) {
      const found = find(lock, where, name)
      if (!found) faults.push(`${where} wants ${name}@${range} on some platform: not in the lock`)
      else if (/^\d/.test(range) && found.version !== range)
        faults.push(`${where} wants ${name}@${range}, the lock has ${found.version}`)
    }
  }
  for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies'] as const)
    for (const [name, range] of Object.entries(manifest[kind])) {
      if (!/^\d+\.\d+\.\d+$/.test(range))
        faults.push(`package.json: ${name}@${range} is no exact version`)
      const found = lock.packages[`node_modules/${name}`]
      if (!found) faults.push(`package.json wants ${name}: not in the lock`)
      else if (found.version !== range)
        faults.push(`package.json wants ${name}@${range}, the lock has ${found.version}`)
    }
  const pins = Object.entries(manifest.optionalDependencies).filter(([name]) =>
    name.startsWith('node-'),
  )
  if (new Set(pins.map(([, version]) => version)).size !== 1)
    faults.push(`the node pins differ: ${pins.map((pin) => pin.join('@')).join(', ')}`)
  return faults
}

/** As Node resolves it: the nearest node_modules on the way up. */
function find(lock: Lock, where: string, name: string): Locked | undefined {
  for (let at = where; ; ) {
    const found = lock.packages[`${at}/node_modules/${name}`]
    if (found) return found
    const up = at.lastIndexOf('/node_modules/')
    if (up < 0) return lock.packages[`node_modules/${name}`]
    at = at.slice(0, up)
  }
}
