// Mach-O files for tests.

export const ARM64 = 0x0100000c
export const X86_64 = 0x01000007

/** A Mach-O image of nothing but load commands. */
export function image({
  cpu = ARM64,
  type = 8,
  minimum = 0x000d0500,
  sdk = 0x000e0200,
  segments = [] as string[],
  isSigned = false,
} = {}): Buffer {
  const build = words(0x32, 24, 1, minimum, sdk, 0)
  const library = Buffer.concat([words(0xc, 48, 24, 0, 0, 0), text('/usr/lib/libbsm.0.dylib', 24)])
  const weak = Buffer.concat([words(0x80000018, 48, 24, 0, 0, 0), text('/opt/odd.dylib', 24)])
  const uuid = words(0x1b, 24, 1, 2, 3, 4)
  const segment = (name: string) =>
    Buffer.concat([words(0x19, 72), text(name, 16), Buffer.alloc(48)])
  const commands = [
    ...[uuid, build, library, weak],
    ...segments.map(segment),
    ...(isSigned ? [words(0x1d, 16, 0, 0)] : []),
  ]
  const bytes = commands.reduce((sum, command) => sum + command.length, 0)
  return Buffer.concat([words(0xfeedfacf, cpu, 0, type, commands.length, bytes, 0, 0), ...commands])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, index * 4)
  return bytes
}

const text = (value: string, length: number): Buffer => {
  const bytes = Buffer.alloc(length)
  bytes.write(value)
  return bytes
}

export function universal(...images: Buffer[]): Buffer {
  const head = Buffer.alloc(8 + images.length * 20)
  head.writeUInt32BE(0xcafebabe, 0)
  head.writeUInt32BE(images.length, 4)
  let offset = head.length
  for (const [index, one] of images.entries()) {
    head.writeUInt32BE(offset, 8 + index * 20 + 8)
    head.writeUInt32BE(one.length, 8 + index * 20 + 12)
    offset += one.length
  }
  return Buffer.concat([head, ...images])
}
