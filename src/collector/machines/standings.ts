// What the store has to know of the registry: who pays for what is kept of a device, and whose goes.
import type { DepartedNews, EnrolledDevice } from '../fleet/fleet.ts'
import type { Standings } from '../store/store.ts'

export type StandingsNews = {
  /** What is new since the last call of `done`; undefined: nothing. */
  due(): Standings | undefined
  /** The store knows it. */
  done(standings: Standings): void
}

/** The store has an admitted device pay for itself. */
const ITSELF = -1
/** Of a device that came by no token. */
const BY_NONE = 0

/** `isHeard`: the device has connected at some time, so that the store knows it. `departed`: who was forgotten for newer ones. */
export function createStandings(
  devices: () => readonly EnrolledDevice[],
  isHeard: (deviceId: string) => boolean,
  departed: DepartedNews,
): StandingsNews {
  const said = new Map<string, number>()

  return {
    due() {
      const standings: Standings = { admitted: [], waiting: [], forgotten: departed.due() }
      const known = new Set<string>()
      for (const { id, standing, token = BY_NONE } of devices()) {
        known.add(id)
        if (!isHeard(id)) continue
        // Who is thrown out stays what he was.
        if (standing === 'active' && said.get(id) !== ITSELF) standings.admitted.push(id)
        // One that comes again by another token pays with those of that.
        const was = said.get(id)
        if (standing === 'quarantined' && was !== ITSELF && was !== token)
          standings.waiting.push({ id, token })
      }
      for (const id of said.keys()) if (!known.has(id)) said.delete(id)
      return Object.values(standings).some((ids) => ids.length > 0) ? standings : undefined
    },
    done({ admitted, waiting, forgotten: gone }) {
      for (const id of admitted) said.set(id, ITSELF)
      for (const { id, token } of waiting) said.set(id, token)
      if (gone.length > 0) departed.told(gone)
    },
  }
}
