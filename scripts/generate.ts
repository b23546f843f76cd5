// Makes the files that are derived from a declaration elsewhere and committed:
//   native/record.def       -> src/records/record.gen.ts, native/record_layout.gen.h
//   native/interpreters.json -> native/interpreters.gen.h, src/importers/interpreters.gen.ts
//   src/stream/wire.proto   -> src/stream/wire.gen.js, src/stream/wire.gen.d.ts
//   pkg/identity.json       -> native/mac/identity.gen.h, src/status/identity.gen.ts, Info.plists,
//                              entitlements, launchd plists
//   src/engine/policy-table.ts -> docs/policy.schema.json
// `npm run generate` writes them; test/project/generated.test.ts compares them with what is committed.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../src/version.ts'
import { IDENTITY_MODULE, identityFiles, identityModule, readIdentity } from './identity.ts'
import { interpretersHeader, interpretersModule } from './interpreters.ts'
import { POLICY_SCHEMA_FILE, policySchema } from './policy-schema.ts'
import {
  type Constant,
  type Declarations,
  HEADER_BYTES,
  layoutOf,
  type Member,
  parseRecordDef,
  WIDTH_BYTES,
} from './record-def.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const camel = (name: string): string =>
  name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
const pascal = (name: string): string => camel(`_${name}`)
const upper = (name: string): string => name.toUpperCase()

function readExpression(member: Member, offset: number): string {
  if (member.kind === 'bytes') return `bytes.slice(at + ${offset}, at + ${offset + member.count})`
  if (member.kind === 'string') return `text(${offset})`
  if (member.width === 'u64') return `view.getBigUint64(at + ${offset}, true)`
  if (member.width === 'u8') return `view.getUint8(at + ${offset})`
  return `view.getUint${WIDTH_BYTES[member.width] * 8}(at + ${offset}, true)`
}

function writeStatement(member: Member, offset: number): string {
  const value = `record.${camel(member.name)}`
  if (member.kind === 'bytes')
    return `putBytes(out, ${offset}, ${value}, ${member.count}, '${member.name}')`
  if (member.kind === 'string')
    return `at = putText(out, view, ${offset}, at, ${camel(member.name)})`
  if (member.width === 'u64') return `view.setBigUint64(${offset}, ${value}, true)`
  if (member.width === 'u8') return `view.setUint8(${offset}, ${value})`
  return `view.setUint${WIDTH_BYTES[member.width] * 8}(${offset}, ${value}, true)`
}

const typeOf = (member: Member): string =>
  member.kind === 'bytes'
    ? 'Uint8Array'
    : member.kind === 'string'
      ? 'string'
      : member.width === 'u64'
        ? 'bigint'
        : 'number'

/** The text of src/records/record.gen.ts. */
export function recordTypeScript(declarations: Declarations): string {
  const { records, flags, codes, layout } = declarations
  const lines: string[] = [
    '// Generated from native/record.def by scripts/generate.ts. Do not edit.',
    '',
    `/** FNV-1a of the declarations; equals kRecordLayout in native/record_layout.gen.h. */`,
    `export const LAYOUT = 0x${layout.toString(16).padStart(8, '0')}`,
    `/** Bytes that begin every record: u32 size, u16 type, u8 source, u8 zero, u64 at_ns. */`,
    `export const HEADER_BYTES = ${HEADER_BYTES}`,
    '/** Longest a record can be. */',
    'export const RECORD_BYTES_MAX = 131072',
    '',
    "/** A record's number on the wire. */",
    'export const RecordType = {',
    ...records.map((record) => `  ${camel(record.name)}: ${record.type},`),
    '} as const',
    '',
  ]
  const sets = new Map<string, Constant[]>()
  for (const constant of codes)
    sets.set(constant.set, [...(sets.get(constant.set) ?? []), constant])
  for (const [set, constants] of sets) {
    lines.push(`export const ${pascal(set)} = {`)
    for (const one of constants) {
      if (one.doc) lines.push(`  /** ${one.doc} */`)
      lines.push(`  ${camel(one.name)}: ${one.value},`)
    }
    lines.push('} as const', '')
  }
  const flagSets = new Map<string, Constant[]>()
  for (const flag of flags) flagSets.set(flag.set, [...(flagSets.get(flag.set) ?? []), flag])
  for (const [record, set] of flagSets) {
    lines.push(
      `/** Bits of the ${record} record's flags. */`,
      `export const ${pascal(record)}Flag = {`,
    )
    for (const flag of set)
      lines.push(`  /** ${flag.doc} */`, `  ${camel(flag.name)}: ${flag.value},`)
    lines.push('} as const', '')
  }
  lines.push('type Head = { source: number; atNs: bigint }', '')
  for (const record of records) {
    lines.push(`/** ${record.doc}. */`, `export type ${pascal(record.name)}Record = Head & {`)
    for (const member of record.members) {
      if (member.name.startsWith('reserved')) continue
      const unit = member.kind === 'field' && member.unit ? ` (${member.unit})` : ''
      const limit = member.kind === 'string' ? ` At most ${member.max} bytes.` : ''
      const doc = `${member.doc}${unit}${limit}`.trim()
      if (doc) lines.push(`  /** ${doc} */`)
      lines.push(`  ${camel(member.name)}: ${typeOf(member)}`)
    }
    lines.push('}', '')
    lines.push(`/** Byte offsets of the ${record.name} record's fields, from its first byte. */`)
    lines.push(`export const ${upper(record.name)}_AT = {`)
    for (const { member, offset } of layoutOf(record).placed)
      lines.push(`  ${camel(member.name)}${member.kind === 'string' ? 'Bytes' : ''}: ${offset},`)
    lines.push('} as const', `/** Size of its fixed part. */`)
    lines.push(
      `export const ${upper(record.name)}_FIXED_BYTES = ${layoutOf(record).fixedBytes}`,
      '',
    )
    const strings = record.members.filter((member) => member.kind === 'string')
    const shown = layoutOf(record).placed.filter(
      ({ member }) => !member.name.startsWith('reserved'),
    )
    lines.push(
      `/** Reads the ${record.name} record at byte \`at\`, which must lie whole in \`view\` (checked by the framer). */`,
      `export function read${pascal(record.name)}(view: DataView, at: number): ${pascal(record.name)}Record {`,
    )
    if (shown.some(({ member }) => member.kind === 'bytes'))
      lines.push('  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)')
    if (strings.length > 0) {
      lines.push(
        `  let next = at + ${layoutOf(record).fixedBytes}`,
        '  const text = (offset: number): string => {',
        '    const from = next',
        '    next += view.getUint16(at + offset, true)',
        '    return getText(view, from, next)',
        '  }',
      )
    }
    lines.push(
      '  return {',
      '    source: view.getUint8(at + 6),',
      '    atNs: view.getBigUint64(at + 8, true),',
    )
    for (const { member, offset } of shown)
      lines.push(`    ${camel(member.name)}: ${readExpression(member, offset)},`)
    lines.push('  }', '}', '')
    lines.push(
      `/** The ${record.name} record's bytes. Strings over their limit are cut at a character; RangeError on a wrong array length. */`,
      `export function write${pascal(record.name)}(record: ${pascal(record.name)}Record): Uint8Array {`,
    )
    for (const member of strings)
      if (member.kind === 'string')
        lines.push(
          `  const ${camel(member.name)} = cut(record.${camel(member.name)}, ${member.max})`,
        )
    const sum = [
      `${layoutOf(record).fixedBytes}`,
      ...strings.map((member) => `${camel(member.name)}.length`),
    ].join(' + ')
    lines.push(
      `  const out = new Uint8Array((${sum} + 7) & ~7)`,
      '  const view = new DataView(out.buffer)',
      `  putHead(view, out.length, ${record.type}, record)`,
    )
    if (strings.length > 0) lines.push(`  let at = ${layoutOf(record).fixedBytes}`)
    for (const { member, offset } of shown) lines.push(`  ${writeStatement(member, offset)}`)
    lines.push('  return out', '}', '')
  }
  lines.push(SUPPORT)
  return lines.join('\n')
}

const SUPPORT = `const decoder = new TextDecoder()
const encoder = new TextEncoder()

function getText(view: DataView, from: number, to: number): string {
  if (from === to) return ''
  return decoder.decode(new Uint8Array(view.buffer, view.byteOffset + from, to - from))
}

function cut(text: string, bytesMax: number): Uint8Array {
  const bytes = encoder.encode(text)
  if (bytes.length <= bytesMax) return bytes
  let end = bytesMax
  while (end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}

function putHead(view: DataView, size: number, type: number, head: Head): void {
  view.setUint32(0, size, true)
  view.setUint16(4, type, true)
  view.setUint8(6, head.source)
  view.setBigUint64(8, head.atNs, true)
}

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array, count: number, name: string): void {
  if (bytes.length !== count) throw new RangeError(\`\${name}: \${bytes.length} bytes, wants \${count}\`)
  out.set(bytes, at)
}

function putText(out: Uint8Array, view: DataView, lengthAt: number, at: number, bytes: Uint8Array): number {
  view.setUint16(lengthAt, bytes.length, true)
  out.set(bytes, at)
  return at + bytes.length
}
`

/** The text of native/record_layout.gen.h. */
export function recordLayoutHeader(declarations: Declarations): string {
  return [
    '// Generated from record.def by scripts/generate.ts. Do not edit.',
    `inline constexpr u32 kRecordLayout = 0x${declarations.layout.toString(16).padStart(8, '0')}u;`,
    '',
  ].join('\n')
}

/** protobufjs' static module and its types for wire.proto: slim, with no code that nothing calls. */
export function wireModules(): { js: string; types: string } {
  const folder = mkdtempSync(join(tmpdir(), 'freshet-wire-'))
  try {
    const js = join(folder, 'wire.gen.js')
    const types = join(folder, 'wire.gen.d.ts')
    const bin = (name: string) => join(root, 'node_modules', 'protobufjs-cli', 'bin', name)
    const slim = [
      ...['--no-create', '--no-verify', '--no-convert', '--no-delimited', '--no-service'],
      '--no-typeurl',
    ]
    const args = ['-t', 'static-module', '-w', 'es6', '--es6', '--force-long', ...slim]
    const proto = join(root, 'src/stream/wire.proto')
    // The types come from the comments, and nobody reads those in the code.
    const commented = join(folder, 'commented.js')
    const bare = ['--no-comments', '--no-beautify']
    execFileSync(process.execPath, [bin('pbjs'), ...args, '-o', commented, proto])
    execFileSync(process.execPath, [bin('pbjs'), ...args, ...bare, '-o', js, proto])
    execFileSync(process.execPath, [bin('pbts'), '--no-comments', '-o', types, commented])
    return { js: readFileSync(js, 'utf8'), types: readFileSync(types, 'utf8') }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Every generated file: its path from the project's root, and its text. */
export function generate(): Map<string, string> {
  const declarations = parseRecordDef(readFileSync(join(root, 'native/record.def'), 'utf8'))
  const identity = readIdentity(root)
  const interpreters = readFileSync(join(root, 'native/interpreters.json'), 'utf8')
  const files = new Map([
    ['src/records/record.gen.ts', recordTypeScript(declarations)],
    ['native/record_layout.gen.h', recordLayoutHeader(declarations)],
    ['native/interpreters.gen.h', interpretersHeader(interpreters)],
    ['src/importers/interpreters.gen.ts', interpretersModule(interpreters)],
    ...identityFiles(identity, VERSION),
    [IDENTITY_MODULE, identityModule(identity)],
    [POLICY_SCHEMA_FILE, policySchema()],
  ])
  if (existsSync(join(root, 'src/stream/wire.proto'))) {
    const wire = wireModules()
    files.set('src/stream/wire.gen.js', wire.js)
    files.set('src/stream/wire.gen.d.ts', wire.types)
  }
  return files
}

if (import.meta.main)
  for (const [path, text] of generate()) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
