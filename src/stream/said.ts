import { brief } from '../printable.ts'

/** What a peer says may end up on a terminal and in a log. */
export const said = (text: string): string => brief(text.trim(), 200)
