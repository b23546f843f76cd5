// What a person says of an alert, as a page posts it: checked, stored, told to the other pages.
import type { IncomingMessage } from 'node:http'
import { type Store, saidStatus } from '../store/store.ts'
import type { PageEvent, TriageRequest } from '../views/page-api.ts'
import { summaryOf } from '../views/views.ts'
import { ParameterError } from './parameters.ts'

/** A note of 4,096 bytes, each a control that JSON writes as six letters, and the rest. */
export const TRIAGE_BODY_BYTES_MAX = 32 * 1024
const NOTE_BYTES_MAX = 4096
const NAME_CHARS_MAX = 64

/** What is answered: a status, and a body as JSON. */
export type Posted = { status: number; body: unknown }

const FAILURES = {
  conflict: {
    status: 409,
    error: 'somebody else has said something of this alert meanwhile: look at that first',
  },
  missing: { status: 404, error: 'there is no such alert of that device' },
  full: {
    status: 507,
    error:
      'no more is kept of this alert, or of all: 100 entries an alert, 64 MiB together; it is freed as alerts are dropped',
  },
} as const

/** The alert that a path posts to; undefined: none. */
export const triagedAlert = (path: string): string | undefined =>
  /^\/api\/alerts\/([0-9a-f]{32})\/triage$/.exec(path)?.[1]

/**
 * Says of the alert what `body` says. Throws ParameterError for a body that cannot be, rejects with StoreError when the
 * store fails.
 */
export async function postTriage(
  alertId: string,
  body: string,
  to: { store: Pick<Store, 'read' | 'triage'>; publish: (event: PageEvent) => void },
): Promise<Posted> {
  const { device, revision, status, by, note } = readRequest(body)
  const said = { alertId, deviceId: device, revision, status: saidStatus(status), by, note }
  const before =
    note === '' ? await to.store.read({ op: 'alert', id: alertId, deviceId: device }) : undefined
  if (before && (before.triage?.status ?? 'open') === status)
    throw new ParameterError('the alert has that status already: say something with it')
  const outcome = await to.store.triage(said)
  if (outcome !== 'done') {
    const { status: code, error } = FAILURES[outcome]
    return { status: code, body: { error } }
  }
  const alert = await to.store.read({ op: 'alert', id: alertId, deviceId: device })
  if (!alert) return { status: 404, body: { error: FAILURES.missing.error } }
  to.publish({ type: 'alert', alert: summaryOf(alert) })
  return { status: 200, body: alert }
}

/** undefined when it is larger than `bytesMax`; the rest is not read then. */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length
    if (bytes > bytesMax) return undefined
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function readRequest(body: string): TriageRequest {
  let given: Partial<Record<keyof TriageRequest, unknown>>
  try {
    given = JSON.parse(body)
  } catch {
    throw new ParameterError('the body is no JSON')
  }
  const { device, revision, status, by, note } = given ?? {}
  if (typeof device !== 'string' || device.length > 100)
    throw new ParameterError('device: the id of the machine that the alert is of')
  if (!Number.isSafeInteger(revision) || (revision as number) < 0)
    throw new ParameterError('revision: that of what was said last, 0 for nothing')
  if (status !== 'open' && status !== 'acknowledged' && status !== 'closed')
    throw new ParameterError('status: open, acknowledged or closed')
  return { device, revision: revision as number, status, by: nameOf(by), note: noteOf(note) }
}

function nameOf(by: unknown): string {
  const name = typeof by === 'string' ? by.trim() : ''
  if (name === '' || name.length > NAME_CHARS_MAX || !name.isWellFormed() || /\p{C}/u.test(name))
    throw new ParameterError(`by: your name, 1 to ${NAME_CHARS_MAX} characters that can be seen`)
  return name
}

/** Lines end with \n. What else is in it the page makes visible. */
function noteOf(note: unknown): string {
  if (typeof note !== 'string' || !note.isWellFormed())
    throw new ParameterError('note: a text, it may be empty')
  const text = note.replace(/\r\n?/g, '\n').trim()
  if (Buffer.byteLength(text) > NOTE_BYTES_MAX)
    throw new ParameterError(`note: at most ${NOTE_BYTES_MAX} bytes of UTF-8`)
  return text
}
