// The fenced blocks of docs/protocol.md. UPDATE_GOLDEN=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs'

const DOCUMENT = new URL('../../docs/protocol.md', import.meta.url)
const CHARS_A_LINE = 100

/** The text between the fences of the block that begins with this line; undefined when there is none. */
export function block(head: string): string | undefined {
  return parts(head)?.content
}

/** The text of the block, after it was written anew when UPDATE_GOLDEN=1. */
export function golden(head: string, present: string): string | undefined {
  const found = parts(head)
  if (process.env['UPDATE_GOLDEN'] === '1' && found)
    writeFileSync(DOCUMENT, `${found.before}${present}${found.after}`)
  return block(head)
}

/** A vector as lines of hex digits. */
export function hexLines(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  return `${hex.match(new RegExp(`.{1,${CHARS_A_LINE}}`, 'g'))?.join('\n')}\n`
}

/** The bytes of a vector. Throws when the document has none of that name. */
export function vector(name: string): Buffer {
  const content = block(`hex ${name}`)
  if (content === undefined) throw new Error(`docs/protocol.md has no vector ${name}`)
  return Buffer.from(content.replaceAll('\n', ''), 'hex')
}

function parts(head: string) {
  const text = readFileSync(DOCUMENT, 'utf8')
  const fence = `\n\`\`\`${head}\n`
  const from = text.indexOf(fence) + fence.length
  if (from < fence.length) return undefined
  const to = text.startsWith('```', from) ? from : text.indexOf('\n```', from) + 1
  return { before: text.slice(0, from), content: text.slice(from, to), after: text.slice(to) }
}
