// Which layouts of records this program reads: its own, and those whose records lie as its own do.
import { LAYOUT } from './record.gen.ts'

/** A record that came whole, with its codes: of before there are none. */
const ORIGIN: readonly string[] = ['RECORD(origin,', 'CODE(origin,']

/**
 * Each with how the lines of native/record.def begin that came since: flags, codes and whole records alone
 * (test/project/generated.test.ts).
 */
export const EARLIER_LAYOUTS: ReadonlyMap<number, readonly string[]> = new Map([
  [
    0xe95c999d,
    [
      'FLAG(flow, in_about,',
      'FLAG(exec, exe_set,',
      'FLAG(exec, exe_unconfirmed,',
      'FLAG(exec, other_code,',
      'FLAG(exec, exe_confirmed,',
      ...ORIGIN,
    ],
  ],
  [
    0x200b57df,
    [
      'FLAG(exec, exe_set,',
      'FLAG(exec, exe_unconfirmed,',
      'FLAG(exec, other_code,',
      'FLAG(exec, exe_confirmed,',
      ...ORIGIN,
    ],
  ],
  [0x5ce1acd6, ['FLAG(exec, other_code,', 'FLAG(exec, exe_confirmed,', ...ORIGIN]],
  [0xdd59f122, ['FLAG(exec, exe_confirmed,', ...ORIGIN]],
  [0x6e21954b, ORIGIN],
])

export const isReadable = (layout: number): boolean =>
  layout === LAYOUT || EARLIER_LAYOUTS.has(layout)
