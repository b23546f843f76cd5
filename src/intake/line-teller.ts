// What reads the lines of one program of the system.

export type LineTeller = {
  /** Tells what a line says that came at `cameNs` since boot. Throws MalformedLine, having told nothing. */
  line(text: string, cameNs: bigint): void
}

/** What a reader of lines has to know of the rest. */
export type Surroundings = {
  /** Wall clock minus time since boot, ns; undefined before the first mark. */
  offsetNs(): bigint | undefined
  /** Whether the list of processes has been told whole. */
  hasLooked(): boolean
}
