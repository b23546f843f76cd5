// Kinds of legitimate programs as a table: what one of them sends in a day. Sizes and counts are made up, wide on purpose, and
// said to be: recordings of real programs stand beside them (workloads.ts). A range is drawn from evenly in its logarithm.

export type Range = readonly [least: number, most: number]

export type Kind = {
  name: string
  /** Share of machines that have it. */
  presence: number
  /** Of a working day. */
  sessions: Range
  flows: Range
  out: Range
  in: Range
  overMs: Range
  /** Registered domains it talks to. */
  domains: number
  protocol: 6 | 17
  /** The share of its flows that are uploads, and what those are. */
  uploads?: { share: number; out: Range; in: Range }
  /** It may keep what others send to as well: the cloud store that many share. */
  isShared?: boolean
  /** Comes with the system. */
  isPlatform?: boolean
}

const KB = 1_000
const MB = 1_000 * KB
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

const kind = (name: string, rest: Omit<Kind, 'name' | 'protocol' | 'domains'> & Partial<Kind>) => ({
  ...{ name, protocol: 6 as const, domains: 1 },
  ...rest,
})

const SHORT: Range = [SECOND_MS, 40 * SECOND_MS]
const LONG: Range = [MINUTE_MS, 20 * MINUTE_MS]

export const KINDS: readonly Kind[] = [
  kind('browser', {
    ...{ presence: 1, sessions: [20, 80], flows: [2, 8], domains: 40, overMs: SHORT },
    ...{ out: [2 * KB, 60 * KB], in: [20 * KB, 3 * MB] },
    uploads: { share: 0.01, out: [200 * KB, 8 * MB], in: [2 * KB, 10 * KB] },
  }),
  kind('mail', {
    ...{ presence: 0.9, sessions: [20, 60], flows: [1, 2], domains: 2, overMs: SHORT },
    ...{ out: [KB, 6 * KB], in: [5 * KB, 80 * KB] },
    uploads: { share: 0.04, out: [200 * KB, 6 * MB], in: [3 * KB, 6 * KB] },
  }),
  kind('chat', {
    ...{ presence: 0.9, sessions: [30, 120], flows: [1, 2], domains: 2, overMs: SHORT },
    ...{ out: [KB, 10 * KB], in: [4 * KB, 40 * KB] },
    uploads: { share: 0.03, out: [100 * KB, 20 * MB], in: [3 * KB, 8 * KB] },
  }),
  kind('sync', {
    ...{ presence: 0.8, sessions: [10, 50], flows: [1, 4], overMs: SHORT, isShared: true },
    ...{ out: [5 * KB, 3 * MB], in: [4 * KB, 60 * KB] },
  }),
  kind('backup', {
    ...{ presence: 0.5, sessions: [1, 3], flows: [1, 8], overMs: LONG },
    ...{ out: [20 * MB, 1_500 * MB], in: [20 * KB, MB] },
  }),
  kind('photo-upload', {
    ...{ presence: 0.4, sessions: [1, 3], flows: [1, 10], overMs: SHORT, isShared: true },
    ...{ out: [2 * MB, 15 * MB], in: [3 * KB, 8 * KB] },
  }),
  kind('version-control', {
    ...{ presence: 0.5, sessions: [5, 40], flows: [1, 1], overMs: SHORT },
    ...{ out: [5 * KB, 60 * KB], in: [20 * KB, 20 * MB] },
    uploads: { share: 0.15, out: [50 * KB, 5 * MB], in: [3 * KB, 6 * KB] },
  }),
  kind('package-manager', {
    ...{ presence: 0.5, sessions: [1, 6], flows: [3, 30], domains: 2, overMs: SHORT },
    ...{ out: [KB, 8 * KB], in: [50 * KB, 30 * MB] },
  }),
  kind('installer', {
    ...{ presence: 0.5, sessions: [1, 3], flows: [1, 2], overMs: LONG },
    ...{ out: [2 * KB, 200 * KB], in: [20 * MB, 400 * MB] },
  }),
  kind('conferencing', {
    ...{ presence: 0.7, sessions: [1, 6], flows: [1, 2], overMs: LONG, protocol: 17 },
    ...{ out: [20 * MB, 300 * MB], in: [15 * MB, 350 * MB] },
    uploads: { share: 0.4, out: [200 * KB, 2 * MB], in: [6 * KB, 12 * KB] },
  }),
  kind('telemetry', {
    ...{ presence: 0.9, sessions: [12, 48], flows: [1, 1], overMs: SHORT },
    ...{ out: [2 * KB, 60 * KB], in: [KB, 6 * KB] },
  }),
  kind('crash-report', {
    ...{ presence: 0.3, sessions: [1, 2], flows: [1, 1], overMs: SHORT },
    ...{ out: [300 * KB, 8 * MB], in: [4 * KB, 9 * KB] },
  }),
  kind('remote-support', {
    ...{ presence: 0.15, sessions: [1, 2], flows: [1, 1], overMs: LONG },
    ...{ out: [20 * MB, 400 * MB], in: [2 * MB, 30 * MB] },
  }),
  kind('ci-artifacts', {
    ...{ presence: 0.2, sessions: [4, 20], flows: [1, 3], overMs: SHORT, isShared: true },
    ...{ out: [MB, 80 * MB], in: [3 * KB, 9 * KB] },
  }),
  kind('screen-recording', {
    ...{ presence: 0.15, sessions: [1, 2], flows: [1, 1], overMs: LONG },
    ...{ out: [30 * MB, 500 * MB], in: [6 * KB, 30 * KB] },
  }),
  kind('vpn', {
    ...{ presence: 0.3, sessions: [1, 3], flows: [1, 1], overMs: LONG, protocol: 17 },
    ...{ out: [20 * MB, 200 * MB], in: [80 * MB, 1_500 * MB] },
  }),
  kind('streaming', {
    ...{ presence: 0.5, sessions: [3, 20], flows: [1, 5], domains: 2, overMs: LONG },
    ...{ out: [2 * KB, 20 * KB], in: [3 * MB, 60 * MB] },
  }),
  kind('object-store', {
    ...{ presence: 0.3, sessions: [2, 10], flows: [1, 6], overMs: SHORT, isShared: true },
    ...{ out: [500 * KB, 60 * MB], in: [3 * KB, 8 * KB] },
  }),
  kind('torrent', {
    ...{ presence: 0.05, sessions: [1, 2], flows: [10, 40], domains: 30, overMs: LONG },
    ...{ out: [KB, 30 * MB], in: [10 * KB, 60 * MB] },
  }),
  kind('system-cloud', {
    ...{ presence: 1, sessions: [6, 24], flows: [1, 3], overMs: SHORT, isPlatform: true },
    ...{ out: [20 * KB, 6 * MB], in: [5 * KB, 90 * KB] },
  }),
  kind('system-services', {
    ...{ presence: 1, sessions: [20, 60], flows: [1, 2], overMs: SHORT, isPlatform: true },
    ...{ out: [500, 4 * KB], in: [3 * KB, 30 * KB], domains: 3 },
  }),
]
