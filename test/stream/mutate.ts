// What may become of a message on its way: cut off, or one byte more or another.
import fc from 'fast-check'

export type Mutation = { at: number; byte: number; kind: number }

export const mutation = fc.record({
  at: fc.nat(),
  byte: fc.nat({ max: 255 }),
  kind: fc.nat({ max: 3 }),
})

export function mutate(frame: Uint8Array, { at, byte, kind }: Mutation) {
  const where = at % (frame.length + 1)
  if (kind === 0) return frame.subarray(0, where)
  if (kind === 1)
    return Uint8Array.from([...frame.subarray(0, where), byte, ...frame.subarray(where)])
  const changed = Uint8Array.from(frame)
  if (where < frame.length) changed[where] = kind === 2 ? byte : changed[where]! ^ (1 << (byte & 7))
  return changed
}
