// What tables of a report say with figures: shares and rates with their intervals, sizes, times.
import type { Rate } from './rates.ts'
import type { DetectorReport, Installs, Share, Spent } from './report.ts'
import type { Area } from './statistics.ts'

export type Table = { title: string; about: string; heads: string[]; rows: string[][] }

const MIB = 1_048_576

/** Per cent with Wilson's interval and what it is of. */
export const percent = ({ found, of, low, high }: Share): string =>
  of === 0
    ? '-'
    : `${Math.round((100 * found) / of)} % (${Math.round(100 * low)}-${Math.round(100 * high)}; ${found}/${of})`

/** So many a host-day with the interval and what it is of. */
export const rateText = ({ perDay, low, high, found, of }: Rate, digits = 2): string =>
  `${perDay.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)}; ${found}/${of})`

export const areaText = (area: Area | undefined): string =>
  area === undefined
    ? '-'
    : `${area.area.toFixed(2)} (${area.low.toFixed(2)}-${area.high.toFixed(2)}; ${area.above}, ${area.below})`

export const plain = (share: Share | undefined): string =>
  share === undefined || share.of === 0 ? '-' : `${Math.round((100 * share.found) / share.of)}`

export const sizeOf = (bytes: number | undefined): string =>
  bytes === undefined
    ? 'none'
    : bytes >= 1_024 * MIB
      ? `${bytes / (1_024 * MIB)} GiB`
      : bytes >= MIB
        ? `${Number((bytes / MIB).toPrecision(3))} MiB`
        : `${Number((bytes / 1_024).toPrecision(3))} KiB`

export const timeOf = (ms: number | undefined): string =>
  ms === undefined
    ? '-'
    : ms < 120_000
      ? `${(ms / 1_000).toFixed(0)} s`
      : ms < 7_200_000
        ? `${(ms / 60_000).toFixed(0)} min`
        : `${(ms / 3_600_000).toFixed(1)} h`

/** Their mean count: of one program there may be three. */
export const alertsAnInstall = ({ alerts, of }: Installs): string =>
  of === 0 ? '-' : (alerts / of).toFixed(2)

export const dayText = (rate: Rate | undefined): string =>
  rate === undefined ? '-' : rateText(rate)
export const at = ({ spent }: DetectorReport, budget: Spent['budget']): Spent | undefined =>
  spent.find((one) => one.budget === budget)
