import { macSourceOf } from '../sources/choice.ts'

/** By CODE source. */
const IS_MAC = Uint8Array.from({ length: 256 }, (_, source) =>
  macSourceOf(source) === undefined ? 0 : 1,
)

/** Whether a record of a Mac's sources is among them. On Linux each record passes here. */
export function hasMacSource({ buffer, byteOffset, length }: Uint8Array): boolean {
  const words = new Uint32Array(buffer, byteOffset, length >>> 2)
  for (let w = 0; w < words.length; w += (words[w] as number) >>> 2)
    if (IS_MAC[((words[w + 1] as number) >>> 16) & 0xff] === 1) return true
  return false
}
