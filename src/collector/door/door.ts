// The collector's TLS port. Agents and people come by the same one: who offers AGENT_ALPN in the first message of TLS is asked
// for a certificate, and nobody else is, so that no browser shows its user a choice of certificates. The room's face.
import type { Server as HttpServer } from 'node:http'
import { createServer, type Server, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { AGENT_ALPN } from '../../stream/message.ts'
import { hostInUrl } from '../terms/address.ts'
import { CollectorError } from '../terms/collector-error.ts'
import { createComplaint } from '../terms/complaint.ts'
import type { CounterName, Counters } from '../terms/counters.ts'
import { answerEarly } from '../terms/early-answer.ts'
import { knownAgentsMax, type Limits, peopleMax } from '../terms/limits.ts'
import { createHall } from './hall.ts'
import { createLane } from './lane.ts'
import type { Material } from './tls-context.ts'

export { readMaterial, type ServerCertificate } from './material.ts'
export { watchMaterial } from './material-watch.ts'
export type { Material } from './tls-context.ts'

export type Address = { host: string; port: number }

/** Why an agent is not let in: `code` for it to act on, `error` for its log. */
export type Refusal = { code: string; error: string }

export type DoorOptions = {
  /** Port 0: any that is free. */
  addresses: readonly Address[]
  material: Material
  limits: Limits
  counters: Counters
  log: (text: string) => void
  /**
   * Asked once about each agent's connection after its handshake, before a byte of HTTP. `authorized` says whether an authority
   * of the material's vouches for its certificate, `authorizationError` why not.
   */
  judge: (socket: TLSSocket) => Refusal | undefined
  /** Called with those who do not get as far as that, by how they are counted. */
  tell?: (counter: CounterName, address: string) => void
  /** Gets the connections of agents that are let in. Neither of the two is to listen anywhere itself. */
  agents: HttpServer
  /** Gets all others. */
  people: HttpServer
}

export type Door = {
  /** In the order asked for, with the ports that were free. */
  addresses: readonly Address[]
  /** What comes from now on meets this; what is there lives on. Throws what node:tls says to it, and changes nothing then. */
  renew(material: Material): void
  /**
   * Connections: that have not said what they are, that wait for their handshake, that are in it, and all of agents and of
   * people, the latter two among them.
   */
  sizes(): {
    waiting: number
    queued: number
    handshakes: number
    agents: number
    people: number
  }
  /** Listens no more, and ends who has not been handed on; who has been is the HTTP servers'. Idempotent. */
  close(): void
}

/** Rejects with CollectorError where it cannot listen, and with what node:tls says to the material. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const { material, limits, counters, log, tell = () => {} } = options
  const complain = createComplaint(log)
  const complainOfCrowd = createComplaint(log)
  /** There is no answer that a TLS client would read. */
  const shed = (socket: Socket, counter: CounterName) => {
    counters.add(counter)
    complainOfCrowd(`connections are turned away: there are too many (${counter})`)
    socket.resetAndDestroy()
  }
  const agents = createLane({
    // Cut by node:tls, who is not vouched for would not be told why: the judge does.
    tls: { ALPNProtocols: [AGENT_ALPN], requestCert: true, rejectUnauthorized: false },
    material,
    limits,
    counters,
    openMax: knownAgentsMax(limits),
    full: 'doorFullAgents',
    shed,
    onFailure: tell,
    onSecure(socket) {
      const refusal = judged(socket, options.judge, complain)
      counters.add(refusal ? 'doorRefused' : 'doorAgents')
      if (refusal) refuse(socket, refusal)
      else options.agents.emit('connection', socket)
    },
  })
  const people = createLane({
    tls: { ALPNProtocols: ['http/1.1'] },
    material,
    limits,
    counters,
    openMax: peopleMax(limits),
    full: 'doorFullPeople',
    shed,
    onFailure: tell,
    onSecure(socket) {
      counters.add('doorPeople')
      options.people.emit('connection', socket)
    },
  })
  // An HTTP server looks for what is late only from when it listens (setupConnectionsTracking in lib/_http_server.js).
  for (const server of [options.agents, options.people])
    if (!server.listening) server.emit('listening')

  const hall = createHall(
    limits,
    counters,
    (held) => (held.hello.alpn.includes(AGENT_ALPN) ? agents : people).enter(held),
    shed,
    tell,
  )
  const listeners: Server[] = []
  const close = () => {
    for (const listener of listeners) listener.close()
    hall.close()
    for (const lane of [agents, people]) lane.close()
  }
  const addresses: Address[] = []
  try {
    for (const { host, port } of options.addresses) {
      const listener = createServer({ noDelay: true }, hall.enter)
      listeners.push(listener)
      addresses.push({ host, port: await listen(listener, host, port) })
      listener.on('error', (cause) => complain(`the port at ${hostInUrl(host)}: ${cause.message}`))
    }
  } catch (cause) {
    close()
    throw cause
  }
  return {
    addresses,
    renew(renewed) {
      // What is wrong for the second is so for the first.
      for (const lane of [agents, people]) lane.renew(renewed)
    },
    sizes() {
      const [ofAgents, ofPeople] = [agents.sizes(), people.sizes()]
      return {
        waiting: hall.size(),
        queued: ofAgents.queued + ofPeople.queued,
        handshakes: ofAgents.handshakes + ofPeople.handshakes,
        agents: ofAgents.open,
        people: ofPeople.open,
      }
    },
    close,
  }
}

/** A certificate that somebody made so that it cannot be judged ends nobody's collector. */
function judged(
  socket: TLSSocket,
  judge: DoorOptions['judge'],
  complain: (text: string) => void,
): Refusal | undefined {
  try {
    return judge(socket)
  } catch (cause) {
    complain(`an agent is refused, as it could not be judged: ${cause}`)
    return { code: 'fault', error: 'the collector could not tell whether to let this agent in' }
  }
}

function refuse(socket: TLSSocket, { code, error }: Refusal): void {
  answerEarly(socket, {
    status: 403,
    title: 'Forbidden',
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error, code }),
  })
}

/** Rejects with CollectorError where one of them cannot be listened on now; listens on none afterwards. */
export async function refuseTaken(addresses: readonly Address[]): Promise<void> {
  for (const { host, port } of addresses) {
    const server = createServer()
    await listen(server, host, port)
    await new Promise((resolve) => server.close(resolve))
  }
}

/** Resolves with the port. */
function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (cause: NodeJS.ErrnoException) => {
      const where = `${hostInUrl(host)}:${port}`
      const why =
        cause.code === 'EADDRINUSE'
          ? `another program listens on ${where}: choose another port`
          : `cannot listen on ${where}: ${cause.message}`
      reject(new CollectorError('address', why, { cause }))
    }
    server.once('error', onError)
    server.listen(port, host, () => {
      server.off('error', onError)
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : port)
    })
  })
}
