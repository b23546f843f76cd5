// The tables of scripts/rooms.ts and scripts/layers.ts hold for this tree, and finds what it is there to find.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readSource } from '../../scripts/imports.ts'
import { checkLayers } from '../../scripts/layers.ts'
import { roomOf } from '../../scripts/rooms.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('layers', () => {
  it('hold', () => {
    assert.deepEqual(checkLayers(root), [])
  })

  describe('find a planted breach, by file and line:', () => {
    let copy: string
    before(() => {
      copy = mkdtempSync(join(tmpdir(), 'freshet-layers-'))
      cpSync(join(root, 'src'), join(copy, 'src'), { recursive: true })
    })
    after(() => rmSync(copy, { recursive: true, force: true }))

    /** Breaches that these files bring about, and no others. */
    const planted = (files: Record<string, string>): string[] => {
      try {
        for (const path in files) writeFileSync(join(copy, path), files[path] as string)
        return checkLayers(copy).map(({ file, line, text }) => `${file}:${line}: ${text}`)
      } finally {
        for (const path in files) rmSync(join(copy, path))
      }
    }
    const refused = (files: Record<string, string>, ...expected: RegExp[]) => {
      const found = planted(files)
      for (const one of expected)
        assert.ok(
          found.some((text) => one.test(text)),
          `${one} is not among ${found.join('\n')}`,
        )
    }

    it('a room that imports to its right', () => {
      refused(
        { 'src/engine/planted.ts': "// one\nimport '../stream/codec.ts'\n" },
        /^src\/engine\/planted\.ts:2: engine may not import stream/,
      )
    })
    it('also for its types alone, from an export, a dynamic import and an import type', () => {
      for (const text of [
        "import type { Finding } from '../engine/finding.ts'",
        "import { type Finding } from '../engine/finding.ts'",
        "export * from '../engine/finding.ts'",
        "export const later = () => import('../engine/finding.ts')",
        "export type Later = import('../engine/finding.ts').Finding",
        "export const other = new URL('../engine/finding.ts', import.meta.url)",
      ])
        refused(
          { 'src/records/planted.ts': text },
          /^src\/records\/planted\.ts:1: records may not import engine/,
        )
    })
    it('values from the page-api in the page, and rooms in the page', () => {
      refused(
        {
          'src/collector/web/planted.ts':
            "import '../views/page-api.ts'\nimport '../../units.ts'\n",
        },
        /planted\.ts:1: the page imports types only/,
        /planted\.ts:2: web may not import units/,
      )
      assert.deepEqual(
        planted({
          'src/collector/web/planted.ts': "import type { PageEvent } from '../views/page-api.ts'",
        }),
        [],
      )
    })
    it("a room of the collector that imports to its right, or past another's face", () => {
      refused(
        { 'src/collector/store/planted.ts': "import '../gateway/gateway.ts'\n" },
        /planted\.ts:1: collector-store may not import collector-gateway/,
      )
      refused(
        { 'src/collector/api/planted.ts': "import '../gateway/connection.ts'\n" },
        /planted\.ts:1: of collector-gateway others import .*gateway\.ts.* alone, not .*connection\.ts/,
      )
      refused(
        {
          'src/cli/planted.ts':
            "import '../collector/api/http.ts'\nimport '../collector/fleet/registry.ts'\n" +
            "import type { Keep } from '../collector/store/protocol.ts'\n",
        },
        /planted\.ts:1: of collector-api others import .*site\.ts alone/,
        /planted\.ts:2: of collector-fleet others import .*fleet\.ts alone/,
        /planted\.ts:3: of collector-store others import .*store\.ts alone/,
      )
    })
    it("a room of the engine that imports against the record's way, the join on top, or past its face", () => {
      for (const [room, other, of] of [
        ['process', '../identity/identity.ts', 'engine-identity'],
        ['identity', '../flow/flow-rows.ts', 'engine-flow'],
        ['flow', '../destination/destination.ts', 'engine-destination'],
        ['flow', '../pair/pair-table.ts', 'engine-pair'],
        ['pair', '../detection/score.ts', 'engine-detection'],
        ['detection', '../lasting.ts', 'engine'],
      ])
        refused(
          { [`src/engine/${room}/planted.ts`]: `import type {} from '${other}'\n` },
          new RegExp(`planted\\.ts:1: engine-${room} may not import ${of} `),
        )
      refused(
        {
          'src/eval/planted.ts':
            "import '../engine/flow/flow-rows.ts'\nimport '../engine/detection/detector.ts'\n" +
            "import '../engine/boot-engine.ts'\nimport '../engine/finding.ts'\n",
        },
        /planted\.ts:1: of engine-flow others import nothing, not .*flow-rows\.ts/,
        /planted\.ts:2: of engine-detection others import .*score\.ts alone, not .*detector\.ts/,
        /planted\.ts:3: of engine others import .*engine\.ts alone, not .*boot-engine\.ts/,
      )
      assert.deepEqual(
        planted({
          'src/eval/planted.ts': "import '../engine/finding.ts'\n",
          'src/engine/pair/planted.ts': "import '../flow/flow-rows.ts'\nimport '../clock.ts'\n",
        }),
        [],
      )
    })
    it('native code loaded elsewhere', () => {
      refused(
        { 'src/host/planted.ts': "import { createRequire } from 'node:module'\n" },
        /^src\/host\/planted\.ts:1: only src\/sense\/addon\.ts loads native code/,
      )
    })
    it('koffi outside host', () => {
      refused(
        { 'src/status/planted.ts': "import koffi from 'koffi'\n" },
        /^src\/status\/planted\.ts:1: koffi belongs to host/,
      )
    })
    it('the network in sense, and reached through another file', () => {
      refused(
        {
          'src/sense/planted.ts': "import './planted-too.ts'\nimport 'node:net'\nimport 'ws'\n",
          'src/sense/planted-too.ts': "export { request } from 'node:https'\n",
        },
        /^src\/sense\/planted\.ts:1: reaches node:https through src\/sense\/planted-too\.ts/,
        /^src\/sense\/planted\.ts:2: reaches node:net/,
        /^src\/sense\/planted\.ts:3: ws belongs to/,
      )
    })
    it('files, clocks and chance in the engine', () => {
      for (const folder of ['engine', 'engine/pair'])
        refused(
          {
            [`src/${folder}/planted.ts`]:
              "import 'node:fs'\nexport const a = Date.now()\nexport const b = new Date()\n" +
              'export const c = Math.random()\nexport const d = performance.now()\nsetTimeout(() => {}, 1)\n',
          },
          /:1: engine(-pair)? may not import node:fs/,
          /:1: reaches node:fs/,
          /:2: the engine may not use Date\.now/,
          /:3: the engine may not use new Date\(\)/,
          /:4: the engine may not use Math\.random/,
          /:5: the engine may not use performance\.now/,
          /:6: the engine may not use setTimeout/,
        )
      assert.deepEqual(
        planted({
          'src/engine/planted.ts': '// Date.now()\nexport const text = "Math.random()"\n',
        }),
        [],
        'comments and strings do not count',
      )
    })
    it('the network, and modules past the imports, by globals', () => {
      for (const room of ['sense', 'engine', 'engine/flow', 'records', 'baseline'])
        refused(
          {
            [`src/${room}/planted.ts`]:
              "export const a = fetch('https://a.example')\n" +
              "export const b = new WebSocket('wss://a.example')\n" +
              'export const { c = fetch } = {} as { c?: unknown }\n' +
              "export const d = process.getBuiltinModule('node:net')\n" +
              "export const e = process['getBuiltinModule']\n" +
              "export const f = (name: 'env') => process[name]\n" +
              'export const g = globalThis\n' +
              "export const h = new Function('return 1')\n" +
              'export const { dlopen: i } = process\n',
          },
          new RegExp(`planted\\.ts:1: ${room.replace('/', '-')} may not use fetch`),
          /:2: \S+ may not use WebSocket/,
          /:3: \S+ may not use fetch/,
          /:4: \S+ may not use process\.getBuiltinModule/,
          /:5: \S+ may not use process\.getBuiltinModule/,
          /:6: \S+ may not use process\[\.\.\.\]/,
          /:7: \S+ may not use globalThis/,
          /:8: \S+ may not use Function/,
          /:9: \S+ may not use process\.dlopen/,
        )
      const named =
        'export type Given = { fetch: string; socket: WebSocket; call: Function }\n' +
        'export const a = (given: Given) => given.fetch\n' +
        'export const b = { fetch: 1, eval: 2 }\n' +
        'export const c = process.pid\n'
      assert.deepEqual(
        planted({ 'src/sense/planted.ts': named }),
        [],
        'what only has the same name does not count',
      )
    })
    it('a function of the engine that is several', () => {
      const long = (lines: number): string =>
        `export function planted(): void {\n${"  'a line of it'\n".repeat(lines - 2)}}\n`
      refused(
        { 'src/engine/flow/planted.ts': long(151) },
        /^src\/engine\/flow\/planted\.ts:1: a function of 151 lines, at most 150/,
      )
      assert.deepEqual(planted({ 'src/engine/flow/planted.ts': long(150) }), [])
      assert.deepEqual(planted({ 'src/cli/planted.ts': long(151) }), [])
    })
    it('a cycle of files', () => {
      refused(
        {
          'src/engine/planted.ts': "export * from './planted-too.ts'\n",
          'src/engine/planted-too.ts': "import './planted.ts'\n",
        },
        /closes a cycle: .*planted.* -> .*planted/,
      )
    })
    it('an import that cannot be checked', () => {
      refused(
        { 'src/cli/planted.ts': 'export const load = (path: string) => import(path)\n' },
        /^src\/cli\/planted\.ts:1: import\(\) of a computed path/,
      )
    })
    it('a room that nobody named', () => {
      refused({ 'src/attic.ts': '' }, /^src\/attic\.ts:1: attic is no room/)
    })
  })

  it('names the rooms', () => {
    assert.equal(roomOf('src/collector/web/main.tsx'), 'web')
    assert.equal(roomOf('src/collector/store/store.ts'), 'collector-store')
    assert.equal(roomOf('src/engine/flow/top.ts'), 'engine-flow')
    assert.equal(roomOf('src/engine/clock.ts'), 'engine-ground')
    assert.equal(roomOf('src/engine/engine.ts'), 'engine')
    assert.equal(roomOf('src/cli.ts'), 'cli')
    assert.equal(roomOf('src/cli/up.ts'), 'cli')
  })

  it('refuse a file that is no program', () => {
    assert.throws(() => readSource('src/x.ts', 'import {'), /src\/x\.ts/)
  })
})
