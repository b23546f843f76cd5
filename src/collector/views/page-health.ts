// Health events, as the page and the API say them. A part of page-api.ts, by which others have it. Times are as there.

export type HealthAbout = 'flows' | 'programs' | 'told'
export type HealthInfo = {
  deviceId: string
  /** When it was, or was so last. */
  at: string
  /** When the collector had it. Absent: it is told as it comes. */
  storedAt?: string
  kind: string
  text: string
  count: number
  /** From when on it may have been so. */
  since?: string
  /** What it weakens: figures, or what is known of programs; told: only flows that say so themselves. Absent: all, or not known. */
  about?: HealthAbout
  /** Keys of the programs that it is of alone, one empty where more are not named. Absent: of the whole machine. */
  programs?: string[]
}
