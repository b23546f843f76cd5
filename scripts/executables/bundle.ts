// Each program in one file of JavaScript, and what is in it.
import { join, relative } from 'node:path'
import { build, type Plugin, type Rolldown } from 'vite'
import { ExecutableError } from './error.ts'

export type Bundle = {
  code: string
  /** All that it is made of: paths within the clone, those of packages under node_modules. */
  modules: readonly string[]
  /** What it imports of Node, as node:fs. */
  builtins: readonly string[]
}

/** The programs by name, and the source of each. */
export const PROGRAMS = {
  freshet: 'src/cli/freshet-main.ts',
  'freshet-sense': 'src/cli/sense-main.ts',
} as const

/** Threads of `freshet`, by the name that src/place.ts asks for. */
export const THREADS = {
  storeWriter: 'src/collector/store/writer-worker.ts',
  storeReader: 'src/collector/store/reader-worker.ts',
  storeCheckpoint: 'src/collector/store/checkpoint-worker.ts',
} as const

const KOFFI = 'node_modules/koffi/'
const KOFFI_SEARCH = `${KOFFI}src/koffi/src/static.js`
const KOFFI_FOUND = 'src/host/koffi-static.ts'

/** Bundles one program with all that it imports. Throws ExecutableError where something would be left outside. */
export async function bundle(root: string, source: string): Promise<Bundle> {
  const made = await build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [koffiBeside(root)],
    build: {
      ssr: true,
      write: false,
      target: 'node26',
      minify: false,
      rolldownOptions: {
        input: { program: join(root, source) },
        output: { entryFileNames: '[name].mjs', codeSplitting: false },
      },
    },
    ssr: { noExternal: true },
  })
  const { output } = made as Rolldown.RolldownOutput
  const [{ code, imports, dynamicImports, moduleIds, fileName }] = output
  const foreign = [...imports, ...dynamicImports].filter(
    (name) => name !== fileName && !name.startsWith('node:'),
  )
  if (output.length !== 1 || foreign.length > 0)
    throw new ExecutableError(
      `the bundle of ${source} is not whole: it wants ${foreign.join(', ') || `${output.length} files`} beside it, and an executable has all within`,
    )
  // Rolldown's own begin so.
  const modules = moduleIds.filter((id) => !id.startsWith('\0')).map((id) => relative(root, id))
  if (modules.includes(KOFFI_SEARCH))
    throw new ExecutableError(
      `koffi looks for its native module by itself in ${source}: is it of another version, whose search is elsewhere than in ${KOFFI_SEARCH}?`,
    )
  return {
    code,
    modules: modules.sort(),
    builtins: [...new Set([...imports, ...dynamicImports])]
      .filter((one) => one !== fileName)
      .sort(),
  }
}

/** Puts our own loading of koffi's native module in place of its search among folders. */
function koffiBeside(root: string): Plugin {
  return {
    name: 'koffi-beside',
    enforce: 'pre',
    // Of koffi's own imports alone: what is resolved here is resolved as an import, and others call require.
    async resolveId(to, importer) {
      if (!importer?.startsWith(join(root, KOFFI))) return null
      const found = await this.resolve(to, importer, { skipSelf: true })
      return found?.id === join(root, KOFFI_SEARCH) ? join(root, KOFFI_FOUND) : found
    },
  }
}
