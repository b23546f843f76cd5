// Policies on one connection: what was sent, so that nothing goes twice. Nothing here waits for items.
import type { PolicyPush, PolicyReport } from '../../stream/message.ts'

/** What the gateway asks of who has the policies. */
export type PolicySource = {
  /** All that holds for the device now, and what tells it from all else that may. */
  holdFor(deviceId: string): { push: PolicyPush; mark: string }
  noteSaid(deviceId: string, report: PolicyReport): void
}

export class PolicyLane {
  readonly #source: PolicySource
  readonly #deviceId: string
  readonly #send: (push: PolicyPush) => void
  #sent = ''

  constructor(source: PolicySource, deviceId: string, send: (push: PolicyPush) => void) {
    this.#source = source
    this.#deviceId = deviceId
    this.#send = send
  }

  /** Sends what holds, unless it was sent on this connection. Returns how many documents; undefined: it was not sent. */
  push(): number | undefined {
    const { push, mark } = this.#source.holdFor(this.#deviceId)
    if (mark === this.#sent) return undefined
    this.#sent = mark
    this.#send(push)
    return push.documents.length
  }

  take(report: PolicyReport): void {
    this.#source.noteSaid(this.#deviceId, report)
  }
}
