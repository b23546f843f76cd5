// What the collector counts since it started. Every refusal and every drop has a name here.

const NAMES = [
  // The door: connections that say nothing TLS can begin with, not in time, more than that, or leave before they have.
  'doorNotTls',
  'doorHelloMalformed',
  'doorHelloLate',
  'doorHelloMore',
  'doorLeft',
  // There was no place, for agents, for people, or for who had not said which; or no turn in time, as too many came at once.
  'doorFullAgents',
  'doorFullPeople',
  'doorFullWaiting',
  'doorTurnLate',
  // Handshakes that came to nothing: TLS before 1.3, a peer that does not trust the certificate, too slow, slow while others wait, cut off, else.
  'doorTlsOld',
  'doorTlsUntrusted',
  'doorTlsLate',
  'doorTlsStale',
  'doorTlsLost',
  'doorTlsFailed',
  // Agents that came with a certificate which is not let in, or with none.
  'doorRefused',
  // Handed on.
  'doorAgents',
  'doorPeople',
  // Connections of agents.
  'agentsAccepted',
  // Of one device more connections than may be without a Welcome: its oldest gave way.
  'agentsUnwelcomedMany',
  'agentsRefusedPath',
  'agentsRefusedPlain',
  'agentsRefusedPeer',
  'agentsRefusedProtocol',
  'agentsRefusedLimit',
  'agentsRefusedRate',
  'agentsRefusedStopping',
  'agentsClosedText',
  'agentsClosedMalformed',
  'agentsClosedUnexpected',
  'agentsClosedOversized',
  'agentsClosedProtocol',
  'agentsClosedFragments',
  'agentsClosedInflated',
  // A message did not end in time, or those of all that had begun held too much.
  'agentsClosedUnfinished',
  'agentsClosedRate',
  'agentsClosedNoHello',
  'agentsClosedSilent',
  'agentsClosedCredit',
  'agentsClosedLeap',
  'agentsClosedSlow',
  'agentsClosedReplaced',
  'agentsClosedTaken',
  'agentsClosedOtherDevice',
  'agentsClosedRevoked',
  'agentsClosedRetired',
  'agentsClosedStore',
  'agentsClosedFault',
  'agentsClosedStopping',
  // Enrolment.
  'enrolled',
  'renewed',
  'renewRefused',
  'enrolRefusedToken',
  'enrolRefusedKnown',
  'enrolRefusedFull',
  'enrolRefusedMalformed',
  'enrolRefusedRate',
  'enrolFailed',
  // Machines that came by the certificate of another, those of them that became devices of their own, and those that may not.
  'clonesFound',
  // More than are told apart of a device that nobody has admitted, or of those of its token.
  'clonesUntold',
  'reenrolled',
  /** Quarantined devices that were not there, for which newer ones of their token came. */
  'quarantinedForgotten',
  'reenrolRefused',
  // They left by themselves, or were cut off.
  'agentsLeft',
  'agentsLost',
  // What they sent.
  'frames',
  'frameBytes',
  'framesUnknown',
  'framesAfterClose',
  'batchesPacked',
  'batchesAhead',
  'heartbeats',
  'policiesSent',
  'policiesSaid',
  // What a device said of them was more than is kept of it.
  'policyReportsCut',
  'policiesRefused',
  'policiesEnded',
  'itemsStored',
  'itemsDuplicate',
  'itemsRejected',
  'pauses',
  // Memory was given back after many had left.
  'heapTrims',
  // What the store did not keep of a device that sent more than is kept of one.
  'itemsOverBudget',
  // What was kept beside alerts and gave way to newer, or to what others have: sightings, hours, health events, ids.
  'rowsGaveWay',
  // What retention dropped.
  'segmentsDropped',
  'revisionsDropped',
  // Pages.
  'connectionsDropped',
  'headersLate',
  'headersMalformed',
  'requests',
  'requestsRefusedHost',
  'requestsRefusedOrigin',
  'requestsUnauthorized',
  // Of these, beyond the bounds on wrong keys.
  'requestsWrongKeys',
  'requestsFailed',
  'pagesRefused',
  'pagesBehind',
  'pagesResumed',
  'triaged',
  'triageRefused',
  'devicesChanged',
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
