// What a collector has, by the rows of its store: nothing that it or its agents say of themselves.
import { DatabaseSync } from 'node:sqlite'

/** `items`: each once, however often it came. `alerts`: their revisions. Of a store that nobody cleans meanwhile. */
export function storedIn(path: string): { items: number; alerts: number } {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const count = (table: string) =>
      Number(db.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows'])
    const segments = db.prepare('SELECT n FROM segment').all()
    return {
      items: count('item'),
      alerts: segments.reduce((sum, { n }) => sum + count(`revision_${n}`), 0),
    }
  } finally {
    db.close()
  }
}
