// What a collector has beside for agents of other machines: its authority, the registry of devices, and the door they come by.
import { X509Certificate } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerOptions } from 'node:http'
import { dirname, join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { ENROLL_PATH } from '../../stream/codec-enrol.ts'
import { Capability } from '../../stream/message.ts'
import { createTrouble } from '../../trouble.ts'
import { fingerprintOf } from '../../trust/pin.ts'
import type { UnixNs } from '../../units.ts'
import type { Fleet, Site } from '../api/site.ts'
import { type Address, type Door, openDoor, type Refusal } from '../door/door.ts'
import {
  changeByPage,
  createChangeLog,
  createClones,
  createDeparted,
  createEnrolment,
  createErasures,
  createHeldNotes,
  createRefusals,
  createRoster,
  type Erasures,
  enrolmentInfo,
  type FleetPolicies,
  isLocal,
  isRefused,
  noteLocal,
  notePin,
  openAuthority,
  openFleetPolicies,
  openRegistryFile,
  REGISTRY_FILE,
  type Refusal as RefusedOne,
  Registry,
  readSeen,
  removeByPage,
} from '../fleet/fleet.ts'
import type { Devices } from '../gateway/devices.ts'
import type {
  CertificateGiver,
  Claims,
  Ending,
  EnrolledOrigin,
  Gateway,
} from '../gateway/gateway.ts'
import { createAttempts, WORDS } from '../terms/attempts.ts'
import { createDeviceComplaints } from '../terms/complaint.ts'
import type { Counters } from '../terms/counters.ts'
import { pathOf } from '../terms/early-answer.ts'
import type { Limits } from '../terms/limits.ts'
import { createAuthorityWatch } from './authority-watch.ts'
import { notVouchedFor, reasonAgainst, shownBy, spanBetween } from './certificate-time.ts'
import { memberOf, seenOf } from './members.ts'
import { type CertificateFiles, namesOf, ownCertificate } from './own-certificate.ts'
import { presenceOf } from './presence.ts'
import { quarantineOf } from './quarantine.ts'
import { createStandings, type StandingsNews } from './standings.ts'
import { trustOf } from './trust.ts'
import { codeOf, NOT_LET_IN, subjectId } from './turned-away.ts'
import { createUnwelcomed } from './unwelcomed.ts'

export type MachinesOptions = {
  addresses: readonly Address[]
  /** What the collector is called by agents and browsers, names and addresses; empty: what this machine calls itself. */
  names: readonly string[]
  files?: CertificateFiles
  /** Between two looks at the files; ten seconds when not given. */
  lookMs?: number
}

/** Before anybody comes. */
export type Machines = {
  certificates: CertificateGiver
  claims: Claims
  /** A person has let it in, and nobody has thrown it out. */
  isAdmitted(deviceId: string): boolean
  /** For the store. */
  standings: StandingsNews
  /** What is sent to enrolled devices, and what they said of it. */
  policies: FleetPolicies
  fleet: Fleet
  erasures: Erasures
  onOffence(ending: Ending, by: EnrolledOrigin, reason: string): void
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
/** Between two notes of when devices were heard of. */
const NOTE_MS = 60_000
/** Certificates end by themselves, too. */
const REVIEW_LOOKS = 10

/** Rejects with CollectorError. */
export async function openMachines(
  stateDir: string,
  options: MachinesOptions,
  context: {
    limits: Limits
    counters: Counters
    now: () => UnixNs
    /** The time by which certificates and tokens end: another than `now` while the clock is doubted. */
    believed: () => UnixNs
    log: (text: string) => void
  },
): Promise<Machines> {
  const { limits, counters, now, believed, log } = context
  const span = () => spanBetween(now(), believed())
  const authority = await openAuthority(stateDir, span(), log)
  const names = namesOf(options)
  const certificate = await ownCertificate(authority, names, options.files, span, options.lookMs)
  const attempt = createAttempts(log)
  /** Commands read it; machines have it from the handshake. */
  const writePin = () => attempt(WORDS.pin, () => notePin(stateDir, certificate.givenPin))
  writePin()
  const database = openRegistryFile(join(stateDir, REGISTRY_FILE), log)
  /** Of those that came in this minute nothing is noted yet. */
  let [isHere, hasCome] = [(_id: string) => false, (_id: string) => false]
  const isHeard = (id: string) => roster.seenOf(id)?.seenAt !== undefined || hasCome(id)
  const quarantine = quarantineOf({
    ...{ limits, counters, log, isHeard, isHere: (id) => isHere(id) },
    gone(ids, row) {
      roster.forgetAllBut((id) => registry.device(id) !== undefined)
      changes.forgotten(ids)
      // Who is connected and has not said Hello yet counts as nobody: the store is to hear of none that is forgotten.
      for (const id of ids) review(id)
      noteRefusal(row)
    },
  })
  const registry = new Registry(database, quarantine)
  const changes = createChangeLog(log, registry.devices(), registry.tokens())
  const clones = createClones(database, registry, {
    counters,
    complain: createDeviceComplaints(log),
  })
  const trust = trustOf(authority, certificate)
  const roster = createRoster(database)
  const standings = createStandings(() => registry.devices(), isHeard, createDeparted(database))
  const erasures = createErasures(database)
  const refusals = createRefusals(stateDir)
  const noteRefusal = (refusal: RefusedOne) => refusals.note(refusal, now())
  const enrolment = createEnrolment({
    ...{ registry, roster, clones, counters, limits, now: believed, span, log },
    onRefused: noteRefusal,
    onEnrolled: refusals.enrolled,
    stateRoot: dirname(stateDir),
    onEnrolledAgain: (id) => review(id),
    onEnrolledAnew: (id) => attempt(WORDS.said, () => policies.forget(id)),
    authority: trust,
  })
  const held = createHeldNotes(database)
  const write = () => {
    attempt(WORDS.held, held.write)
    attempt(WORDS.clones, clones.write)
    attempt(WORDS.seen, roster.write)
  }
  const policies = openFleetPolicies(stateDir, { registry, isHeard, counters, now, log })
  const ends: (() => void)[] = []
  let review = (_of?: string) => {}

  return {
    ...{ policies, standings, erasures },
    certificates: {
      ...{ renew: enrolment.renew, reenrol: enrolment.reenrol, noteHeld: held.note },
      onRefused: (counter, { deviceId, address }, text) =>
        noteRefusal({ code: codeOf(counter), text, deviceId, hostname: '', address }),
      arrived: ({ deviceId, agentVersion, host: { hostname } }) =>
        roster.arrive({ deviceId, agentVersion, hostname }, now()),
      authorities: () => trust.fingerprints(),
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
    isAdmitted: (id) => registry.device(id)?.standing === 'active',
    names: names.map((name) => name.toLowerCase()),
    get pin() {
      return certificate.givenPin ?? authority.pin
    },
    fleet: {
      enrolmentOf(id) {
        const device = registry.device(id)
        return device && enrolmentInfo(device, policies.standingOf(device))
      },
      isLocal: (id) => isLocal(database, id),
      members: () => registry.devices().map((device) => memberOf(device, roster.seenOf(device.id))),
      newestPolicy: policies.newest,
      refusals: refusals.response,
      change: (...how) => changeByPage(registry, changes, (of) => review(of), ...how),
      remove(id, ...how) {
        const isGone = removeByPage(registry, changes, (of) => erasures.ask(of, now()), id, ...how)
        roster.forgetAllBut((of) => registry.device(of) !== undefined)
        review(id)
        return isGone
      },
    },
    onOffence(ending, { deviceId, address }, text) {
      noteRefusal({ code: codeOf(ending), text, deviceId, hostname: '', address })
    },
    async serve({ gateway, site, devices, server }) {
      isHere = presenceOf((id) => devices.get(id)?.connected === true, readSeen(database))
      hasCome = (id) => devices.get(id) !== undefined
      const unwelcomed = createUnwelcomed(limits.unwelcomedEachMax, counters)
      const origins = new WeakMap<object, EnrolledOrigin>()
      const originOf = (request: IncomingMessage) => origins.get(request.socket) as EnrolledOrigin
      /** A connection that goes on may be of a device that was revoked since its handshake, or of an authority that was retired. */
      const isGood = (request: IncomingMessage): boolean =>
        !isRefused(registry.judge(originOf(request).fingerprint, believed())) &&
        originOf(request).isVouchedFor?.() !== false
      const authorityWatch = createAuthorityWatch({
        ...{ authority, certificate, span, gateway, log },
        renew: (shown) => door.renew(material(shown)),
      })
      // Known by their certificates, and slow where all come at once.
      const patient = {
        ...server,
        ...{ headersTimeout: limits.handshakeMs, requestTimeout: 2 * limits.handshakeMs },
      }
      const agents = createServer(patient, (request, response) => {
        if (!isGood(request)) request.socket.destroy()
        else if (pathOf(request) === ENROLL_PATH)
          enrolment.answer(request, response, originOf(request))
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
        const no = judgeQuietly(socket)
        const der = no && shownBy(socket)
        if (no)
          noteRefusal({
            ...{ code: no.code, text: no.error, hostname: '' },
            deviceId: der ? subjectId(new X509Certificate(der)) : '',
            address: socket.remoteAddress ?? '',
          })
        return no
      }
      const judgeQuietly = (socket: TLSSocket): Refusal | undefined => {
        const der = shownBy(socket)
        const fingerprint = der && fingerprintOf(der)
        let judged = registry.judge(fingerprint, believed())
        // An administrator may have let it in, in this very second.
        if (isRefused(judged) && registry.refresh())
          judged = registry.judge(fingerprint, believed())
        if (isRefused(judged)) return judged
        const why = der && reasonAgainst(socket, der, authority.trusted, believed())
        if (why || !der) return why
        // What the door shows and asks for follows a moment later.
        if (!authorityWatch.isVouchedFor(der)) return notVouchedFor('RETIRED')
        const onWelcome = unwelcomed.add(judged.id, socket)
        socket.once('close', onWelcome)
        origins.set(socket, {
          ...{ deviceId: judged.id, fingerprint: fingerprint as string },
          ...{ isQuarantined: judged.standing === 'quarantined', onWelcome },
          address: socket.remoteAddress ?? '',
          isVouchedFor: () => authorityWatch.isVouchedFor(der),
        })
        return undefined
      }
      const material = (of: { cert: string; key: string }) => ({
        ...{ cert: of.cert, key: of.key },
        clientAuthorities: authority.trusted,
      })
      const door: Door = await openDoor({
        ...{ addresses: options.addresses, limits, counters, log, judge, agents, people },
        tell(counter, address) {
          const text = NOT_LET_IN[counter]
          if (text !== undefined)
            noteRefusal({ code: codeOf(counter), text, deviceId: '', hostname: '', address })
        },
        material: material(certificate),
      })
      review = (of) =>
        gateway.review((fingerprint) => {
          const judged = registry.judge(fingerprint, believed())
          return isRefused(judged) ? judged.error : undefined
        }, of)
      let looks = 0
      let unpushed: 'all' | ReadonlySet<string> = new Set()
      let reviewed = registry.revision
      const lookAgain = (): void => {
        looks++
        registry.refresh()
        // Whoever read it first: an enrolment asks for what is new, too.
        if (registry.revision !== reviewed || looks % REVIEW_LOOKS === 0) {
          if (registry.revision !== reviewed) {
            devices.changedElsewhere()
            roster.forgetAllBut((id) => registry.device(id) !== undefined)
            changes.look(registry.devices(), registry.tokens())
          }
          reviewed = registry.revision
          review()
        }
        const due = policies.look()
        const whom = due === 'all' || unpushed === 'all' ? 'all' : new Set([...due, ...unpushed])
        if (whom === 'all' || whom.size > 0) {
          unpushed = new Set()
          devices.changedElsewhere(whom)
          gateway.pushPolicies(whom).catch(({ message }: Error) => {
            unpushed = 'all'
            trouble.failed(`policies cannot be read to be sent: ${message}`)
          })
        }
      }
      const trouble = createTrouble(log, () => performance.now())
      const look = setInterval(() => {
        attempt(WORDS.look, lookAgain)
        noteLeft()
        write()
        attempt(WORDS.refusals, () => refusals.write(performance.now()))
        writePin()
        attempt(WORDS.authority, authorityWatch.look)
      }, LOOK_MS)
      const noteLeft = () => roster.leave(seenOf(devices.takeLeft(), devices, now()))
      const note = () =>
        attempt(WORDS.seen, () => roster.note(seenOf(registry.devices(), devices, now())))
      const noting = setInterval(note, NOTE_MS)
      ends.push(() => {
        clearInterval(look)
        clearInterval(noting)
        noteLeft()
        note()
        write()
      })
      const takeUp = (changed: { cert: string; key: string }, isOther: boolean) => {
        door.renew(material(changed))
        writePin()
        if (isOther) void gateway.tellAuthorities()
      }
      ends.push(certificate.watch(takeUp, log))
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
      attempt(WORDS.refusals, refusals.write)
      policies.close()
      registry.close()
    },
  }
}
