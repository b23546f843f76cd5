// Internet addresses as the records have them: 16 bytes, IPv4 as ::ffff:a.b.c.d.

/** A block of addresses: the first `bits` bits of `address` (16 bytes) are the block's. */
export type Cidr = { address: Uint8Array; bits: number; text: string }

/** Whether the 16 bytes are an IPv4 address (RFC 4291 section 2.5.5.2). */
export function isIpv4(address: Uint8Array): boolean {
  for (let i = 0; i < 10; i++) if (address[i] !== 0) return false
  return address[10] === 0xff && address[11] === 0xff
}

/** 64:ff9b::/96 (RFC 6052): IPv4 behind a NAT64, as a network without IPv4 gives its hosts. */
const NAT64 = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]

/** The IPv4 address that stands behind one of NAT64, as ::ffff:a.b.c.d; undefined of all others. */
export function behindNat64(address: Uint8Array): Uint8Array | undefined {
  if (address[3] !== 0x9b || NAT64.some((byte, i) => address[i] !== byte)) return undefined
  return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...address.subarray(12)])
}

/** `192.0.2.7`, or IPv6 in the form of RFC 5952. */
export function formatAddress(address: Uint8Array): string {
  if (isIpv4(address)) return `${address[12]}.${address[13]}.${address[14]}.${address[15]}`
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2)
    groups.push(((address[i] as number) << 8) | (address[i + 1] as number))
  let best = -1
  let bestLength = 1
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && groups[to] === 0) to++
    if (to - from > bestLength) {
      best = from
      bestLength = to - from
    }
  }
  const hex = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return best < 0 ? hex(0, 8) : `${hex(0, best)}::${hex(best + bestLength, 8)}`
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  const bytes: number[] = []
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    bytes.push(Number(part))
  }
  return bytes
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const bytes: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (part.includes('.')) {
      const tail = index === parts.length - 1 ? parseIpv4(part) : undefined
      if (tail === undefined) return undefined
      bytes.push(...tail)
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined
      const group = Number.parseInt(part, 16)
      bytes.push(group >> 8, group & 0xff)
    }
  }
  return bytes
}

/** The 16 bytes of an address as text, or undefined when it is not one (zones and leading zeros are not). */
export function parseAddress(text: string): Uint8Array | undefined {
  const v4 = parseIpv4(text)
  if (v4) return Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...v4])
  if (!text.includes(':')) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] as string)
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : []
  if (head === undefined || tail === undefined) return undefined
  const gap = 16 - head.length - tail.length
  if (halves.length === 2 ? gap < 2 : gap !== 0) return undefined
  return Uint8Array.from([...head, ...new Array<number>(gap).fill(0), ...tail])
}

/** `10.0.0.0/8`, `fd00::/8` or one address; undefined when it is none of these. */
export function parseCidr(text: string): Cidr | undefined {
  const [addressText = '', bitsText, ...more] = text.split('/')
  const address = parseAddress(addressText)
  if (address === undefined || more.length > 0) return undefined
  const base = addressText.includes(':') ? 0 : 96
  if (bitsText === undefined) return { address, bits: 128, text }
  if (!/^(0|[1-9][0-9]{0,2})$/.test(bitsText)) return undefined
  const bits = base + Number(bitsText)
  return bits > 128 ? undefined : { address, bits, text }
}

/** Whether `address` (16 bytes) lies in the block. */
export function cidrHas(cidr: Cidr, address: Uint8Array): boolean {
  const whole = cidr.bits >> 3
  for (let i = 0; i < whole; i++) if (address[i] !== cidr.address[i]) return false
  const rest = cidr.bits & 7
  if (rest === 0) return true
  const mask = 0xff & (0xff << (8 - rest))
  return ((address[whole] as number) & mask) === ((cidr.address[whole] as number) & mask)
}
