// What a collector has beside for agents of other machines: its authority, the registry of devices, and the door they come by.
import { X509Certificate } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerOptions } from 'node:http'
import { hostname, networkInterfaces } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { commandThere } from '../hint.ts'
import { ENROLL_PATH } from '../stream/codec-enrol.ts'
import { Capability } from '../stream/message.ts'
import { createTrouble } from '../trouble.ts'
import { certificatesOf, derOf, fingerprintOf, pinOf } from '../trust/pin.ts'
import type { UnixNs } from '../units.ts'
import type { Fleet, Site } from './api/site.ts'
import { CollectorError } from './collector-error.ts'
import { createComplaint } from './complaint.ts'
import type { Counters } from './counters.ts'
import {
  type Address,
  type Door,
  openDoor,
  type Refusal,
  readMaterial,
  watchMaterial,
} from './door/door.ts'
import { type Authority, notePin, openAuthority } from './fleet/authority.ts'
import { createClones } from './fleet/clones.ts'
import { createEnrolment } from './fleet/enrolment.ts'
import { type FleetPolicies, openFleetPolicies } from './fleet/fleet-policies.ts'
import { createHeldNotes } from './fleet/held.ts'
import { noteLocal } from './fleet/local-ids.ts'
import { type EnrolledDevice, isRefused, Registry } from './fleet/registry.ts'
import { openRegistryFile, REGISTRY_FILE } from './fleet/registry-file.ts'
import { createRoster, enrolmentInfo, type Seen } from './fleet/roster.ts'
import { type Devices, deviceSilence } from './gateway/devices.ts'
import type { CertificateGiver, Claims, EnrolledOrigin, Gateway } from './gateway/gateway.ts'
import type { Limits } from './limits.ts'

export type MachinesOptions = {
  addresses: readonly Address[]
  /** What the collector is called by agents and browsers, names and addresses; empty: what this machine calls itself. */
  names: readonly string[]
  /** PEM files of an administrator's; undefined: the collector's own authority signs its certificate. */
  files?: { certFile: string; keyFile: string } | undefined
}

/** Before anybody comes. */
export type Machines = {
  certificates: CertificateGiver
  claims: Claims
  /** What is sent to enrolled devices, and what they said of it. */
  policies: FleetPolicies
  fleet: Fleet
  /** In lower case. */
  names: readonly string[]
  /** Of the authority that agents find the collector by. */
  pin: string
  /** Opens the door. Rejects with CollectorError. */
  serve(to: {
    gateway: Gateway
    site: Site
    devices: Devices
    server: ServerOptions
  }): Promise<Served>
  close(): void
}

export type Served = { addresses: readonly Address[]; close(): void; closeAll(): void }

const LOOK_MS = 1000
/** Certificates end by themselves, too. */
const REVIEW_LOOKS = 10
const TELL_LOOKS = 4000
/** Between two notes of when devices were heard of. */
const NOTE_MS = 60_000
const RENEW_LOOK_MS = 3_600_000

/** Rejects with CollectorError. */
export async function openMachines(
  stateDir: string,
  options: MachinesOptions,
  context: { limits: Limits; counters: Counters; now: () => UnixNs; log: (text: string) => void },
): Promise<Machines> {
  const { limits, counters, now, log } = context
  const nowMs = () => Number(now() / 1_000_000n)
  const authority = await openAuthority(stateDir, nowMs())
  const names = namesOf(options)
  const certificate = await ownCertificate(authority, names, options.files, nowMs)
  notePin(stateDir, certificate.givenPin)
  const database = openRegistryFile(join(stateDir, REGISTRY_FILE), log)
  const registry = new Registry(database)
  const clones = createClones(database, registry, { counters, complain: createComplaint(log) })
  const trusted = () => [...authority.trusted, ...certificate.authorities]
  const enrolment = createEnrolment({
    ...{ registry, clones, counters, limits, now, log },
    authority: {
      issue: authority.issue,
      get trusted() {
        return trusted()
      },
    },
  })
  const held = createHeldNotes(database)
  const policies = openFleetPolicies(stateDir, { registry, counters, now, log })
  const ends: (() => void)[] = []
  let review = () => {}

  return {
    policies,
    certificates: {
      ...{ renew: enrolment.renew, reenrol: enrolment.reenrol, noteHeld: held.note },
      authorities: () => trusted().map((one) => fingerprintOf(derOf(one))),
      orderFor: ({ deviceId, hardware = '', host: { bootId }, capabilities }) =>
        clones.orderFor(
          {
            ...{ deviceId, hardware, bootId },
            isCapable: (capabilities & Capability.reenrol) !== 0n,
          },
          now(),
        ),
    },
    claims: {
      isEnrolled: (id) => (registry.device(id)?.standing ?? 'revoked') !== 'revoked',
      noteLocal(id) {
        try {
          noteLocal(database, id, now())
        } catch (cause) {
          log(
            `that device ${id} is of this machine is not noted, and another may enrol as it: ${(cause as Error).message}`,
          )
        }
      },
    },
    names: names.map((name) => name.toLowerCase()),
    get pin() {
      return certificate.givenPin ?? authority.pin
    },
    fleet: {
      enrolmentOf(id) {
        const device = registry.device(id)
        return device && enrolmentInfo(device)
      },
      change(id, to) {
        registry.refresh()
        const isThere = registry.change(id, to)
        if (to.standing === 'revoked') review()
        return isThere
      },
    },
    async serve({ gateway, site, devices, server }) {
      const origins = new WeakMap<object, EnrolledOrigin>()
      const originOf = (request: IncomingMessage) => origins.get(request.socket) as EnrolledOrigin
      /** A connection that goes on may be of a device that was revoked since its handshake. */
      const isGood = (request: IncomingMessage): boolean =>
        !isRefused(registry.judge(originOf(request).fingerprint, now()))
      // Known by their certificates, and slow where all come at once.
      const patient = {
        ...server,
        ...{ headersTimeout: limits.handshakeMs, requestTimeout: 2 * limits.handshakeMs },
      }
      const agents = createServer(patient, (request, response) => {
        if (!isGood(request)) request.socket.destroy()
        else if (pathOf(request) === ENROLL_PATH)
          enrolment.answer(request, response, originOf(request).deviceId)
        else response.writeHead(404).end()
      })
      agents.on('clientError', (_error, socket) => socket.destroy())
      agents.on('upgrade', (request, socket, head) => {
        if (isGood(request)) gateway.upgradeEnrolled(request, socket, head, originOf(request))
        else socket.destroy()
      })
      const people = createServer(server, (request, response) => {
        if (pathOf(request) === ENROLL_PATH) enrolment.answer(request, response, undefined)
        else site.listener(request, response)
      })
      people.on('clientError', site.onClientError)

      const judge = (socket: TLSSocket): Refusal | undefined => {
        const shown = socket.getPeerX509Certificate()
        const fingerprint = shown && fingerprintOf(shown.raw)
        let judged = registry.judge(fingerprint, now())
        // An administrator may have let it in, in this very second.
        if (isRefused(judged) && registry.refresh()) judged = registry.judge(fingerprint, now())
        if (isRefused(judged)) return judged
        const why = shown && reasonAgainst(socket)
        if (why) return why
        origins.set(socket, {
          ...{ deviceId: judged.id, fingerprint: fingerprint as string },
          isQuarantined: judged.standing === 'quarantined',
        })
        return undefined
      }
      const material = (of: { cert: string; key: string }) => ({
        ...{ cert: of.cert, key: of.key },
        clientAuthorities: authority.trusted,
      })
      const door: Door = await openDoor({
        ...{ addresses: options.addresses, limits, counters, log, judge, agents, people },
        material: material(certificate),
      })
      review = () =>
        gateway.review((fingerprint) => {
          const judged = registry.judge(fingerprint, now())
          return isRefused(judged) ? judged.error : undefined
        })
      let [looks, isPushDue] = [0, false]
      let reviewed = registry.revision
      const lookAgain = (): void => {
        registry.refresh()
        // Whoever read it first: an enrolment asks for what is new, too.
        if (registry.revision !== reviewed || ++looks % REVIEW_LOOKS === 0) {
          reviewed = registry.revision
          review()
        }
        if (policies.look() || isPushDue) {
          isPushDue = false
          gateway.pushPolicies().catch(({ message }: Error) => {
            isPushDue = true
            trouble.failed(`policies cannot be read to be sent: ${message}`)
          })
        }
        held.write()
        const isOther = authority.look()
        if (isOther) void followAuthority()
        // Who could not take it then is told again.
        else if (looks % TELL_LOOKS === 0) void gateway.tellAuthorities()
      }
      const followAuthority = async (): Promise<void> => {
        try {
          door.renew(material(await certificate.again()))
          log(
            `the collector's authority has the pin ${authority.pin}, and ${authority.trusted.length - 1 || 'none'} counts beside it`,
          )
          await gateway.tellAuthorities()
        } catch (cause) {
          log(
            `the collector's new authority is not taken up, restart it: ${(cause as Error).message}`,
          )
        }
      }
      const trouble = createTrouble(log, () => performance.now())
      const look = setInterval(() => {
        try {
          lookAgain()
          trouble.works(() => 'who may come, and by which policy, can be read again')
        } catch (cause) {
          const why = (cause as Error).message
          trouble.failed(`who may come, and by which policy, cannot be read anew: ${why}`)
        }
      }, LOOK_MS)
      const roster = createRoster(database)
      const note = () => {
        try {
          roster.note(seenOf(registry.devices(), devices, now()))
        } catch (cause) {
          log(`when devices were last heard of is not noted: ${(cause as Error).message}`)
        }
      }
      const noting = setInterval(note, NOTE_MS)
      ends.push(() => {
        clearInterval(look)
        clearInterval(noting)
        note()
        held.write()
      })
      ends.push(certificate.watch((changed) => door.renew(material(changed)), log))
      return {
        addresses: door.addresses,
        close: () => door.close(),
        closeAll() {
          agents.closeAllConnections()
          people.closeAllConnections()
        },
      }
    },
    close() {
      for (const end of ends) end()
      policies.close()
      registry.close()
    },
  }
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?')[0] as string

function* seenOf(all: Iterable<EnrolledDevice>, devices: Devices, now: UnixNs): Generator<Seen> {
  for (const { id } of all) {
    const device = devices.get(id)
    if (!device) continue
    const silence = deviceSilence(device, now)
    yield {
      ...{ deviceId: id, seenAt: device.lastSeenAt, agentVersion: device.facts.agentVersion },
      hostname: device.facts.host.hostname,
      ...{ silentOf: silence?.of ?? '', silentSince: silence?.since },
    }
  }
}

/** What OpenSSL has against a certificate of the registry's: its authority is gone, or its time. */
function reasonAgainst({ authorized, authorizationError }: TLSSocket): Refusal | undefined {
  if (authorized) return undefined
  const code = `${authorizationError}`
  if (code === 'CERT_NOT_YET_VALID')
    return {
      code: 'certificate-early',
      error: 'this certificate is not valid yet: the clock of this collector is behind',
    }
  if (code === 'CERT_HAS_EXPIRED')
    return { code: 'certificate-expired', error: 'this certificate has expired' }
  return {
    code: 'certificate-unknown',
    error: `this certificate was signed by an authority that counts no more (${code}): ${commandThere('enroll')} gets another for a token`,
  }
}

/** A wildcard stands for every address there is. */
function namesOf({ names, addresses }: MachinesOptions): string[] {
  if (names.length > 0) return [...new Set(names)]
  const listened = addresses.flatMap(({ host }) =>
    host === '0.0.0.0' || host === '::' ? ownAddresses() : [host],
  )
  return [...new Set([hostname(), ...listened])]
}

const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flatMap((of) => of ?? [])
    // A link-local address names an interface, too, which no certificate can.
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)

type OwnCertificate = {
  cert: string
  key: string
  /** PEM: of a chain that an administrator gave, those of authorities. */
  authorities: string[]
  /** Of the last of these: agents have it from the handshake. */
  givenPin?: string
  /** As it is by now: where its own authority is another, of that. */
  again(): Promise<{ cert: string; key: string }>
  watch(renew: (to: { cert: string; key: string }) => void, log: (text: string) => void): () => void
}

async function ownCertificate(
  authority: Authority,
  names: readonly string[],
  files: MachinesOptions['files'],
  nowMs: () => number,
): Promise<OwnCertificate> {
  if (files) {
    const taken = readMaterial(files)
    const authorities = certificatesOf(taken.cert).filter(({ ca }) => ca)
    const top = authorities.at(-1)
    if (!top)
      throw new CollectorError(
        'certificate',
        `${files.certFile} holds the server's certificate alone: add those that lead to its authority, the authority's own as the last, since agents know it by the pin of its key`,
      )
    let latest = taken
    return {
      ...{ cert: taken.cert, key: taken.key, authorities: authorities.map(String) },
      givenPin: pinOf(top),
      again: () => Promise.resolve(latest),
      watch: (renew, log) =>
        watchMaterial({
          ...{ files, taken, log },
          onChange(found) {
            latest = found
            renew(found)
          },
        }),
    }
  }
  const server = await authority.server(names, nowMs())
  let present = server.certificate
  return {
    ...{ cert: present, key: server.key, authorities: [] },
    async again() {
      const { certificate, key } = await authority.server(names, nowMs())
      present = certificate
      return { cert: certificate, key }
    },
    watch(renew, log) {
      const timer = setInterval(() => {
        authority.server(names, nowMs()).then(
          ({ certificate, key }) => {
            if (certificate === present) return
            present = certificate
            renew({ cert: certificate, key })
            const until = new X509Certificate(certificate).validTo
            log(`the collector has a new certificate, valid until ${until}`)
          },
          (cause: Error) => log(`no new certificate: ${cause.message}`),
        )
      }, RENEW_LOOK_MS)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}
