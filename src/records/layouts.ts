// Which layouts of records this program reads: its own, and those whose records lie as its own do.
import { LAYOUT } from './record.gen.ts'

/** Each with the lines of native/record.def that came since: flags and codes alone (test/project/generated.test.ts). */
export const EARLIER_LAYOUTS: ReadonlyMap<number, readonly string[]> = new Map([
  [
    0xe95c999d,
    [
      'FLAG(flow, in_about,',
      'FLAG(exec, exe_set,',
      'FLAG(exec, exe_unconfirmed,',
      'FLAG(exec, other_code,',
      'FLAG(exec, exe_confirmed,',
    ],
  ],
  [
    0x200b57df,
    [
      'FLAG(exec, exe_set,',
      'FLAG(exec, exe_unconfirmed,',
      'FLAG(exec, other_code,',
      'FLAG(exec, exe_confirmed,',
    ],
  ],
  [0x5ce1acd6, ['FLAG(exec, other_code,', 'FLAG(exec, exe_confirmed,']],
  [0xdd59f122, ['FLAG(exec, exe_confirmed,']],
])

export const isReadable = (layout: number): boolean =>
  layout === LAYOUT || EARLIER_LAYOUTS.has(layout)
