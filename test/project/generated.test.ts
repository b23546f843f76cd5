// What is generated and committed is what its declaration says today.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { generate, recordLayoutHeader } from '../../scripts/generate.ts'
import { IDENTITY_FILES, IDENTITY_MODULE } from '../../scripts/identity.ts'
import { interpretersHeader } from '../../scripts/interpreters.ts'
import { POLICY_SCHEMA_FILE } from '../../scripts/policy-schema.ts'
import { layoutOf, parseRecordDef } from '../../scripts/record-def.ts'
import { EARLIER_LAYOUTS } from '../../src/records/layouts.ts'
import { LAYOUT } from '../../src/records/record.gen.ts'

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

describe('generated files', () => {
  let files: Map<string, string>
  before(() => {
    files = generate()
  })

  it('are fresh: run `npm run generate` when this fails', () => {
    assert.deepEqual(
      [...files.keys()].sort(),
      [
        ...Object.values(IDENTITY_FILES),
        IDENTITY_MODULE,
        POLICY_SCHEMA_FILE,
        'native/interpreters.gen.h',
        'native/record_layout.gen.h',
        'src/importers/interpreters.gen.ts',
        'src/records/record.gen.ts',
        'src/stream/wire.gen.d.ts',
        'src/stream/wire.gen.js',
      ].sort(),
    )
    for (const [path, text] of files) assert.equal(read(path), text, path)
  })

  it('tell which earlier layouts differ by flags, codes and whole records alone: take out those of before a field came', () => {
    for (const [layout, since] of EARLIER_LAYOUTS) {
      for (const line of since) assert.match(line, /^(FLAG|CODE|RECORD)\(/)
      let then = read('native/record.def')
      // A record goes with its members, to its END().
      for (const start of since.filter((line) => line.startsWith('RECORD(')))
        then = then.replace(new RegExp(`^${start.replace('(', '\\(')}.*?\\nEND\\(\\)\\n`, 'ms'), '')
      const lines = then.split('\n').filter((line) => !since.some((one) => line.startsWith(one)))
      assert.equal(parseRecordDef(lines.join('\n')).layout, layout)
    }
  })

  it('agree on the layout on both sides', () => {
    const there = /kRecordLayout = (0x[0-9a-f]{8})u/.exec(read('native/record_layout.gen.h'))?.[1]
    assert.equal(Number(there), LAYOUT)
  })
})

describe('interpreters.json', () => {
  const header = (entry: object): string =>
    interpretersHeader(JSON.stringify({ interpreters: [{ source: 'x(1)', brings: [], ...entry }] }))

  it('becomes lists that are set off by blanks', () => {
    const text = header({ names: ['a', 'b*'], inline: ['-c'], commands: { run: 'operand' } })
    for (const line of ['names = " a b* "', 'inline_ = " -c "', 'before_operand = " run "'])
      assert.ok(text.includes(`.${line},`), line)
    assert.match(text, /style = kStyleCluster,\n.*operand = kOperandFile/)
  })

  it('is refused where it says what nobody reads', () => {
    assert.throws(() => header({}), /undefined: has no names/)
    assert.throws(() => header({ names: ['a'], inlin: ['-c'] }), /\["a"\]: knows no inlin/)
    assert.throws(() => header({ names: ['a'], style: 'word' }), /style is "word", wants one of/)
    assert.throws(() => header({ names: ['a'], value: ['-a -b'] }), /value has "-a -b"/)
    assert.throws(() => header({ names: ['a'], commands: { run: 'x' } }), /run is followed by x/)
    assert.throws(() => header({ names: ['a', 'a'] }), /a stands twice/)
    const unsaid = { names: ['a'], brings: undefined }
    assert.throws(() => header(unsaid), /\["a"\]: does not say what brings other code/)
  })
})

describe('record.def', () => {
  const text = read('native/record.def')

  it('has another layout hash when a width, an order or a name changes, not when a comment does', () => {
    const layout = (changed: string) => {
      assert.notEqual(changed, text, 'the change did not change anything')
      return parseRecordDef(changed).layout
    }
    const now = parseRecordDef(text).layout
    assert.notEqual(layout(text.replace('FIELD(u32, pid,', 'FIELD(u64, pid,')), now)
    assert.notEqual(layout(text.replace('FIELD(u32, pid,', 'FIELD(u32, pid_of,')), now)
    assert.notEqual(
      layout(text.replace(/(FIELD\(u64, bytes_out.*\n)(FIELD\(u64, bytes_in.*\n)/, '$2$1')),
      now,
    )
    assert.equal(layout(`// more\n${text}`), now)
    assert.match(recordLayoutHeader(parseRecordDef(text)), new RegExp(now.toString(16)))
  })

  it('is refused with the line where it cannot be understood', () => {
    assert.throws(() => parseRecordDef('\nsomething'), /record\.def:2: not a declaration/)
    assert.throws(() => parseRecordDef('FIELD(u8, a, "", "")'), /record\.def:1: FIELD outside/)
    assert.throws(
      () => parseRecordDef('RECORD(a, 1, "")\nFIELD(u7, a, "", "")'),
      /record\.def:2: no such width: u7/,
    )
    assert.throws(() => parseRecordDef('RECORD(a, 1, "")\nWORD(a)'), /record\.def:2: no such decl/)
  })

  it('refuses a record that would need padding, or is no multiple of 8 bytes', () => {
    const layout = (members: string) =>
      parseRecordDef(`RECORD(a, 1, "")\n${members}\nEND()`).records.map(layoutOf)
    assert.throws(
      () => layout('FIELD(u8, b, "", "")\nFIELD(u32, c, "", "")'),
      /a\.c would need padding at 17/,
    )
    assert.throws(() => layout('FIELD(u32, b, "", "")'), /a is 20 bytes, not 8n/)
    assert.equal(layout('FIELD(u64, b, "", "")')[0]?.fixedBytes, 24)
  })
})
