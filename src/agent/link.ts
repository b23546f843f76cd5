// This agent's way to its collector: by what it enrolled with, by the socket of a collector on this machine, or by settings
// that it enrols with itself.
import type { HostFacts } from '../host/machine.ts'
import type { PolicyTaker } from '../stream/policy-telling.ts'
import type { Queue } from '../stream/session-options.ts'
import { startUplink, type Uplink } from '../stream/uplink.ts'
import { deviceOf } from '../trust/vouching.ts'
import { VERSION } from '../version.ts'
import type { Wanted } from './enrolling.ts'
import { createEnrolment, type Enrolment } from './enrolment-file.ts'
import { type EnrollingPace, startEnrolling } from './first-enrolment.ts'
import { createSuccession } from './next-enrolment.ts'

export type CollectorOptions = {
  url: string
  enrolment?: Enrolment
  /** What settings say of it now, where this machine is not enrolled. Throws an Error with a sentence. */
  wanted?: () => Wanted
}

export type LinkOptions = {
  collector: CollectorOptions
  /** In place of the collector's: what waited is taken up by now. */
  enrolment: Enrolment | undefined
  deviceId: string
  hardware: string
  machine: HostFacts
  policies: PolicyTaker
  outbox: Queue
  signal: AbortSignal
  log: (text: string) => void
  /** By what it comes, before it does: by its settings, or by a command, it may have enrolled meanwhile, or again. */
  onEnrolled: (enrolment: Enrolment) => void
  pace?: EnrollingPace
}

/** REQUIRES: the agent's directory is the working directory. Never throws. */
export function startLink(options: LinkOptions): Uplink {
  const { collector, enrolment, deviceId, hardware, machine, policies } = options
  const { outbox, signal, log, onEnrolled, pace } = options
  const told = { hardware, agentVersion: VERSION, host: machine }
  const comingBy = (enrolment: Enrolment) => {
    const kept = createEnrolment('.', deviceOf(enrolment), enrolment, Date.now)
    const identity = () => {
      const found = kept.identity()
      onEnrolled(found)
      return found
    }
    return { ...kept, identity, ...createSuccession('.', enrolment, told) }
  }
  const uplinkBy = (enrolment: Enrolment | undefined): Uplink =>
    startUplink({
      url: enrolment?.collector ?? collector.url,
      hello: {
        ...{ agentVersion: VERSION, host: machine },
        // Of a disk that was copied to other hardware its certificate is still another's.
        deviceId: enrolment ? deviceOf(enrolment) : deviceId,
        ...(hardware === '' ? {} : { hardware }),
      },
      // Who has no certificate is in no group, and nobody's to send a policy to.
      policies: enrolment && policies,
      enrolment: enrolment && comingBy(enrolment),
      ...{ outbox, signal, log },
    })
  const { wanted } = collector
  if (enrolment || !wanted) return uplinkBy(enrolment)
  return startEnrolling({
    ...{ directory: '.', wanted, machine: { deviceId, ...told }, signal, log },
    ...(pace && { pace }),
    enrolled: uplinkBy,
  })
}
