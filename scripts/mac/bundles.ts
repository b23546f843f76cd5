// Lays the built programs out as macOS wants them: Freshet.app with the system extension inside, and beside it
// the files that signing and packaging need, all for the builder's team. And looks at the result.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { VERSION } from '../../src/version.ts'
import { IDENTITY_FILES as AT, type Identity, identityFiles, withTeam } from '../identity.ts'
import { identityFaults } from '../identity-check.ts'

/** Where a file of pkg/identity.json's goes, from the output directory: into its bundle, else as in the clone. */
function placeOf(path: string, { app, filter }: Identity): string {
  const contents = `${app.executable}.app/Contents`
  if (path === AT.appInfo) return `${contents}/Info.plist`
  if (path === AT.filterInfo)
    return `${contents}/Library/SystemExtensions/${filter.id}.systemextension/Contents/Info.plist`
  return `signing/${path}`
}

/** Paths of the two programs inside the bundles. */
function programsOf(identity: Identity): { app: string; filter: string } {
  const inBundle = (info: string, { executable }: { executable: string }) =>
    `${dirname(placeOf(info, identity))}/MacOS/${executable}`
  return {
    app: inBundle(AT.appInfo, identity.app),
    filter: inBundle(AT.filterInfo, identity.filter),
  }
}

/** Writes `out`/Freshet.app and `out`/signing from universal `products` by artifact name. */
export function layBundles(
  identity: Identity,
  products: Record<string, string>,
  out: string,
): string {
  const bundle = join(out, `${identity.app.executable}.app`)
  for (const folder of [bundle, join(out, 'signing')])
    rmSync(folder, { recursive: true, force: true })
  const put = (place: string, text: string) => {
    mkdirSync(dirname(join(out, place)), { recursive: true })
    writeFileSync(join(out, place), text)
  }
  for (const [path, text] of identityFiles(identity, VERSION)) put(placeOf(path, identity), text)
  put(`${identity.app.executable}.app/Contents/PkgInfo`, 'APPL????')
  const programs = programsOf(identity)
  for (const [program, { executable }] of [
    [programs.app, identity.app],
    [programs.filter, identity.filter],
  ] as const) {
    mkdirSync(dirname(join(out, program)), { recursive: true })
    cpSync(products[executable] as string, join(out, program))
  }
  return bundle
}

/** Writes `out`/Freshet.app with the menu bar alone: without a team macOS takes no system extension. */
export function layMenuBar(identity: Identity, program: string, out: string): string {
  const bundle = join(out, `${identity.app.executable}.app`)
  rmSync(bundle, { recursive: true, force: true })
  const info = identityFiles(identity, VERSION).get(AT.appInfo)
  if (info === undefined) throw new Error(`no ${AT.appInfo} is made of pkg/identity.json`)
  mkdirSync(join(bundle, 'Contents/MacOS'), { recursive: true })
  writeFileSync(join(bundle, 'Contents/Info.plist'), info)
  writeFileSync(join(bundle, 'Contents/PkgInfo'), 'APPL????')
  cpSync(program, join(out, programsOf(identity).app))
  return bundle
}

/** What is wrong with what layBundles made, a sentence each. */
export function bundleFaults(identity: Identity, out: string): string[] {
  const faults = identityFaults(identity, VERSION, (path) => {
    const file = join(out, placeOf(path, identity))
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  })
  // That names were compiled in, and for this team. What the linker keeps of a program are its strings.
  const programs = programsOf(identity)
  const { app, filter, daemon } = identity
  for (const [program, names] of [
    [programs.app, [app.id, filter.id]],
    [programs.filter, [filter.providerClass, withTeam(identity, daemon.service)]],
  ] as const) {
    const file = join(out, program)
    const bytes = existsSync(file) ? readFileSync(file) : undefined
    if (!bytes) faults.push(`${program}: is not there`)
    else
      for (const name of names)
        if (!bytes.includes(`\0${name}\0`)) faults.push(`${program}: does not name ${name}`)
  }
  return faults
}

/** What everything signed has agreed on, for a table. */
export function identityRows(identity: Identity): string[][] {
  const { app, filter, daemon } = identity
  return [
    ['team', identity.team],
    ['group', withTeam(identity, identity.group)],
    ['app', app.id],
    ['filter', `${filter.id}, ${filter.providerClass}, ${withTeam(identity, filter.service)}`],
    ['daemon', `${daemon.id}, ${withTeam(identity, daemon.service)}`],
    ['version', VERSION],
  ]
}
