// What a bench says: rows of a table, one figure each.

export type Row = {
  /** Begins with its area: engine, filter, agent, delivery, collector, detect, page. */
  name: string
  value: number
  /** Of `value`: "records/s", "ms", "MB" ... */
  unit: string
  /** What it is held against in the same run, or why that could not be run. */
  rival?: string
  /** `value` over the rival's; absent when the rival could not be run. */
  ratio?: number
  /** What docs call enough, as text. */
  target?: string
  met?: boolean
}

/** One bench; `name` is what `--only` matches from its beginning. It throws when it cannot measure. */
export type Bench = { name: string; run(): Promise<Row[]> }
