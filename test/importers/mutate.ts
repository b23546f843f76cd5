// Seeded mutation of lines: what a broken disk, a cut write, a wrong tool or an enemy makes of a log.

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const TOKENS = [
  '',
  '-',
  '(empty)',
  '0',
  '-1',
  '1e999',
  '9007199254740993',
  '99999999999999999999',
  '4294967296',
  '0.0000001',
  'null',
  'true',
  '{}',
  '[]',
  '[1,2,3,4,5,6,7,8]',
  '"',
  '\\u0000',
  '\\',
  '\t',
  '\u0000',
  '\ud800',
  '\u2028',
  '{',
  '}',
  ',',
  '1970-01-01T00:00:00Z',
  '2099-12-31T23:59:59.999999Z',
  '2026-03-02T09:00:00Z',
  '4102444799.5',
  '1772532000',
  '::ffff:1.2.3.4',
  '2001:db8::1',
  '::',
  '255.255.255.255',
  '65536',
  'udp',
  'icmp',
  'S0',
  'REJ',
  'OTH',
  '86400',
  '31622400',
  '__proto__',
  'constructor',
  '#fields\tts\tuid',
  '#separator x',
  '#path\tssl',
  'x'.repeat(300),
]

/** One of `lines`, changed in one to four places, or left as it is. */
export function mutate(lines: readonly string[], random: () => number): string {
  const below = (limit: number): number => Math.floor(random() * limit)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  let line = pick(lines)
  for (let changes = below(5); changes > 0; changes--) {
    const at = below(line.length + 1)
    const to = Math.min(line.length, at + 1 + below(12))
    const head = line.slice(0, at)
    switch (below(8)) {
      case 0:
        line = head + String.fromCharCode(below(256)) + line.slice(at + 1)
        break
      case 1:
        line = head + line.slice(to)
        break
      case 2:
        line = head + pick(TOKENS) + line.slice(at)
        break
      case 3:
        line = head
        break
      case 4:
        line = head + pick(lines).slice(at)
        break
      case 5:
        line = head + line.slice(at, to).repeat(1 + below(4)) + line.slice(to)
        break
      default: {
        // A whole value, so that more lines stay well formed and reach further in.
        const values = [...line.matchAll(/(?<=[:,\t[])("[^"\t]*"|[^\t",:{}[\]]+)(?=[\t,}\]]|$)/g)]
        const value = values.length > 0 ? pick(values) : undefined
        if (value === undefined) break
        const quote = value[0].startsWith('"') ? '"' : ''
        line = `${line.slice(0, value.index)}${quote}${pick(TOKENS)}${quote}${line.slice(value.index + value[0].length)}`
      }
    }
  }
  return line.slice(0, 20_000)
}
