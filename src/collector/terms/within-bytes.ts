// A part of a list that is no larger than it may be.

/** As many of `rows`, from the first on, as have `bytesMax` together in JSON; at least one where there is one. */
export function withinBytes<Row>(rows: readonly Row[], bytesMax: number): Row[] {
  let bytes = 0
  const end = rows.findIndex((row) => {
    bytes += Buffer.byteLength(JSON.stringify(row)) + 1
    return bytes > bytesMax
  })
  return rows.slice(0, end === -1 ? rows.length : Math.max(1, end))
}
