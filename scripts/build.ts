// `npm run build`: what ships, in dist/: the bundle, the addon, the probe and the page. Bundled, the roles
// start in a fraction of the time and hold less memory than from source.
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { PLACE } from '../src/place.ts'
import { closedClone } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')

/** Name in dist/ (see src/place.ts) and source of each program. */
const ENTRIES = {
  freshet: PLACE.cli,
  'store-writer': PLACE.storeWriter,
  'store-reader': PLACE.storeReader,
  'store-checkpoint': PLACE.storeCheckpoint,
}

const closed = closedClone(['dist'])
if (closed !== undefined) {
  process.stderr.write(`freshet: build: ${closed}\n`)
  process.exit(1)
}
rmSync(dist, { recursive: true, force: true })
await build({
  root,
  configFile: false,
  logLevel: 'warn',
  build: {
    ssr: true,
    target: 'node26',
    outDir: dist,
    minify: false,
    rolldownOptions: {
      input: ENTRIES,
      // koffi is native: it is copied beside the bundle, not into it.
      external: ['koffi'],
      output: { entryFileNames: '[name].mjs', chunkFileNames: 'chunk-[name]-[hash].mjs' },
    },
  },
  ssr: { noExternal: true, external: ['koffi'] },
})
cpSync(PLACE.addon, join(dist, 'freshet.node'))
cpSync(PLACE.probe, join(dist, 'probe'))
cpSync(PLACE.page, join(dist, 'web'), { recursive: true })
for (const folder of ['koffi', ...platformFolders()]) copyPackage(folder)
const { name, version, license } = JSON.parse(readFileSync(PLACE.packageJson, 'utf8')) as Record<
  string,
  string
>
writeFileSync(
  join(dist, 'package.json'),
  `${JSON.stringify({ name, version, license, type: 'module' }, null, 2)}\n`,
)
process.stdout.write(
  `dist: ${(bytesOf(dist) / 1e6).toFixed(1)} MB, run it with node dist/freshet.mjs\n`,
)

/** koffi's native module is a package of its own for each platform; npm installed the one that fits. */
function platformFolders(): string[] {
  return readdirSync(join(root, 'node_modules/@koromix')).map((folder) => `@koromix/${folder}`)
}

function copyPackage(folder: string): void {
  const from = join(root, 'node_modules', folder)
  const to = join(dist, 'node_modules', folder)
  mkdirSync(to, { recursive: true })
  // Sources and documentation of koffi's own build do not ship.
  cpSync(from, to, {
    recursive: true,
    filter: (path) =>
      !/(\/(vendor|doc|lib)|\.(cc|hh|c|h|S|asm|txt))$/.test(path.slice(from.length)),
  })
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
