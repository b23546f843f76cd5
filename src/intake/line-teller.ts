// What reads the lines of one program of the system.

export type LineTeller = {
  /**
   * Tells what a line says that came at `cameNs` since boot. Throws MalformedLine, having told nothing of it, also of the
   * line before, where only this one shows that it was none, and UnreadableOutput where nothing that comes can be understood.
   */
  line(text: string, cameNs: bigint): void
  /**
   * The program was started, at this time since boot: what came before was another's. Of one that is read already, all
   * that there is is to be told again.
   */
  begin(atNs: bigint): void
  /** The program has ended, and prints nothing more: what waited for its next line is told. */
  end(): void
  /** Lines may be missing here: so many that were counted, which is told; 0: nobody counted them. */
  lost(lines: number): void
}

/** What the program prints has another form than the one that is known. The message is a clause for a person. */
export class UnreadableOutput extends Error {
  override readonly name = 'UnreadableOutput'
}

/** What a reader of lines has to know of the rest. */
export type Surroundings = {
  /** Wall clock minus time since boot, ns; undefined before the first mark. */
  offsetNs(): bigint | undefined
  /** Whether the list of processes has been told whole. */
  hasLooked(): boolean
}
