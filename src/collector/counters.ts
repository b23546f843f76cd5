// What the collector counts since it started. Every refusal and every drop has a name here.

const NAMES = [
  // Connections of agents.
  'agentsAccepted',
  'agentsRefusedPath',
  'agentsRefusedHost',
  'agentsRefusedOrigin',
  'agentsRefusedToken',
  'agentsRefusedProtocol',
  'agentsRefusedLimit',
  'agentsRefusedRate',
  'agentsClosedText',
  'agentsClosedMalformed',
  'agentsClosedUnexpected',
  'agentsClosedOversized',
  'agentsClosedProtocol',
  'agentsClosedNoHello',
  'agentsClosedSilent',
  'agentsClosedCredit',
  'agentsClosedSlow',
  'agentsClosedReplaced',
  'agentsClosedStore',
  'agentsClosedFault',
  'agentsClosedStopping',
  // What they sent.
  'frames',
  'frameBytes',
  'framesUnknown',
  'framesAfterClose',
  'itemsStored',
  'itemsDuplicate',
  'itemsRejected',
  'pauses',
  // What retention dropped.
  'segmentsDropped',
  'revisionsDropped',
  // Pages.
  'connectionsDropped',
  'requests',
  'requestsRefusedHost',
  'requestsRefusedOrigin',
  'requestsUnauthorized',
  'requestsFailed',
  'sessionsOpened',
  'sessionsEvicted',
  'pagesRefused',
  'pagesBehind',
] as const

export type CounterName = (typeof NAMES)[number]
export type Counts = Record<CounterName, number>

export class Counters {
  readonly #counts = Object.fromEntries(NAMES.map((name) => [name, 0])) as Counts

  add(name: CounterName, by = 1): void {
    this.#counts[name] += by
  }

  read(): Counts {
    return { ...this.#counts }
  }
}
