// What an engine leaves to the next one of the same boot: so that hourly summaries say each byte once, what its open flows
// had moved, and what its pairs had moved and not said; and what running processes were known to run.
import type { UnixNs } from '../units.ts'

/** A flow with what of its counters is in the numbers of its pair, and so said or in a CarriedPair. */
export type CarriedFlow = {
  idLow: number
  idHigh: number
  epoch: number
  bytesOut: number
  bytesIn: number
  /** Its counters when the process that has it now took it over; 0 when it had it from the first. */
  sinceOut: number
  sinceIn: number
}

/** What a pair moved in the hour at `hourAt` and has not said. */
export type CarriedPair = {
  identityKey: string
  destinationKey: string
  hourAt: UnixNs
  /** What the engine wants back of the destination, as JSON of its own making. */
  destination: string
  bytesOut: number
  bytesIn: number
  flows: number
  largestFlowOut: number
}

/** The script of a process, and who said so. */
export type CarriedScript = {
  path: string
  dev: bigint
  ino: bigint
  /** CODE script; -1 in a file of a version that did not keep it. */
  from: number
  /** As its process said, where the kernel could have told. */
  isClaimed: boolean
}

/** A process that runs, and what it was known to run. */
export type CarriedProcess = {
  pid: number
  /** Since boot: a time at which it was there. One that began later is another of its pid. */
  beganNs: bigint
  /** Of the program file; 0: not known. */
  dev: bigint
  ino: bigint
  path: string
  /** FLAG exec path_guessed, exe_set, exe_unconfirmed; more of the engine's own (running.ts). */
  doubts: number
  script: CarriedScript
  /** Whom it acts for as one that was given a connection, as JSON of the engine's own making; empty: nobody. */
  madeFor: string
}

/** Puts are gathered until the baseline's commit, like all others; what is read is what was there when it was opened, and since. */
export type Carried = {
  /** Of which boot the flows are: 60 bits of its id; undefined when nothing was ever carried. */
  boot(): bigint | undefined
  setBoot(boot: bigint): void
  flows(): Iterable<CarriedFlow>
  putFlow(flow: CarriedFlow): void
  dropFlow(idLow: number, idHigh: number, epoch: number): void
  pairs(): Iterable<CarriedPair>
  putPair(pair: CarriedPair): void
  dropPair(identityKey: string, destinationKey: string): void
  processes(): Iterable<CarriedProcess>
  putProcess(process: CarriedProcess): void
  dropProcess(pid: number): void
  clear(): void
}

/** No key has a NUL. */
export const carriedPairKey = (identityKey: string, destinationKey: string): string =>
  `${identityKey}\0${destinationKey}`
export const carriedFlowKey = (idLow: number, idHigh: number, epoch: number): string =>
  `${idHigh}.${idLow}.${epoch}`

/** In memory alone. */
export function createCarriedMemory(): Carried {
  const flows = new Map<string, CarriedFlow>()
  const pairs = new Map<string, CarriedPair>()
  const processes = new Map<number, CarriedProcess>()
  let boot: bigint | undefined
  return {
    boot: () => boot,
    setBoot(value) {
      boot = value
    },
    flows: () => [...flows.values()],
    putFlow(flow) {
      flows.set(carriedFlowKey(flow.idLow, flow.idHigh, flow.epoch), { ...flow })
    },
    dropFlow(idLow, idHigh, epoch) {
      flows.delete(carriedFlowKey(idLow, idHigh, epoch))
    },
    pairs: () => [...pairs.values()],
    putPair(pair) {
      pairs.set(carriedPairKey(pair.identityKey, pair.destinationKey), { ...pair })
    },
    dropPair(identityKey, destinationKey) {
      pairs.delete(carriedPairKey(identityKey, destinationKey))
    },
    processes: () => [...processes.values()],
    putProcess: (process) => void processes.set(process.pid, process),
    dropProcess: (pid) => void processes.delete(pid),
    clear() {
      flows.clear()
      pairs.clear()
      processes.clear()
    },
  }
}
