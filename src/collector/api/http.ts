// HTTP: headers of every answer, who may ask, and which room answers.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { commandIn, commandThere } from '../../hint.ts'
import { type Store, StoreError } from '../store/store.ts'
import { isLoopback, isLoopbackHostHeader, namedBy } from '../terms/address.ts'
import type { Counters } from '../terms/counters.ts'
import { endAnswered } from '../terms/early-answer.ts'
import type { Limits } from '../terms/limits.ts'
import type { DeviceInfo, ErrorResponse, PageEvent } from '../views/page-api.ts'
import type { Api } from './api.ts'
import {
  CHANGE_BODY_BYTES_MAX,
  changedDevice,
  type Fleet,
  readChange,
  readRemoval,
  removedDevice,
} from './device-change.ts'
import type { PageFiles } from './page-files.ts'
import { createKeyJudge } from './page-key.ts'
import type { Pages } from './pages.ts'
import { ParameterError } from './parameters.ts'
import { postTriage, readBody, TRIAGE_BODY_BYTES_MAX, triagedAlert } from './triage.ts'

/** style-src and script-src are default-src: the page has no inline style and no inline script. */
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

export type HttpOptions = {
  api: Api
  /** Of machines that enrol; undefined: none can. */
  fleet: Fleet | undefined
  /** Of one that was heard of since the collector started. */
  deviceOf: (id: string) => DeviceInfo | undefined
  store: Pick<Store, 'read' | 'triage'>
  pages: Pages
  pageFiles: PageFiles
  pageKey: string
  /** The state directory of the installation. */
  stateRoot: string
  counters: Counters
  /** What this collector is called over TLS, in lower case. */
  names: readonly string[]
  limits: Limits
  log: (text: string) => void
}

const PATH_SHOWN_MAX = 200
/** What a machine is called where IPv4 comes to a port of IPv6 (RFC 4291, 2.5.5.2). */
const MAPPED = /^::ffff:/i

type Answer = { status: number; body?: unknown; headers?: Record<string, string> }
const error = (status: number, text: string, headers: Record<string, string> = {}): Answer => ({
  status,
  body: { error: text } satisfies ErrorResponse,
  headers,
})

export function createRequestListener(options: HttpOptions): RequestListener {
  const { api, pages, pageFiles, counters, limits, log } = options
  const judgeKey = createKeyJudge(options.pageKey, limits, counters)

  return (request, response) => {
    counters.add('requests')
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    respond(request, response).catch((cause: Error) => {
      counters.add('requestsFailed')
      log(`${request.method} ${pathOf(request)} failed: ${cause.message}`)
      if (response.headersSent) response.destroy()
      else if (cause instanceof StoreError)
        sendJson(response, error(503, 'the store is not available, try again later'))
      else sendJson(response, error(500, "this failed; the collector's log says why"))
    })
  }

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isOwnHost(request)) {
      counters.add('requestsRefusedHost')
      sendJson(response, error(421, 'the Host header must name this collector'))
      return
    }
    const path = pathOf(request)
    if (path === '/livez')
      sendJson(response, onlyGet(request) ?? { status: 200, body: { ok: true } })
    else if (path.startsWith('/api/')) await respondToApi(request, response, path)
    else sendFile(request, response, path)
  }

  /** Loopback names belong to loopback, the names of the certificate to TLS. */
  function isOwnHost({ headers, socket }: IncomingMessage): boolean {
    return 'encrypted' in socket
      ? namedBy(headers.host, options.names)
      : isLoopbackHostHeader(headers.host)
  }

  async function respondToApi(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
  ): Promise<void> {
    const alertId = triagedAlert(path)
    const removedId = removedDevice(path)
    const deviceId = removedId ?? changedDevice(path)
    const refused =
      foreign(request) ??
      unauthorized(request) ??
      (alertId === undefined && deviceId === undefined ? onlyGet(request) : onlyPost(request))
    if (refused) {
      sendJson(response, refused)
      return
    }
    if (alertId !== undefined) {
      sendJson(response, await takeTriage(request, alertId))
      return
    }
    if (deviceId !== undefined) {
      const take = removedId === undefined ? change : remove
      sendJson(response, await takeChange(request, deviceId, take))
      return
    }
    if (path === '/api/events') {
      listen(request, response)
      return
    }
    try {
      const query = (request.url ?? '').split('?').slice(1).join('?')
      const body = await api.get(path, query)
      sendJson(response, body ? { status: 200, body } : error(404, `there is no ${path}`))
    } catch (cause) {
      if (!(cause instanceof ParameterError)) throw cause
      sendJson(response, error(400, cause.message))
    }
  }

  function listen(request: IncomingMessage, response: ServerResponse): void {
    response.setHeader('Cache-Control', 'no-store')
    if (request.method === 'HEAD')
      response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).end()
    else if (!pages.add(response, lastEventId(request)))
      sendJson(response, error(503, `${limits.pagesMax} pages are open, which is the limit`))
  }

  /** A browser names the site whose page asks; without the key that site learns nothing, and it has no business here. */
  function foreign(request: IncomingMessage): Answer | undefined {
    const { origin, host } = request.headers
    const scheme = 'encrypted' in request.socket ? 'https' : 'http'
    if (origin === undefined || origin === `${scheme}://${host}`) return undefined
    counters.add('requestsRefusedOrigin')
    return error(403, 'another site may not ask here')
  }

  /** Directories of this machine are told to who asks from it. */
  function whereTheKeyIs({ socket }: IncomingMessage): string {
    const isHere = isLoopback((socket.remoteAddress ?? '').replace(MAPPED, ''))
    const command = isHere
      ? commandIn('page', options.stateRoot)
      : `${commandThere('page')} on the collector's machine`
    return `${command} prints the address with the key in it, which is also in page.key in the collector's state directory`
  }

  function unauthorized(request: IncomingMessage): Answer | undefined {
    const verdict = judgeKey(request, performance.now())
    if (verdict === 'right') return undefined
    if (verdict === 'tooMany')
      return error(429, `too many wrong keys came; ${whereTheKeyIs(request)}`, {
        Connection: 'close',
      })
    return error(401, `the key is missing or wrong: ${whereTheKeyIs(request)}`, {
      'WWW-Authenticate': 'Bearer',
    })
  }

  function change(deviceId: string, body: string, address: string): object | undefined {
    if (!options.fleet?.change(deviceId, readChange(body), address)) return undefined
    return { enrolment: options.fleet.enrolmentOf(deviceId) }
  }

  function remove(deviceId: string, body: string, address: string): object | undefined {
    const { data } = readRemoval(body)
    return options.fleet?.remove(deviceId, data, address)
      ? { isErasing: data === 'erased' }
      : undefined
  }

  /** `take` answers undefined where no such device is enrolled. */
  async function takeChange(
    request: IncomingMessage,
    deviceId: string,
    take: (deviceId: string, body: string, address: string) => object | undefined,
  ): Promise<Answer> {
    const body = await readBody(request, CHANGE_BODY_BYTES_MAX)
    if (body === undefined)
      return error(413, `the body is larger than ${CHANGE_BODY_BYTES_MAX} bytes`, {
        Connection: 'close',
      })
    try {
      const done = take(deviceId, body, request.socket.remoteAddress ?? '')
      if (!done) return error(404, 'no such device is enrolled')
      counters.add('devicesChanged')
      const device = options.deviceOf(deviceId)
      if (device) pages.publish({ type: 'device', device })
      return { status: 200, body: done }
    } catch (cause) {
      if (!(cause instanceof ParameterError)) throw cause
      return error(400, cause.message)
    }
  }

  async function takeTriage(request: IncomingMessage, alertId: string): Promise<Answer> {
    const body = await readBody(request, TRIAGE_BODY_BYTES_MAX)
    if (body === undefined)
      return error(413, `the body is larger than ${TRIAGE_BODY_BYTES_MAX} bytes`, {
        Connection: 'close',
      })
    try {
      const publish = (event: PageEvent) => pages.publish(event)
      const posted = await postTriage(alertId, body, { store: options.store, publish })
      counters.add(posted.status === 200 ? 'triaged' : 'triageRefused')
      return posted
    } catch (cause) {
      if (!(cause instanceof ParameterError)) throw cause
      return error(400, cause.message)
    }
  }

  function sendFile(request: IncomingMessage, response: ServerResponse, path: string): void {
    const refused = onlyGet(request)
    const file = pageFiles.get(path)
    if (refused) sendJson(response, refused)
    else if (file)
      response
        .writeHead(200, {
          'Content-Type': file.type,
          'Content-Length': file.body.length,
          'Cache-Control': file.cacheControl,
        })
        .end(file.body)
    else if (path === '/')
      sendJson(
        response,
        error(503, 'the page is not built: run `node scripts/setup.mjs`, then start again'),
      )
    else if (/\btext\/html\b/.test(request.headers.accept ?? '')) sendNoPage(response, path)
    else sendJson(response, error(404, `there is no ${path}`))
  }
}

/** To a person: what an address without a page of ours says. */
function sendNoPage(response: ServerResponse, path: string): void {
  const shown = path.slice(0, PATH_SHOWN_MAX).replace(/[^\w/.~%+-]/g, '?')
  response
    .writeHead(404, { 'Content-Type': 'text/html; charset=utf-8', 'Cache-Control': 'no-store' })
    .end(
      `<!doctype html><html lang="en"><title>Freshet</title><h1>There is no such page</h1><p><code>${shown}</code> names none of this collector's pages. <a href="/">Go to the alerts</a></p></html>`,
    )
}

/** What a page had when its stream ended (html.spec.whatwg.org, 9.2.4). */
function lastEventId(request: IncomingMessage): string | undefined {
  const id = request.headers['last-event-id']
  return typeof id === 'string' ? id : undefined
}

const pathOf = (request: IncomingMessage): string => (request.url ?? '').split('?', 1)[0] as string

/** HEAD is GET whose body Node leaves out. */
function onlyGet(request: IncomingMessage): Answer | undefined {
  if (request.method === 'GET' || request.method === 'HEAD') return undefined
  return error(405, `${request.method} is not possible here`, { Allow: 'GET, HEAD' })
}

/** Something that no form of another site can send. */
function onlyPost(request: IncomingMessage): Answer | undefined {
  if (request.method !== 'POST') return error(405, 'only POST is possible here', { Allow: 'POST' })
  if (/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return undefined
  return error(415, 'the body must be application/json')
}

function sendJson(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = body === undefined ? undefined : JSON.stringify(body)
  response.setHeader('Cache-Control', 'no-store')
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value)
  if (text === undefined) {
    response.writeHead(status).end()
    return
  }
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
  })
  if (headers?.['Connection'] === 'close') endAnswered(response.req, response, text)
  else response.end(text)
}
