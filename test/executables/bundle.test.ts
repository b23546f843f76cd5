// What is in each executable, before one is built.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { type Bundle, bundle, PROGRAMS, THREADS } from '../../scripts/executables/bundle.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What root's program must not have within: it has no network, no FFI, and reads nothing that came from a network. */
const NOT_ROOTS =
  /^(node_modules\/(ws|protobufjs|koffi|long|vite|@peculiar)\/|src\/(stream|collector|host|baseline|intake|importers|policy|trust|agent)[/.])/
const NOT_ROOTS_BUILTINS =
  /^node:(http|https|http2|tls|dgram|dns|quic|sqlite|inspector|vm|worker_threads|zlib)/

describe('the bundle of freshet-sense', () => {
  let sense: Bundle
  let freshet: Bundle
  before(async () => {
    sense = await bundle(root, PROGRAMS['freshet-sense'])
    freshet = await bundle(root, PROGRAMS.freshet)
  })

  it('has no network, protobuf, FFI or collector within, nor a built-in that leads there', () => {
    assert.deepEqual(
      sense.modules.filter((path) => NOT_ROOTS.test(path)),
      [],
    )
    assert.deepEqual(
      sense.builtins.filter((name) => NOT_ROOTS_BUILTINS.test(name)),
      [],
    )
  })

  it('has the root role', () => {
    for (const path of ['src/cli/sense-main.ts', 'src/sense/sense.ts', 'src/native-module.ts'])
      assert.ok(sense.modules.includes(path), path)
  })

  it('looks at who runs it, and with which variables, before all else that it does', () => {
    const at = (text: string): number => {
      const found = sense.code.indexOf(text)
      assert.ok(found >= 0, `${text} is not in the bundle`)
      return found
    }
    assert.ok(at('\nbeginAlone();') < at('await runSenseProgram();'))
    // Its rooms are functions that run when they are asked for; what stands outside of them runs at once.
    assert.match(sense.code, /init_sense_program = .*__esmMin/)
  })

  it('is what these tests would find such things in: the bundle of freshet has each', () => {
    const found = (pattern: RegExp) => freshet.modules.some((path) => pattern.test(path))
    for (const pattern of [
      /^node_modules\/ws\//,
      /^node_modules\/protobufjs\//,
      /^node_modules\/koffi\//,
      /^src\/stream\//,
      /^src\/collector\//,
      /^src\/host\/libc\.ts$/,
    ])
      assert.ok(found(pattern), `${pattern}`)
    assert.ok(freshet.builtins.some((name) => NOT_ROOTS_BUILTINS.test(name)))
  })
})

describe('the bundles of freshet', () => {
  it("have koffi's native module from beside the executable, never by its own search", async () => {
    const { modules } = await bundle(root, PROGRAMS.freshet)
    assert.ok(modules.includes('src/host/koffi-static.ts'))
    assert.deepEqual(
      modules.filter((path) => path.includes('@koromix')),
      [],
    )
  })

  it('have for protobufjs the long that it calls require for, or 64-bit numbers would be 0', async () => {
    const { modules } = await bundle(root, PROGRAMS.freshet)
    assert.ok(modules.includes('node_modules/long/umd/index.js'))
  })

  for (const source of [...Object.values(PROGRAMS), ...Object.values(THREADS)])
    it(`are one file each, without paths of this machine: ${source}`, async () => {
      const { code, modules } = await bundle(root, source)
      assert.ok(modules.includes(source))
      assert.equal(code.includes(root), false)
    })
})
