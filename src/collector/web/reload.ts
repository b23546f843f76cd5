// A list that is loaded anew each time that it is told to have more than is told one by one.

const AGAIN_FIRST_MS = 500
const AGAIN_MAX_MS = 10_000

export type Reload<Row> = {
  /** One load after another, however often it is asked; what comes while it loads, once more behind it. */
  ask(): void
  /** Of a row that was told by itself: it may be missing in an answer that is on its way. */
  told(row: Row): void
  /** The list was loaded in another way, or is wanted no more. */
  forget(): void
}

export function createReload<Answer, Row>(options: {
  get: () => Promise<Answer>
  put: (answer: Answer, meanwhile: readonly Row[]) => void
  /** As setTimeout. */
  later?: (act: () => void, ms: number) => unknown
}): Reload<Row> {
  const { get, put, later = setTimeout } = options
  /** undefined: none is under way. */
  let loading: { told: Row[]; isAskedAgain: boolean } | undefined
  let againMs = AGAIN_FIRST_MS

  const load = (): void => {
    const mine = { told: [] as Row[], isAskedAgain: false }
    loading = mine
    get().then(
      (answer) => {
        if (loading !== mine) return
        loading = undefined
        againMs = AGAIN_FIRST_MS
        put(answer, mine.told)
        if (mine.isAskedAgain) load()
      },
      // That the collector is not there the stream says too; that it had too much to do, nobody.
      () => {
        if (loading !== mine) return
        mine.told = []
        later(() => loading === mine && load(), againMs)
        againMs = Math.min(AGAIN_MAX_MS, againMs * 2)
      },
    )
  }
  return {
    ask() {
      if (loading) loading.isAskedAgain = true
      else load()
    },
    told: (row) => void loading?.told.push(row),
    forget() {
      loading = undefined
      againMs = AGAIN_FIRST_MS
    },
  }
}
