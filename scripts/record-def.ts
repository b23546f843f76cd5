// native/record.def, read: what the records are and where their members lie.

export type Width = 'u8' | 'u16' | 'u32' | 'u64'
export type Member =
  | { kind: 'field'; width: Width; name: string; unit: string; doc: string }
  | { kind: 'bytes'; count: number; name: string; doc: string }
  | { kind: 'string'; max: number; name: string; doc: string }
export type RecordDef = { name: string; type: number; doc: string; members: Member[] }
export type Constant = { set: string; name: string; value: number; doc: string }
export type Declarations = {
  records: RecordDef[]
  flags: Constant[]
  codes: Constant[]
  layout: number
}

export const WIDTH_BYTES: Record<Width, number> = { u8: 1, u16: 2, u32: 4, u64: 8 }
/** Bytes that begin every record. */
export const HEADER_BYTES = 16
/** A string's length stands in the fixed part as a u16. */
const STRING_LENGTH_BYTES = 2

/** Reads record.def. Throws with the line on anything it does not understand. */
export function parseRecordDef(text: string): Declarations {
  const records: RecordDef[] = []
  const flags: Constant[] = []
  const codes: Constant[] = []
  let open: RecordDef | undefined
  const canon: string[] = []
  text.split('\n').forEach((line, index) => {
    const bare = line.replace(/^\s*\/\/.*$/, '').trim()
    if (bare === '') return
    const call = /^([A-Z]+)\((.*)\)$/.exec(bare)
    if (!call) throw new Error(`record.def:${index + 1}: not a declaration: ${bare}`)
    const verb = call[1]
    const args = splitArguments(call[2] as string)
    canon.push(`${verb}(${args.slice(0, 3).join(',')})`)
    const [a = '', b = '', c = '', d = ''] = args
    if (verb === 'RECORD') open = { name: a, type: Number(b), doc: c, members: [] }
    else if (verb === 'FLAG') flags.push({ set: a, name: b, value: 2 ** Number(c), doc: d })
    else if (verb === 'CODE') codes.push({ set: a, name: b, value: Number(c), doc: d })
    else if (!open) throw new Error(`record.def:${index + 1}: ${verb} outside a record`)
    else if (verb === 'FIELD') {
      if (!(a in WIDTH_BYTES)) throw new Error(`record.def:${index + 1}: no such width: ${a}`)
      open.members.push({ kind: 'field', width: a as Width, name: b, unit: c, doc: d })
    } else if (verb === 'BYTES')
      open.members.push({ kind: 'bytes', name: a, count: Number(b), doc: c })
    else if (verb === 'STRING')
      open.members.push({ kind: 'string', name: a, max: Number(b), doc: c })
    else if (verb === 'END') {
      records.push(open)
      open = undefined
    } else throw new Error(`record.def:${index + 1}: no such declaration: ${verb}`)
  })
  return { records, flags, codes, layout: fnv1a(canon.join('\n')) }
}

function splitArguments(text: string): string[] {
  return [...text.matchAll(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)/g)].map((match) => {
    const word = (match[1] as string).trim()
    return word.startsWith('"') ? (JSON.parse(word) as string) : word
  })
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

/**
 * Where each member lies from the record's first byte, and the size of the fixed part. Throws when a
 * member would need padding before it, or the size is no multiple of 8.
 */
export function layoutOf(record: RecordDef): {
  placed: { member: Member; offset: number }[]
  fixedBytes: number
} {
  let offset = HEADER_BYTES
  const placed = record.members.map((member) => {
    const bytes =
      member.kind === 'field'
        ? WIDTH_BYTES[member.width]
        : member.kind === 'bytes'
          ? member.count
          : STRING_LENGTH_BYTES
    const align = member.kind === 'bytes' ? 1 : bytes
    if (offset % align !== 0)
      throw new Error(`record.def: ${record.name}.${member.name} would need padding at ${offset}`)
    const here = { member, offset }
    offset += bytes
    return here
  })
  if (offset % 8 !== 0) throw new Error(`record.def: ${record.name} is ${offset} bytes, not 8n`)
  return { placed, fixedBytes: offset }
}
